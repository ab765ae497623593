/**
 * A logger for events that others can provoke as often as they like. In each period it prints a few lines of each text,
 * and at the end how many more there were.
 */

import type { LogFacts, Logger } from './logging';

const PERIOD_MS = 10_000;
const LINES_MAX = 5;

export function limited(log: Logger, periodMs = PERIOD_MS): Logger {
  const said = new Map<string, number>();
  const tell =
    (level: 'error' | 'warn') =>
    (text: string, facts?: LogFacts): void => {
      const times = (said.get(text) ?? 0) + 1;
      said.set(text, times);
      if (times === 1) setTimeout(() => sumUp(level, text), periodMs).unref();
      if (times <= LINES_MAX) log[level](text, facts);
    };
  const sumUp = (level: 'error' | 'warn', text: string): void => {
    const more = (said.get(text) ?? 0) - LINES_MAX;
    said.delete(text);
    if (more > 0) log[level](`${text}: ${more} times more`, { inSeconds: periodMs / 1_000 });
  };
  return {
    error: tell('error'),
    warn: tell('warn'),
    info: (text, facts) => log.info(text, facts),
    debug: (text, facts) => log.debug(text, facts),
    child: (namespace) => limited(log.child(namespace), periodMs),
  };
}

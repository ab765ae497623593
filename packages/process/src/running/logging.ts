/**
 * Log lines go to stderr, since stdout belongs to a program's answers. They are text for people or JSON for machines.
 *
 * The rest of the code sees this small interface and not winston, so that a library can be given a silent logger, and a
 * test one that keeps its lines. Cores log nothing: they report facts.
 */

import winston from 'winston';

export const LOG_LEVELS = ['error', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
export const LOG_FORMATS = ['text', 'json'] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

/** Named values in addition to a line's text. */
export type LogFacts = Readonly<Record<string, unknown>>;

export interface Logger {
  error(text: string, facts?: LogFacts): void;
  warn(text: string, facts?: LogFacts): void;
  info(text: string, facts?: LogFacts): void;
  debug(text: string, facts?: LogFacts): void;
  /** A logger whose lines carry this name behind the parent's, e.g. node.storage. */
  child(namespace: string): Logger;
}

export interface LoggerOptions {
  readonly level: LogLevel;
  readonly format: LogFormat;
  readonly namespace: string;
  /** stderr when absent. */
  readonly stream?: NodeJS.WritableStream;
}

const nothing = (): void => undefined;

/** Says nothing: for tests and for libraries that are given no logger. */
export const silentLogger: Logger = {
  error: nothing,
  warn: nothing,
  info: nothing,
  debug: nothing,
  child: () => silentLogger,
};

export function createLogger(options: LoggerOptions): Logger {
  const stream = options.stream ?? process.stderr;
  // Whoever read the lines may be gone, as `head` goes; that must not end the program.
  stream.on('error', nothing);
  const coloured = 'isTTY' in stream && stream.isTTY === true;
  const sink = winston.createLogger({
    level: options.level,
    format: options.format === 'json' ? jsonFormat() : textFormat(coloured),
    transports: [new winston.transports.Stream({ stream })],
  });
  return named(sink, options.namespace);
}

function named(sink: winston.Logger, namespace: string): Logger {
  const at =
    (level: LogLevel) =>
    (text: string, facts?: LogFacts): void => {
      if (sink.isLevelEnabled(level)) sink.log({ level, message: text, namespace, facts });
    };
  return {
    error: at('error'),
    warn: at('warn'),
    info: at('info'),
    debug: at('debug'),
    child: (name) => named(sink, `${namespace}.${name}`),
  };
}

function jsonFormat(): winston.Logform.Format {
  return winston.format.printf((info) => {
    const facts = plain(info['facts'] as LogFacts | undefined);
    const time = new Date().toISOString();
    return JSON.stringify({
      ...facts,
      time,
      level: info.level,
      namespace: info['namespace'],
      text: info.message,
    });
  });
}

function textFormat(coloured: boolean): winston.Logform.Format {
  const colour = winston.format.colorize();
  return winston.format.printf((info) => {
    const level = info.level.padEnd(5);
    const shown = coloured ? colour.colorize(info.level, level) : level;
    const facts = Object.entries(plain(info['facts'] as LogFacts | undefined));
    const tail = facts.map(([name, value]) => ` ${name}=${quoted(value)}`).join('');
    return `${new Date().toISOString()} ${shown} ${String(info['namespace'])}: ${String(info.message)}${tail}`;
  });
}

/** Facts in a form that JSON can hold: errors by their text, bigints by their digits. */
function plain(facts: LogFacts | undefined): Record<string, unknown> {
  const entries = Object.entries(facts ?? {}).filter(([, value]) => value !== undefined);
  return Object.fromEntries(
    entries.map(([name, value]) => {
      if (value instanceof Error) return [name, value.message];
      return [name, typeof value === 'bigint' ? String(value) : value];
    }),
  );
}

function quoted(value: unknown): string {
  if (typeof value === 'string') return /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
  return JSON.stringify(value);
}

/** For how long nothing succeeded, on one key and on all, as the clients saw it. */

import type { HistoryOperation } from '@ringkeep/checker';

export interface Outage {
  readonly key: string;
  readonly forMs: number;
  /** When it began, on the history's clock. */
  readonly fromMs: number;
}

/**
 * The longest time for which a key was asked for in vain: from the first call after a success to the next success.
 */
export function longestKeyOutage(history: readonly HistoryOperation[]): Outage | undefined {
  const waitingSince = new Map<string, number>();
  let longest: Outage | undefined;
  for (const { atMs, operation, begins } of eventsOf(history)) {
    const { key } = operation;
    if (begins) {
      if (!waitingSince.has(key)) waitingSince.set(key, atMs);
      continue;
    }
    if (operation.outcome !== 'ok') continue;
    const fromMs = waitingSince.get(key) ?? atMs;
    waitingSince.delete(key);
    if (atMs - fromMs > (longest?.forMs ?? -1)) longest = { key, forMs: atMs - fromMs, fromMs };
  }
  return longest;
}

/** The longest time between two successes in a row, whatever their keys. */
export function longestSilenceMs(history: readonly HistoryOperation[]): number {
  const successes = history
    .filter(({ outcome }) => outcome === 'ok')
    .map(({ returnMs }) => returnMs as number)
    .sort((a, b) => a - b);
  let longest = 0;
  for (let i = 1; i < successes.length; i++)
    longest = Math.max(longest, (successes[i] as number) - (successes[i - 1] as number));
  return longest;
}

interface Event {
  readonly atMs: number;
  readonly operation: HistoryOperation;
  readonly begins: boolean;
}

function eventsOf(history: readonly HistoryOperation[]): Event[] {
  return history
    .flatMap((operation): Event[] => [
      { atMs: operation.callMs, operation, begins: true },
      { atMs: operation.returnMs ?? Infinity, operation, begins: false },
    ])
    .sort((a, b) => a.atMs - b.atMs);
}

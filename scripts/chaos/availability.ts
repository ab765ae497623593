/** How long nothing succeeded, on one key and on all, as the clients saw it. */

import type { HistoryOperation } from '@ringkeep/checker';

export interface Outage {
  readonly key: string;
  readonly forMs: number;
  /** When it began, on the history's clock. */
  readonly fromMs: number;
}

/**
 * The longest time for which requests for a key failed: from the first call after a success to the next success. While
 * nobody asked between the last failure and the call that succeeded, the key may have been available, so that time does
 * not count.
 */
export function longestKeyOutage(history: readonly HistoryOperation[]): Outage | undefined {
  const keys = new Map<string, Attempts>();
  let longest: Outage | undefined;
  for (const { atMs, operation, begins } of eventsOf(history)) {
    const { key } = operation;
    const known = keys.get(key) ?? { asking: 0, fromMs: undefined, failedMs: 0, resumedMs: 0 };
    keys.set(key, known);
    if (begins) {
      known.fromMs ??= atMs;
      if (known.asking++ === 0) known.resumedMs = atMs;
      continue;
    }
    known.asking -= 1;
    if (operation.outcome !== 'ok') {
      known.failedMs = atMs;
      continue;
    }
    const { fromMs = atMs, failedMs, resumedMs } = known;
    known.fromMs = undefined;
    const resumed = failedMs >= fromMs && failedMs < resumedMs;
    const spans = resumed ? [fromMs, failedMs, resumedMs, atMs] : [fromMs, atMs];
    for (let i = 0; i < spans.length; i += 2) {
      const [from, until] = [spans[i] as number, spans[i + 1] as number];
      if (until - from > (longest?.forMs ?? -1)) longest = { key, forMs: until - from, fromMs: from };
    }
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

/** What is known of one key. */
interface Attempts {
  /** Calls under way. */
  asking: number;
  /** The first call since the last success. */
  fromMs: number | undefined;
  /** The end of the last failure. */
  failedMs: number;
  /** When somebody asked last after nobody had. */
  resumedMs: number;
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

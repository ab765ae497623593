/**
 * Acknowledged writes that are missing at the end.
 *
 * The judge of the whole history reports them as well; this counts them and names them. A value that is read last is
 * explained by a write of it that no acknowledged write certainly came after.
 */

import {
  describeOperation,
  mayHaveChanged,
  mayHaveLeft,
  withExpiries,
  type HistoryOperation,
  type Value,
} from '@ringkeep/checker';

export interface LostWrite {
  readonly write: HistoryOperation;
  readonly found: Value;
}

/** `found`: what a key held when everything was quiet. */
export function lostWrites(
  history: readonly HistoryOperation[],
  found: Iterable<readonly [key: string, value: Value]>,
): LostWrite[] {
  const writesOf = new Map<string, HistoryOperation[]>();
  for (const operation of withExpiries(history)) {
    if (!mayHaveChanged(operation)) continue;
    const writes = writesOf.get(operation.key);
    if (writes) writes.push(operation);
    else writesOf.set(operation.key, [operation]);
  }
  return [...found].flatMap(([key, value]) =>
    missing(writesOf.get(key) ?? [], value).map((write) => ({ write, found: value })),
  );
}

export function describeLost({ write, found }: LostWrite): string {
  return `${describeOperation(write)} of ${write.key} was acknowledged at ${write.returnMs?.toFixed(1)} ms; at the end it held ${found ?? 'nothing'}`;
}

/** The acknowledged writes that came after everything that may have left that value. */
function missing(writes: readonly HistoryOperation[], value: Value): HistoryOperation[] {
  const acknowledged = writes.filter(({ outcome }) => outcome === 'ok');
  const ends = writes.filter((write) => mayHaveLeft(write, value)).map(endMs);
  const latestMs = Math.max(-Infinity, ...ends);
  return acknowledged.filter((write) => write.callMs > latestMs);
}

/** When it has certainly taken effect; a write of unknown outcome may do so at any time. */
function endMs({ outcome, returnMs }: HistoryOperation): number {
  return outcome === 'ok' && returnMs !== null ? returnMs : Infinity;
}

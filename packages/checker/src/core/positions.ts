/**
 * What versions say of several keys of one position, which share one log: a transaction sees all that came before it and
 * is seen as a whole, and whoever has seen a number sees all that was written under that number and those before it.
 *
 * Linearizability is checked for each key by itself. This is what makes one moment of the parts of a transaction.
 */

import { describeOperation, type HistoryOperation } from './history';
import { versionsTold, type VersionTold } from './versions';

/** `positionOf`: keys for which it is the same have one log. */
export function positionFault(
  history: readonly HistoryOperation[],
  positionOf: (key: string) => string,
): string | undefined {
  const byPosition = new Map<string, VersionTold[]>();
  for (const operation of history) {
    for (const told of versionsTold(operation)) {
      const position = positionOf(operation.key);
      const others = byPosition.get(position);
      if (others) others.push(told);
      else byPosition.set(position, [told]);
    }
  }
  for (const [position, told] of byPosition) {
    const writes = new Writes(told);
    const fault = torn(told, writes) ?? overlooked(told, writes);
    if (fault !== undefined) return `position of ${position}: ${fault}`;
  }
  return undefined;
}

/** The known writes on each key, by version. */
class Writes {
  private readonly byKey = new Map<string, VersionTold[]>();

  constructor(told: readonly VersionTold[]) {
    for (const each of told) {
      if (!each.changed) continue;
      const writes = this.byKey.get(each.operation.key);
      if (writes) writes.push(each);
      else this.byKey.set(each.operation.key, [each]);
    }
    for (const writes of this.byKey.values()) writes.sort((a, b) => a.version - b.version);
  }

  /** One on the key behind a version, up to another one. */
  between(key: string, after: number, upTo: number): VersionTold | undefined {
    return this.byKey.get(key)?.find(({ version }) => version > after && version <= upTo);
  }
}

/** What a transaction read of a key is what the newest write before it left, and not what came after it. */
function torn(told: readonly VersionTold[], writes: Writes): string | undefined {
  for (const read of told) {
    const number = read.within;
    // A key that is absent tells no version: one that was removed may be among the writes.
    if (number === undefined || read.changed || read.version === 0) continue;
    if (read.version >= number) return `a transaction saw what came after it: ${describe(read)}`;
    const missed = writes.between(read.operation.key, read.version, number - 1);
    if (missed)
      return `a transaction did not see what came before it: ${describe(read)}, and ${describe(missed)}`;
  }
  return undefined;
}

/** Whoever asks after a number was seen sees the writes up to it, on every key of the position. */
function overlooked(told: readonly VersionTold[], writes: Writes): string | undefined {
  const called = [...told].sort((a, b) => a.operation.callMs - b.operation.callMs);
  const returned = [...told].sort((a, b) => returnMs(a) - returnMs(b));
  let newest: VersionTold | undefined;
  let next = 0;
  for (const each of called) {
    for (; returnMs(returned[next] as VersionTold) < each.operation.callMs; next++) {
      const before = returned[next] as VersionTold;
      if (newest === undefined || before.version > newest.version) newest = before;
    }
    if (newest === undefined || each.version === 0) continue;
    const missed = writes.between(each.operation.key, each.version, newest.version);
    if (missed)
      return `${describe(each)} does not see ${describe(missed)}, though ${describe(newest)} came before it`;
  }
  return undefined;
}

function returnMs({ operation }: VersionTold): number {
  return operation.returnMs as number;
}

function describe({ operation }: VersionTold): string {
  return `${operation.key}: ${describeOperation(operation)} of client ${operation.client}`;
}

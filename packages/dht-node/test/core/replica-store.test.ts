/** What log records do to copies and entries, where that is not plain from the record. */

import { position, positionBytes, ringKey, type Arc, type Bytes } from '@ringkeep/shared';
import { seal } from '@ringkeep/shared/operations';
import type { Entry, LogRecord } from '../../src/core';
import { ReplicaStore } from '../../src/core/replica-store';
import { MemoryEntryStore } from '../../src/storage';

const arc = (start: bigint, end: bigint): Arc => ({ start: position(start), end: position(end) });
const at = (point: bigint): Entry => {
  const key = ringKey(positionBytes(position(point)), 'k' as Bytes);
  return { key, value: seal(key, 1, 'v' as Bytes) };
};

function storeAfter(...records: LogRecord[]): ReplicaStore {
  const store = new ReplicaStore(new MemoryEntryStore());
  for (const record of records) store.apply(record);
  return store;
}

describe('a transfer', () => {
  const old: LogRecord[] = [
    { kind: 'transfer', range: arc(10n, 50n) },
    { kind: 'install', start: position(10n), entries: [15n, 25n, 35n, 45n].map(at) },
    { kind: 'complete', start: position(10n), committed: 8, window: [at(20n)], term: 3 },
  ];
  const copies = (store: ReplicaStore): unknown[] =>
    store.all().map(({ range, complete, committed, lastPrepared, liveTerm }) => {
      return { range, complete, committed, lastPrepared, liveTerm };
    });
  const nothing = { complete: false, committed: 0, lastPrepared: 0 };

  test('leaves the entries of a copy that counts as nothing from then on', () => {
    const store = storeAfter(...old, { kind: 'transfer', range: arc(10n, 50n) });
    expect(copies(store)).toEqual([{ range: arc(10n, 50n), ...nothing, liveTerm: 3 }]);
    expect(store.size(arc(10n, 50n)).keys).toBe(4);
  });

  test('of a part makes copies of the rest, which are erased by themselves', () => {
    const store = storeAfter(...old, { kind: 'transfer', range: arc(20n, 40n) });
    expect(copies(store)).toEqual([
      { range: arc(10n, 20n), ...nothing, liveTerm: 3 },
      { range: arc(40n, 50n), ...nothing, liveTerm: 3 },
      { range: arc(20n, 40n), ...nothing, liveTerm: 3 },
    ]);
    store.apply({ kind: 'forget', start: position(10n) });
    expect(store.size(arc(0n, 0n)).keys).toBe(3);
    store.apply({ kind: 'forget', start: position(40n) });
    expect(store.size(arc(0n, 0n)).keys).toBe(2);
  });

  test('of more than there was keeps all of it, from however many copies', () => {
    const store = storeAfter(
      ...old,
      { kind: 'transfer', range: arc(60n, 5n) },
      { kind: 'install', start: position(60n), entries: [65n, 2n].map(at) },
      { kind: 'complete', start: position(60n), committed: 4, window: [], term: 2 },
      { kind: 'transfer', range: arc(30n, 30n) },
    );
    expect(copies(store)).toEqual([{ range: arc(30n, 30n), ...nothing, liveTerm: 3 }]);
    expect(store.size(arc(0n, 0n)).keys).toBe(6);
  });
});

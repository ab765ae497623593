/** What log records do to copies and entries, where that is not plain from the record. */

import {
  NOTHING_KNOWN,
  position,
  positionBytes,
  ringKey,
  type Arc,
  type Bytes,
  type LogHistory,
} from '@ringkeep/shared';
import { seal } from '@ringkeep/shared/operations';
import type { Entry, LogRecord } from '../../src/core';
import { ReplicaStore } from '../../src/core/replica/replica-store';
import { MemoryEntryStore } from '../../src/storage';

const arc = (start: bigint, end: bigint): Arc => ({ start: position(start), end: position(end) });
const at = (point: bigint): Entry => {
  const key = ringKey(positionBytes(position(point)), 'k' as Bytes);
  return { key, value: seal(key, 1, 'v' as Bytes) };
};

const history: LogHistory = {
  from: 1,
  pieces: [],
  starts: [
    { term: 1, first: 1 },
    { term: 3, first: 9 },
  ],
};

function storeAfter(...records: LogRecord[]): ReplicaStore {
  const store = new ReplicaStore(new MemoryEntryStore());
  for (const record of records) store.apply(record);
  return store;
}

describe('entries under one number', () => {
  const position20 = positionBytes(position(20n));
  const member = (name: string): Entry => {
    const key = ringKey(position20, name as Bytes);
    return { key, value: seal(key, 1, 'v' as Bytes) };
  };
  const group = [member('a'), member('b')];
  const prepared: LogRecord[] = [
    { kind: 'create', range: arc(10n, 50n), complete: true },
    { kind: 'prepare', start: position(10n), firstSeq: 1, ops: [at(30n), { group }, at(20n)] },
  ];

  test('are committed as one', () => {
    const store = storeAfter(...prepared, { kind: 'commit', start: position(10n), seq: 1 });
    expect(store.size(arc(10n, 50n)).keys).toBe(1);
    store.apply({ kind: 'commit', start: position(10n), seq: 2 });
    expect(group.map(({ key }) => store.entries.get(key))).toEqual(group.map(({ value }) => value));
    expect(store.get(position(10n))).toMatchObject({ committed: 2, lastPrepared: 3 });
  });

  test('are discarded as one', () => {
    const store = storeAfter(...prepared, { kind: 'truncate', start: position(10n), lastPrepared: 1 });
    expect(store.get(position(10n))?.window).toHaveLength(1);
  });

  test('stay together in the half of the arc that they are in, and are a number in the other', () => {
    const store = storeAfter(...prepared, { kind: 'split', start: position(10n), at: position(25n) });
    expect(store.get(position(10n))?.window).toEqual([undefined, { group }, at(20n)]);
    expect(store.get(position(25n))?.window).toEqual([at(30n), undefined, undefined]);
  });
});

describe('a transfer', () => {
  const old: LogRecord[] = [
    { kind: 'transfer', range: arc(10n, 50n) },
    { kind: 'install', start: position(10n), entries: [15n, 25n, 35n, 45n].map(at) },
    { kind: 'complete', start: position(10n), committed: 8, window: [at(20n)], term: 3, history },
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

  test('of a part leaves copies of the rest as they were, the window and the history too', () => {
    const store = storeAfter(...old, { kind: 'transfer', range: arc(20n, 40n) });
    const rest = { complete: true, committed: 8, lastPrepared: 9, liveTerm: 3 };
    expect(copies(store)).toEqual([
      { range: arc(10n, 20n), ...rest },
      { range: arc(40n, 50n), ...rest },
      { range: arc(20n, 40n), ...nothing, liveTerm: 3 },
    ]);
    expect(store.get(position(10n))).toMatchObject({ window: [undefined], history });
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
      { kind: 'complete', start: position(60n), committed: 4, window: [], term: 2, history },
      { kind: 'transfer', range: arc(30n, 30n) },
    );
    expect(copies(store)).toEqual([{ range: arc(30n, 30n), ...nothing, liveTerm: 3 }]);
    expect(store.size(arc(0n, 0n)).keys).toBe(6);
  });
});

describe('a history', () => {
  const start = position(10n);
  const base: LogRecord[] = [
    { kind: 'create', range: arc(10n, 50n), complete: true },
    { kind: 'live-term', start, term: 2 },
    { kind: 'prepare', start, firstSeq: 1, ops: [at(15n), at(25n)] },
    { kind: 'live-term', start, term: 5 },
    { kind: 'prepare', start, firstSeq: 3, ops: [at(35n)] },
  ];
  const startsOf = (store: ReplicaStore, at = start): unknown => store.get(at)?.history.starts;

  test('says in which term the copy was live when each operation got its number', () => {
    expect(startsOf(storeAfter(...base))).toEqual([
      { term: 2, first: 1 },
      { term: 5, first: 3 },
    ]);
  });

  test('follows what is discarded and what comes in its place, in the term that it brings', () => {
    const store = storeAfter(
      ...base,
      { kind: 'truncate', start, lastPrepared: 1 },
      { kind: 'prepare', start, firstSeq: 2, ops: [at(45n)], term: 4 },
    );
    expect(startsOf(store)).toEqual([
      { term: 2, first: 1 },
      { term: 4, first: 2 },
    ]);
  });

  test('is inherited by both halves of a split, with what each has of the window', () => {
    const store = storeAfter(...base, { kind: 'split', start, at: position(30n) });
    expect(startsOf(store)).toEqual(startsOf(storeAfter(...base)));
    expect(startsOf(store, position(30n))).toEqual(startsOf(storeAfter(...base)));
    expect(store.get(start)?.window).toEqual([at(15n), at(25n), undefined]);
    expect(store.get(position(30n))?.window).toEqual([undefined, undefined, at(35n)]);
  });

  test('of a merge keeps both, and what each knew as committed; the windows are applied', () => {
    const store = storeAfter(
      ...base,
      { kind: 'split', start, at: position(30n) },
      { kind: 'prepare', start, firstSeq: 4, ops: [at(16n)] },
      { kind: 'commit', start, seq: 3 },
      { kind: 'merge', start, nextStart: position(30n) },
    );
    expect(store.get(start)).toMatchObject({ committed: 4, lastPrepared: 4, window: [] });
    expect(store.size(arc(10n, 50n)).keys).toBe(4);
    expect(store.get(start)?.history.pieces).toMatchObject([
      { range: arc(10n, 30n), committed: 3, runs: [{ last: 2 }, { last: 4 }] },
      { range: arc(30n, 50n), committed: 0, runs: [{ last: 2 }, { last: 3 }] },
    ]);
  });

  test('and what stops the arc are there after a restart from a checkpoint', () => {
    const conflict = {
      node: position(7n),
      log: { range: arc(10n, 50n), committed: 3, lastPrepared: 3, history },
    };
    const store = storeAfter(...base, { kind: 'stop', start, conflict });
    const restarted = new ReplicaStore(new MemoryEntryStore());
    restarted.restore(store.snapshot(), NOTHING_KNOWN);
    expect(restarted.snapshot()).toEqual(store.snapshot());
    restarted.apply({ kind: 'overrule', start, term: 2 });
    expect(restarted.get(start)?.conflict).toEqual(conflict);
    restarted.apply({ kind: 'overrule', start, term: 3 });
    expect(restarted.get(start)?.conflict).toBeUndefined();
  });
});

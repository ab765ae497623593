/** What copies keep of the changes that they have committed last, through splits, merges, transfers and their bound. */

import { NO_HISTORY, position, positionBytes, ringKey, type Arc, type Bytes } from '@ringkeep/shared';
import { seal } from '@ringkeep/shared/operations';
import type { Entry, LogRecord } from '../../src/core';
import { historyOf } from '../../src/core/replica/change-history';
import { ReplicaStore } from '../../src/core/replica/replica-store';
import { MemoryEntryStore } from '../../src/storage';

const arc = (start: bigint, end: bigint): Arc => ({ start: position(start), end: position(end) });
const ALL = arc(0n, 0n);
const at = (point: bigint, seq: number): Entry => {
  const key = ringKey(positionBytes(position(point)), 'k' as Bytes);
  return { key, value: seal(key, seq, 'v' as Bytes) };
};

class Kept {
  readonly store: ReplicaStore;

  constructor(bytesMax?: number) {
    this.store = new ReplicaStore(new MemoryEntryStore(), bytesMax);
    this.apply({ kind: 'create', range: ALL, complete: true });
  }

  apply(...records: LogRecord[]): void {
    for (const record of records) this.store.apply(record);
  }

  /** Commits writes at these positions, each under the next number of the arc. */
  write(start: bigint, ...points: bigint[]): void {
    const copy = this.store.get(position(start));
    const firstSeq = (copy?.lastPrepared ?? 0) + 1;
    const ops = points.map((point, index) => at(point, firstSeq + index));
    this.apply({ kind: 'prepare', start: position(start), firstSeq, ops });
    this.apply({ kind: 'commit', start: position(start), seq: firstSeq + ops.length - 1 });
  }

  /** The numbers that are told of a range after one; what it is whole from where that is not enough. */
  told(range: Arc, since: number): readonly number[] | { wholeFrom: number } {
    const copy = this.store.all().find(({ changes }) => historyOf(changes, range));
    const history = historyOf(copy?.changes ?? [], range);
    if (copy === undefined || history === undefined) throw new Error('nothing is kept of the range');
    if (history.wholeFrom > since) return { wholeFrom: history.wholeFrom };
    const numbers: number[] = [];
    const asked = { since, through: copy.committed, numbersMax: Infinity };
    history.tell(
      asked,
      () => true,
      ({ seq }) => numbers.push(seq) > 0,
    );
    return numbers;
  }
}

test('what was committed is told from any number on, and what is only prepared is not', () => {
  const kept = new Kept();
  kept.write(0n, 10n, 20n);
  kept.write(0n, 30n);
  kept.apply({ kind: 'prepare', start: position(0n), firstSeq: 4, ops: [at(40n, 4)] });
  expect(kept.told(ALL, 0)).toEqual([1, 2, 3]);
  expect(kept.told(ALL, 2)).toEqual([3]);
  expect(kept.told(ALL, 3)).toEqual([]);
});

test('beyond the bound the oldest is forgotten, and it is known from where on nothing is missing', () => {
  const kept = new Kept(2_000);
  for (let i = 0n; i < 100n; i++) kept.write(0n, i);
  expect(kept.store.historyBytes).toBeLessThanOrEqual(2_000);
  const { wholeFrom } = kept.told(ALL, 0) as { wholeFrom: number };
  expect(wholeFrom).toBeGreaterThan(50);
  expect(kept.told(ALL, wholeFrom)).toHaveLength(100 - wholeFrom);
});

test('a commit that is larger than the bound is forgotten at once', () => {
  const kept = new Kept(100);
  kept.write(0n, 1n, 2n, 3n);
  expect(kept.told(ALL, 0)).toEqual({ wholeFrom: 3 });
  expect(kept.told(ALL, 3)).toEqual([]);
});

test('a split leaves each half its own changes from before it', () => {
  const kept = new Kept();
  kept.write(0n, 10n, 200n, 20n);
  kept.apply({ kind: 'split', start: position(0n), at: position(100n) });
  kept.write(0n, 30n);
  kept.write(100n, 300n);
  expect(kept.told(arc(0n, 100n), 0)).toEqual([1, 3, 4]);
  expect(kept.told(arc(100n, 0n), 0)).toEqual([2, 4]);
});

test('after a merge each half still tells its own numbers, which mean different operations', () => {
  const kept = new Kept();
  kept.apply({ kind: 'split', start: position(0n), at: position(100n) });
  kept.write(0n, 10n);
  kept.write(100n, 200n, 201n, 202n);
  kept.apply({ kind: 'merge', start: position(0n), nextStart: position(100n) });
  kept.write(0n, 20n, 210n);
  expect(kept.told(arc(0n, 100n), 0)).toEqual([1, 4]);
  expect(kept.told(arc(100n, 0n), 1)).toEqual([2, 3, 5]);
  expect(() => kept.told(ALL, 3)).toThrow('nothing is kept');
});

test('the halves of a merge are one when both have forgotten what is older, and not before', () => {
  const kept = new Kept(4_000);
  kept.write(0n, 10n, 200n);
  kept.apply({ kind: 'split', start: position(0n), at: position(100n) });
  kept.write(0n, 11n);
  kept.write(100n, 201n);
  kept.apply({ kind: 'merge', start: position(0n), nextStart: position(100n) });
  kept.write(0n, 12n);
  const copy = kept.store.get(position(0n));
  expect(copy?.changes).toHaveLength(2);
  for (let i = 0n; i < 100n; i++) kept.write(0n, i);
  expect(copy?.changes).toHaveLength(1);
  expect(kept.told(ALL, 100)).toEqual([101, 102, 103, 104].filter((seq) => seq > 100));
});

test('a copy that a transfer has made anew tells nothing from before it, also where it had the range earlier', () => {
  const kept = new Kept();
  kept.write(0n, 10n, 20n);
  const committed = 7;
  kept.apply({ kind: 'transfer', range: ALL });
  const window = [at(30n, 8)];
  kept.apply({ kind: 'complete', start: position(0n), committed, window, term: 2, history: NO_HISTORY });
  kept.apply({ kind: 'commit', start: position(0n), seq: 8 });
  expect(kept.told(ALL, 2)).toEqual({ wholeFrom: 7 });
  expect(kept.told(ALL, 7)).toEqual([8]);
});

test('a transfer of a part leaves the rest what it keeps', () => {
  const kept = new Kept();
  kept.write(0n, 10n, 200n);
  kept.apply({ kind: 'transfer', range: arc(100n, 0n) });
  expect(kept.told(arc(0n, 100n), 0)).toEqual([1]);
});

test('numbers that were skipped because another log had them are told nothing of', () => {
  const kept = new Kept();
  kept.write(0n, 10n);
  kept.apply({ kind: 'skip', start: position(0n), seq: 9, term: 2 });
  kept.write(0n, 20n);
  expect(kept.told(ALL, 1)).toEqual({ wholeFrom: 9 });
  expect(kept.told(ALL, 9)).toEqual([10]);
});

test('a restarted copy tells what its log had after the checkpoint', () => {
  const kept = new Kept();
  kept.write(0n, 10n, 20n);
  const again = new ReplicaStore(new MemoryEntryStore());
  again.restore(kept.store.snapshot(), again.known);
  again.apply({ kind: 'prepare', start: position(0n), firstSeq: 3, ops: [at(30n, 3)] });
  again.apply({ kind: 'commit', start: position(0n), seq: 3 });
  expect(historyOf(again.get(position(0n))?.changes ?? [], ALL)?.wholeFrom).toBe(2);
});

/** Keys in the order of their times, against naive versions, and what is kept of those that are gone. */

import { Random, ringKey, type Bytes, type RingKey } from '@ringkeep/shared';
import { seal } from '@ringkeep/shared/operations';
import { DueTimes } from '../../src/storage/due-times';
import { WHOLE_RING } from '../../src/storage/range-set';
import { TimeHeap } from '../../src/storage/time-heap';

const keyOf = (number: number): RingKey =>
  ringKey(
    String.fromCharCode(number & 255, number >> 8, 0, 0, 0, 0, number & 255, 7) as Bytes,
    `k${number}` as Bytes,
  );

test('a heap hands out keys by their times, and drops what is not so wherever it is', () => {
  for (let seed = 0; seed < 20; seed++) {
    const random = new Random(seed);
    const heap = new TimeHeap();
    const live = new Map<RingKey, number>();
    const isSo = (ms: number, key: RingKey): boolean => live.get(key) === ms;
    for (let i = 0; i < 3_000; i++) {
      const key = keyOf(random.below(200));
      const ms = random.below(1_000);
      if (random.chance(0.2)) live.delete(key);
      else {
        live.set(key, ms);
        heap.add(ms, key);
      }
      if (heap.size > 2 * live.size) heap.dropSome(isSo);
    }
    expect(heap.size).toBeLessThan(2 * live.size + 50);
    const taken = new Set<RingKey>();
    for (let before = -1; heap.size > 0;) {
      const ms = heap.firstMs;
      expect(ms).toBeGreaterThanOrEqual(before);
      before = ms;
      const key = heap.takeFirst();
      if (isSo(ms, key)) taken.add(key);
    }
    expect(taken).toEqual(new Set(live.keys()));
    expect(heap.firstMs).toBe(Infinity);
  }
});

test('a key that is given another end again and again is kept once, more or less', () => {
  const due = new DueTimes();
  for (let i = 0; i < 50_000; i++) due.noteTime(keyOf(i % 10), 1_000_000 + i);
  const { order } = due as unknown as { order: TimeHeap };
  expect(order.size).toBeLessThan(5_000);
  const found = (wallMs: number): number => {
    for (let call = 0; call < 10; call++) due.overWithin(WHOLE_RING, wallMs, 1);
    return due.overWithin(WHOLE_RING, wallMs, 100).length;
  };
  expect(found(1_049_994)).toBe(5);
  expect(found(2_000_000)).toBe(10);
});

test('very many that end at once are named in several calls, each of them once found', () => {
  const due = new DueTimes();
  for (let i = 0; i < 5_000; i++) due.note(keyOf(i), seal(keyOf(i), 1, '' as Bytes, 100));
  expect(due.overWithin(WHOLE_RING, 99, 10_000)).toEqual([]);
  const counts = Array.from({ length: 12 }, () => due.overWithin(WHOLE_RING, 100, 10_000).length);
  expect(counts[0]).toBeLessThan(2_000);
  expect(counts).toEqual([...counts].sort((a, b) => a - b));
  expect(counts.at(-1)).toBe(5_000);
});

test('what is written anew, removed or erased is not over', () => {
  const due = new DueTimes();
  const [a, b, c, d] = [keyOf(1), keyOf(2), keyOf(3), keyOf(4)];
  for (const key of [a, b, c, d]) due.note(key, seal(key, 1, '' as Bytes, 10));
  due.overWithin(WHOLE_RING, 10, 10);
  due.note(a, seal(a, 2, '' as Bytes, 20));
  due.note(b, seal(b, 2, '' as Bytes));
  due.note(c, undefined);
  expect(due.overWithin(WHOLE_RING, 15, 10)).toEqual([d]);
  due.erase(WHOLE_RING);
  expect(due.overWithin(WHOLE_RING, 99, 10)).toEqual([]);
  due.note(a, seal(a, 2, '' as Bytes, 20));
  expect(due.overWithin(WHOLE_RING, 99, 10)).toEqual([a]);
});

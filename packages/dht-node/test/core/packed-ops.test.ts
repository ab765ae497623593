/** Committed operations as bytes: what is told of them is what was packed, and they take the memory that they say. */

import { position, positionBytes, Random, ringKey, type Bytes } from '@ringkeep/shared';
import { seal } from '@ringkeep/shared/operations';
import { ByteBlock } from '@ringkeep/shared/operations/byte-block';
import type { Entry } from '../../src/core';
import { COMMIT_BYTES_EACH } from '../../src/core/limits';
import { HistoryBlocks, type Packed } from '../../src/core/replica/history-blocks';
import { packedBytes, PackedOps } from '../../src/core/replica/packed-ops';
import { entriesOfOp, type SequencedOp } from '../../src/core/replica/sequenced-op';

const keyOf = (name: string): Entry['key'] => ringKey(positionBytes(position(7n)), name as Bytes);

function put(name: string, valueBytes = 1): Entry {
  const key = keyOf(name);
  return { key, value: seal(key, 3, '\xff'.repeat(valueBytes) as Bytes) };
}

const MIXED: readonly SequencedOp[] = [
  put('a'),
  undefined,
  { group: [put('b'), { key: keyOf('c'), value: undefined }, put('d', 70_000)] },
  { key: keyOf('e'), value: undefined, cause: 'expiry' },
  put('f'.repeat(1_024), 300),
];

function packed(ops: readonly SequencedOp[]): PackedOps {
  const bytes = packedBytes(ops);
  const block = new ByteBlock(bytes + 13);
  block.take(13);
  return new PackedOps(block, block.take(bytes), ops);
}

/** What is told of the operations from one to another, with their places. */
function told(ops: PackedOps, first: number, last: number): [number, Entry][] {
  const all: [number, Entry][] = [];
  ops.tell(
    first,
    last,
    () => true,
    (entry, op) => all.push([op, entry]) > 0,
  );
  return all;
}

test('entries, groups, deletions, expiries and bare numbers are told as they were packed', () => {
  const expected = MIXED.flatMap((op, place) => entriesOfOp(op).map((entry) => [place, entry]));
  expect(told(packed(MIXED), 0, MIXED.length - 1)).toEqual(expected);
});

test('any stretch of them is told alone', () => {
  const ops = packed(MIXED);
  for (let first = 0; first < MIXED.length; first++)
    for (let last = first - 1; last < MIXED.length; last++) {
      const inside = MIXED.flatMap((op, place) => entriesOfOp(op).map((entry) => [place, entry] as const));
      expect(told(ops, first, last)).toEqual(inside.filter(([place]) => place >= first && place <= last));
    }
});

test('whoever has enough within a group is told the whole group, and nothing behind it', () => {
  const keys: string[] = [];
  const stoppedAt = packed(MIXED).tell(
    1,
    4,
    () => true,
    ({ key }) => {
      keys.push(key.slice(8));
      return false;
    },
  );
  expect(stoppedAt).toBe(2);
  expect(keys).toEqual(['b', 'c', 'd']);
});

test('what nobody wants is passed by', () => {
  const keys: string[] = [];
  const stoppedAt = packed(MIXED).tell(
    0,
    4,
    (key) => key.endsWith('c') || key.endsWith('e'),
    ({ key }) => keys.push(key.slice(8)) > 0,
  );
  expect(stoppedAt).toBeUndefined();
  expect(keys).toEqual(['c', 'e']);
});

test.each([0, 300, 3_000, 100_000])('blocks never take more than their bound of %d bytes', (bytesMax) => {
  const random = new Random(bytesMax);
  const blocks = new HistoryBlocks(bytesMax);
  const kept: { readonly ops: readonly SequencedOp[]; readonly packed: Packed }[] = [];
  for (let i = 0; i < 500; i++) {
    const ops = Array.from({ length: random.between(1, 8) }, () => put(`k${i}`, random.between(0, 2_000)));
    let packed = blocks.pack(ops);
    while (packed === undefined && kept.length > 0) {
      blocks.forget((kept.shift() as (typeof kept)[number]).packed);
      packed = blocks.pack(ops);
    }
    const fits = packedBytes(ops) + COMMIT_BYTES_EACH <= bytesMax;
    expect(packed !== undefined).toBe(fits);
    if (packed !== undefined) kept.push({ ops, packed });
    expect(blocks.bytes).toBeLessThanOrEqual(bytesMax);
    for (const each of kept)
      expect(told(each.packed.ops, 0, each.ops.length).map(([, entry]) => entry)).toEqual(each.ops);
  }
});

test('small commits fill their blocks: a sixteenth of the bound at most is forgotten at once', () => {
  const bytesMax = 160_000;
  const blocks = new HistoryBlocks(bytesMax);
  const ops = [put('k', 100)];
  const kept: Packed[] = [];
  for (let one = blocks.pack(ops); one !== undefined; one = blocks.pack(ops)) kept.push(one);
  const each = packedBytes(ops) + COMMIT_BYTES_EACH;
  expect(kept.length * each).toBeGreaterThan(bytesMax * 0.85);
  let forgotten = 0;
  while (blocks.pack(ops) === undefined) blocks.forget(kept[forgotten++] as Packed);
  expect(forgotten * packedBytes(ops)).toBeLessThanOrEqual(bytesMax / 16);
});

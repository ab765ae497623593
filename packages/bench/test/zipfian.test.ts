/** The distributions of the benchmarks against what is known of them. */

import { Random } from '@ringkeep/shared';
import * as fc from 'fast-check';
import { AliasTable, zipfWeights } from '../src/load/alias-table';
import { fnvHashBelow, HASH_BELOW_MAX } from '../src/load/fnv-hash';
import { createPopularity } from '../src/load/popularity';
import { YCSB_THETA, Zipfian } from '../src/load/zipfian';

const DRAWS = 200_000;

function shares(next: () => number, items: number): number[] {
  const counts = new Array<number>(items).fill(0);
  for (let i = 0; i < DRAWS; i++) (counts[next()] as number)++;
  return counts.map((count) => count / DRAWS);
}

/** What YCSB's Utils.fnvhash64 does, with 64-bit integers. */
function naiveHash(value: number): bigint {
  let hash = 0xcbf29ce484222325n;
  let rest = BigInt(value);
  for (let i = 0; i < 8; i++) {
    hash ^= rest & 0xffn;
    rest >>= 8n;
    hash = BigInt.asUintN(64, hash * 1_099_511_628_211n);
  }
  const signed = BigInt.asIntN(64, hash);
  return signed < 0n ? -signed : signed;
}

test('the hash in two halves is the hash in 64 bits', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.integer({ min: 1, max: HASH_BELOW_MAX - 1 }), (value, below) => {
      expect(fnvHashBelow(value, below)).toBe(Number(naiveHash(value) % BigInt(below)));
    }),
  );
});

test('Zipfian ranks come as often as the law says', () => {
  const items = 1_000;
  const zipfian = new Zipfian(items, new Random(1));
  const drawn = shares(() => zipfian.next(), items);
  const weights = zipfWeights(items, YCSB_THETA);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const expected = (from: number, to: number): number =>
    weights.slice(from, to).reduce((sum, weight) => sum + weight, 0) / total;
  // The first two are exact; the others follow a curve through the ranks.
  expect(drawn[0]).toBeCloseTo(expected(0, 1), 2);
  expect(drawn[1]).toBeCloseTo(expected(1, 2), 2);
  for (const [from, to] of [
    [2, 10],
    [10, 100],
    [100, 1_000],
  ] as const) {
    const share = drawn.slice(from, to).reduce((sum, one) => sum + one, 0);
    expect(Math.abs(share - expected(from, to))).toBeLessThan(0.03);
  }
});

test('a distribution that has grown is the one that was made so large', () => {
  const grown = new Zipfian(10, new Random(3));
  for (let items = 11; items <= 500; items++) grown.grow(items);
  const made = new Zipfian(500, new Random(3));
  for (let i = 0; i < 1_000; i++) expect(grown.next()).toBe(made.next());
});

test('one or two items are no special case', () => {
  for (const items of [1, 2]) {
    const zipfian = new Zipfian(items, new Random(2));
    for (let i = 0; i < 100; i++) expect(zipfian.next()).toBeLessThan(items);
  }
});

test('drawn by aliases, any exponent is exact', () => {
  for (const alpha of [0.3, 1, 2.6774]) {
    const weights = zipfWeights(200, alpha);
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const table = new AliasTable(weights, new Random(7));
    const drawn = shares(() => table.next(), weights.length);
    for (const [rank, share] of drawn.entries()) {
      const probability = (weights[rank] as number) / total;
      // Five standard deviations, and what a rank that is hardly ever drawn may come too often.
      expect(Math.abs(share - probability)).toBeLessThan(5 * Math.sqrt(probability / DRAWS) + 3 / DRAWS);
    }
  }
});

test('the scrambled favourite is asked for as often as YCSB says, wherever it lies', () => {
  const keys = 10_000;
  const popularity = createPopularity({ kind: 'scrambled-zipfian' }, keys, new Random(5));
  const drawn = shares(() => popularity.next(), keys);
  // 1 / zeta(10^10, 0.99), and what other ranks happen to fall on the same key.
  expect(Math.max(...drawn)).toBeGreaterThan(1 / 26.469);
  expect(Math.max(...drawn)).toBeLessThan(1.2 / 26.469);
  expect(drawn.indexOf(Math.max(...drawn))).toBe(fnvHashBelow(0, keys));
});

test('the latest key is the most popular, also after keys were added', () => {
  const popularity = createPopularity({ kind: 'latest' }, 100, new Random(5));
  popularity.grow(150);
  const drawn = shares(() => popularity.next(), 150);
  expect(drawn.indexOf(Math.max(...drawn))).toBe(149);
  expect(drawn.every((share) => share > 0)).toBe(true);
});

test('a sequence is given in its order and begins anew', () => {
  const sequence = createPopularity({ kind: 'sequence', indices: [2, 0, 1] }, 3, new Random(1));
  expect(Array.from({ length: 7 }, () => sequence.next())).toEqual([2, 0, 1, 2, 0, 1, 2]);
});

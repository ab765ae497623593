/** A range from pages that the test makes: what is asked of the owners, and what is told. */

import { bufferOfBytes, ringKeyOf } from '../../src/operations';
import type { Bytes } from '../../src/ring/bytes';
import { arcKeyTest, type Arc } from '../../src/ring/arc';
import type { Position } from '../../src/ring/position';
import { keyOf, type RingKey } from '../../src/ring/ring-key';
import {
  FIRST_PAGE_ENTRIES,
  PAGE_ENTRIES_MAX,
  Range,
  rangeTerms,
  type ScanPage,
  type ScanQuery,
} from '../../src/scans';

const KEYS = ['a', 'b', 'c', 'd', 'e'];
const RANGE = { start: 0n, end: 0n } as ScanPage<Buffer>['range'];

async function read(
  limit: number | undefined,
  pageMax: number,
  tag?: string,
): Promise<{ told: string[]; limits: number[] }> {
  const limits: number[] = [];
  const page = (_place: RingKey, { limit: most, byKey }: ScanQuery): Promise<ScanPage<Buffer>> => {
    limits.push(most);
    const rest = KEYS.filter((key) => key >= (byKey?.from ?? ''));
    const found = rest.slice(0, Math.min(pageMax, most));
    const entries = found.map((key) => {
      return { key: Buffer.from(key), value: Buffer.from(key), version: 1, expiresAtMs: undefined };
    });
    const next = rest[found.length] as RingKey | undefined;
    return Promise.resolve({ entries, next, range: RANGE, seq: 1 });
  };
  const range = new Range(
    rangeTerms(
      { ...(limit !== undefined && { limit }), ...(tag !== undefined && { tag }) },
      (given) => given as Bytes,
    ),
    { rule: () => Promise.resolve('tag'), page, arcs: () => [RANGE] },
  );
  const told: string[] = [];
  for await (const { keyText } of range) told.push(keyText);
  return { told, limits };
}

test('a range whose limit the first page fills asks for no other one', async () => {
  expect(await read(3, 10)).toEqual({ told: ['a', 'b', 'c'], limits: [3] });
});

test('a page after the first is asked for what is left to the limit', async () => {
  expect(await read(3, 2)).toEqual({ told: ['a', 'b', 'c'], limits: [3, 1] });
});

test('the first page is small, but not that of a tag: one that fits a page is one snapshot', async () => {
  expect((await read(undefined, 10)).limits).toEqual([FIRST_PAGE_ENTRIES]);
  expect((await read(undefined, 10, 't')).limits).toEqual([PAGE_ENTRIES_MAX]);
});

describe('over the stretches of several owners', () => {
  const keys = Array.from({ length: 1_000 }, (_, i) => ringKeyOf(`key ${i}` as Bytes));
  const starts = [0n, 1n << 61n, 3n << 62n] as Position[];
  const arcs = starts.map((start, i): Arc => ({ start, end: starts[(i + 1) % starts.length] as Position }));
  const sorted = keys.map(keyOf).sort();

  async function readAll(
    limit: number,
    reverse: boolean,
  ): Promise<{ told: string[]; brought: number; calls: number }> {
    let brought = 0;
    let calls = 0;
    const page = (place: RingKey, { limit: most, byKey }: ScanQuery): Promise<ScanPage<Buffer>> => {
      const range = arcs.find((arc) => arcKeyTest(arc)(place)) as Arc;
      const { from = '', to = '\xff' } = byKey ?? {};
      const rest = keys
        .filter((key) => arcKeyTest(range)(key) && keyOf(key) >= from && keyOf(key) < to)
        .map(keyOf)
        .sort();
      if (reverse) rest.reverse();
      const found = rest.slice(0, most);
      const entries = found.map((key) => ({
        key: bufferOfBytes(key),
        value: undefined,
        version: 1,
        expiresAtMs: undefined,
      }));
      const behind = rest[most];
      const next = (behind === undefined ? undefined : reverse ? `${behind}\0` : behind) as
        RingKey | undefined;
      brought += found.length;
      calls++;
      return Promise.resolve({ entries, next, range, seq: 1 });
    };
    const source = { rule: () => Promise.resolve('tag' as const), page, arcs: () => arcs };
    const told: string[] = [];
    const range = new Range(
      rangeTerms({ limit, reverse }, (given) => given as Bytes),
      source,
    );
    for await (const { keyText } of range) told.push(keyText);
    return { told, brought, calls };
  }

  test.each([1, 7, 60, 500, 999, 1_000])(
    'the first %i entries are told in order, from either end',
    async (limit) => {
      expect((await readAll(limit, false)).told).toEqual(sorted.slice(0, limit));
      expect((await readAll(limit, true)).told).toEqual([...sorted].reverse().slice(0, limit));
    },
  );

  test('an owner is asked for the part of a limited range that its stretch most likely has', async () => {
    const { brought, calls } = await readAll(80, false);
    expect(calls).toBe(arcs.length);
    expect(brought).toBeLessThan(2 * 80);
  });
});

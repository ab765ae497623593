/** A range over one stretch of the ring, from pages that the test makes: what is asked of its owner. */

import { Range, rangeTerms, type ScanPage, type ScanQuery } from '../../src/scans';
import type { Bytes } from '../../src/ring/bytes';
import type { RingKey } from '../../src/ring/ring-key';

const KEYS = ['a', 'b', 'c', 'd', 'e'];
const RANGE = { start: 0n, end: 0n } as ScanPage<Buffer>['range'];

async function read(limit: number, pageMax: number): Promise<{ told: string[]; limits: number[] }> {
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
    rangeTerms({ limit }, (given) => given as Bytes),
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

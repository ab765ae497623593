/** A scan over pages that the test makes: its place, from which another one goes on. */

import {
  FIRST_PAGE_ENTRIES,
  FIRST_PLACE,
  PAGE_ENTRIES_MAX,
  Scan,
  scanTerms,
  type ScanOptions,
  type ScanPage,
} from '../../src/scans';
import { placeBehind, ringKey, type RingKey } from '../../src/ring/ring-key';
import type { Bytes } from '../../src/ring/bytes';

const POSITION = FIRST_PLACE as string as Bytes;
const KEYS = ['a', 'b', 'c', 'd', 'e'].map((key) => ringKey(POSITION, key as Bytes));
const RULE = 'whole-key';

/** Of two entries at most. */
function page(place: RingKey, limit: number): ScanPage<Buffer> {
  const rest = KEYS.filter((key) => key >= place);
  const found = rest.slice(0, Math.min(2, limit));
  const entries = found.map((key) => {
    return { key: Buffer.from(key.slice(8)), value: undefined, version: 1, expiresAtMs: undefined };
  });
  const next = rest.length > found.length ? placeBehind(found.at(-1) as RingKey) : undefined;
  const range = { start: 0n, end: 0n } as ScanPage<Buffer>['range'];
  return { entries, next, range, seq: 1 };
}

const scan = (options: ScanOptions): Scan<undefined> =>
  new Scan(
    scanTerms(options, true, (given) => given as Bytes),
    {
      rule: () => Promise.resolve(RULE),
      page: (place, { limit }) => Promise.resolve(page(place, limit)),
    },
  );

async function keysOf(from: Scan<undefined>): Promise<string[]> {
  const keys: string[] = [];
  for await (const { keyText } of from) keys.push(keyText);
  return keys;
}

test('a scan that has told as many as it was to tell has a place to go on from, until there is nothing more', async () => {
  const told: string[][] = [];
  let after: string | undefined;
  do {
    const some = scan({ limit: 3, after });
    told.push(await keysOf(some));
    after = some.after;
  } while (after !== undefined);
  expect(told).toEqual([
    ['a', 'b', 'c'],
    ['d', 'e'],
  ]);
});

test('entries that are asked for before the ones before them have come arrive in their order', async () => {
  const entries = scan({})[Symbol.asyncIterator]();
  const read = await Promise.all(KEYS.map(() => entries.next()));
  const end = await entries.next();
  expect(read.map(({ value }) => value?.keyText)).toEqual(['a', 'b', 'c', 'd', 'e']);
  expect(end.done).toBe(true);
});

test('a scan whose page fails says so once and is over, with the place that it had', async () => {
  const failing = new Scan(
    scanTerms({}, true, (given) => given as Bytes),
    {
      rule: () => Promise.resolve(RULE),
      page: (place, { limit }) =>
        place === FIRST_PLACE ? Promise.resolve(page(place, limit)) : Promise.reject(new Error('gone')),
    },
  );
  const entries = failing[Symbol.asyncIterator]();
  await entries.next();
  await entries.next();
  await expect(entries.next()).rejects.toThrow('gone');
  const after = await entries.next();
  expect(after.done).toBe(true);
  expect(failing.after).toBe(Buffer.from(placeBehind(KEYS[1] as RingKey), 'latin1').toString('hex'));
});

test('the first page of a tag has as much of it as any page, so that a tag that fits it is one snapshot; of the ring it is small', async () => {
  const firstLimit = async (options: ScanOptions): Promise<number> => {
    const limits: number[] = [];
    const terms = scanTerms(options, true, (given) => given as Bytes);
    const scanned = new Scan<undefined>(terms, {
      rule: () => Promise.resolve('tag'),
      page: (place, { limit }) => {
        limits.push(limit);
        return Promise.resolve(page(place, limit));
      },
    });
    await keysOf(scanned);
    return limits[0] as number;
  };
  expect(await firstLimit({ tag: 't' })).toBe(PAGE_ENTRIES_MAX);
  expect(await firstLimit({ prefix: '{t}' })).toBe(PAGE_ENTRIES_MAX);
  expect(await firstLimit({ prefix: 't' })).toBe(FIRST_PAGE_ENTRIES);
});

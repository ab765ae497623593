/** SCAN and its like over pages: everything once, cursors that clients can read, and groups that are not divided. */

import fc from 'fast-check';
import type { Bytes, RingKey } from '@ringkeep/shared';
import { position } from '@ringkeep/shared/ring/position';
import { keyOf, positionBytes, ringKey } from '@ringkeep/shared/ring/ring-key';
import {
  GROUP_KEYS_MAX,
  Keyspace,
  KEYS_EXAMINED_MAX,
  type KeyspaceSource,
} from '../../src/doors/resp/keyspace/keyspace';

/** All keys in order; a page ends where the caller says, or where it is told to. */
function sourceOf(
  keys: readonly RingKey[],
  pageMax = Infinity,
): KeyspaceSource & { readonly left: RingKey[] } {
  const left = [...keys].sort();
  return {
    left,
    page: (place, prefix, limit) => {
      const behind = left.filter((key) => key >= place);
      const page = behind.slice(0, Math.min(limit, pageMax));
      const next = behind[page.length];
      const found = page.filter((key) => prefix === undefined || keyOf(key).startsWith(prefix));
      return Promise.resolve({ keys: found, next });
    },
    delete: (key) => {
      left.splice(left.indexOf(key), 1);
      return Promise.resolve();
    },
    count: () => Promise.resolve(left.length),
    random: Math.random,
  };
}

function at(point: bigint, key: string): RingKey {
  return ringKey(positionBytes(position(point)), key as Bytes);
}

async function scanAll(keyspace: Keyspace, count: number, pattern?: string): Promise<readonly string[][]> {
  const replies: string[][] = [];
  let cursor = 0;
  do {
    const { next, keys } = await keyspace.scan(cursor, pattern as Bytes | undefined, count);
    expect(Number.isSafeInteger(next)).toBe(true);
    replies.push([...keys]);
    cursor = next;
  } while (cursor !== 0);
  return replies;
}

const point = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  fc.bigInt({ min: 0n, max: 10_000n }),
  fc.bigInt({ min: 2n ** 64n - 10_000n, max: 2n ** 64n - 1n }),
);
const somewhere = fc.tuple(point, fc.nat({ max: 3 })).map(([where, n]) => at(where, `k${n}${where}`));

describe('SCAN', () => {
  test('tells each key once, and never divides a group of positions', () =>
    fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(somewhere, { maxLength: 60 }),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 9 }),
        async (keys, count, pageMax) => {
          const replies = await scanAll(new Keyspace(sourceOf(keys, pageMax)), count);
          expect(replies.flat().sort()).toEqual(keys.map(keyOf).sort());
          for (const group of new Set(
            keys.map((key) => Buffer.from(key, 'latin1').readBigUInt64BE() >> 12n),
          )) {
            const its = keys.filter((key) => Buffer.from(key, 'latin1').readBigUInt64BE() >> 12n === group);
            const where = its.map((key) => replies.findIndex((reply) => reply.includes(keyOf(key))));
            expect(new Set(where).size).toBe(1);
          }
        },
      ),
      { numRuns: 300 },
    ));

  test('has cursors below 2^53, the last position included', async () => {
    const keys = [at(2n ** 64n - 1n, 'last'), at(2n ** 64n - 5_000n, 'before')];
    const { next } = await new Keyspace(sourceOf(keys)).scan(0, undefined, 1);
    expect(next).toBe(2 ** 52);
  });

  test('tells what a pattern matches', async () => {
    const keys = ['user:1', 'user:2', 'order:1'].map((key, index) => at(BigInt(index) << 40n, key));
    expect((await scanAll(new Keyspace(sourceOf(keys)), 1, 'user:*')).flat()).toEqual(['user:1', 'user:2']);
  });

  test('says what to do where too many keys have one tag', async () => {
    const keys = Array.from({ length: GROUP_KEYS_MAX + 2_000 }, (_, index) => at(7n, `{t}${index}`));
    await expect(new Keyspace(sourceOf(keys, 5_000)).scan(0, undefined, 10)).rejects.toThrow(/scan --tag/);
  });
});

describe('all keys', () => {
  const keys = Array.from({ length: 2_500 }, (_, index) => at(BigInt(index) << 50n, `k${index}`));

  test('are told by KEYS, if they are few', async () => {
    expect(await new Keyspace(sourceOf(keys)).keys('k?' as Bytes)).toHaveLength(10);
    const endless: KeyspaceSource = {
      ...sourceOf([]),
      page: (place) => Promise.resolve({ keys: Array<RingKey>(1_000).fill(place), next: place }),
    };
    await expect(new Keyspace(endless).keys('*' as Bytes)).rejects.toThrow(
      `after ${KEYS_EXAMINED_MAX} keys; use SCAN`,
    );
  });

  test('are one of them by RANDOMKEY, whatever the place', async () => {
    const keyspace = new Keyspace({ ...sourceOf(keys.slice(0, 3)), random: () => 0.999 });
    expect(await keyspace.randomKey()).toMatch(/^k[012]$/);
    expect(await new Keyspace(sourceOf([])).randomKey()).toBeUndefined();
  });

  test('are deleted by FLUSHALL', async () => {
    const source = sourceOf(keys);
    await new Keyspace(source).deleteAll();
    expect(source.left).toEqual([]);
  });
});

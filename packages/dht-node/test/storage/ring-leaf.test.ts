import { Random, ringKey, type Bytes, type KeyRange, type RingKey } from '@ringkeep/shared';
import type { StoredValue } from '@ringkeep/shared/operations';
import { KeyProbe } from '../../src/storage/key-probe';
import { PAGE_WORDS, PagePool } from '../../src/storage/page-pool';
import type { Change } from '../../src/storage/leaf-entry';
import { RingLeaf } from '../../src/storage/ring-leaf';
import { Draw, forSeeds } from './conformance';

const probe = new KeyProbe();
/** To a leaf an envelope is bytes. */
const stored = (bytes: string): StoredValue => bytes as StoredValue;

function keysWithin(leaf: RingLeaf<Change>, range: KeyRange): RingKey[] {
  const [first, end] = leaf.within(range);
  return Array.from({ length: end - first }, (_, i) => leaf.keyAtIndex(first + i));
}

/** Lengths on both sides of what fits into the arena, most of them small. */
function drawValue(draw: Draw): Change {
  const { random } = draw;
  if (random.chance(0.1)) return null;
  return stored(random.chance(0.05) ? draw.bytes(2_000, 2_100) : draw.bytes(0, 60));
}

test('a leaf agrees with a map through growth, waste, deletions and values that outgrow their place', async () => {
  await forSeeds(10, (random) => {
    const draw = new Draw(random, 200);
    const pool = new PagePool();
    const leaf = new RingLeaf<Change>(pool);
    const model = new Map<RingKey, Change>();
    for (let step = 0; step < 4_000; step++) {
      const key = draw.key();
      if (random.chance(0.3)) {
        leaf.delete(probe.take(key));
        model.delete(key);
      } else {
        const value = drawValue(draw);
        const before = model.get(key);
        expect(leaf.set(probe.take(key), value)).toBe(
          before === undefined ? undefined : (before?.length ?? null),
        );
        model.set(key, value);
      }
      const asked = draw.key();
      expect(leaf.get(probe.take(asked))).toBe(model.get(asked));
      if (!random.chance(0.05)) continue;
      const [from, to] = [draw.key(), draw.key()].sort() as [RingKey, RingKey];
      expect(keysWithin(leaf, { from, to })).toEqual(
        [...model.keys()].filter((each) => each >= from && each < to).sort(),
      );
    }
    const sorted = [...model].sort(([a], [b]) => (a < b ? -1 : 1));
    expect(Array.from(sorted, (_, i) => leaf.atIndex(i))).toEqual(sorted);
    expect(leaf.keys).toBe(model.size);
    let bytes = 0;
    for (const [key, value] of model) bytes += key.length - 8 + (value?.length ?? 0);
    expect(leaf.bytes).toBe(bytes);
  });
});

test('keys whose hashes collide are told apart, also when some of them are deleted', () => {
  const leaf = new RingLeaf<StoredValue>(new PagePool());
  const random = new Random(1);
  const some = Array.from({ length: 10_000 }, (_, i) => ringKey('position' as Bytes, String(i) as Bytes));
  // Of the 128 slots of the index, two neighbours.
  const keys = some.filter((key) => (probe.take(key).hash & 127) >> 1 === 7).slice(0, 40);
  expect(keys).toHaveLength(40);
  for (const key of keys) leaf.set(probe.take(key), stored(key));
  const gone = new Set(keys.filter(() => random.chance(0.5)));
  for (const key of gone) leaf.delete(probe.take(key));
  for (const key of keys) expect(leaf.get(probe.take(key))).toBe(gone.has(key) ? undefined : key);
});

test('values that are replaced all the time leave no waste behind for long', () => {
  const pool = new PagePool();
  const leaf = new RingLeaf<StoredValue>(pool);
  const key = ringKey('position' as Bytes, 'key' as Bytes);
  const lengths = Array.from({ length: 2_000 }, (_, i) => 1 + ((i * 37) % 2_000));
  for (const length of lengths) leaf.set(probe.take(key), stored('v'.repeat(length)));
  expect(leaf.get(probe.take(key))).toBe('v'.repeat(lengths.at(-1) as number));
  expect(pool.take()).toBeLessThan(8 * PAGE_WORDS);
});

test('large entries, of which a few fill a page, are not moved at each change', () => {
  const pool = new PagePool();
  const leaf = new RingLeaf<StoredValue>(pool);
  const keys = Array.from({ length: 200 }, (_, i) => ringKey('position' as Bytes, `key ${i}` as Bytes));
  for (const key of keys) leaf.set(probe.take(key), stored('v'.repeat(1_400)));
  const taken = jest.spyOn(pool, 'take');
  for (const key of keys.slice(0, 40)) leaf.delete(probe.take(key));
  expect(taken).toHaveBeenCalledTimes(0);
});

test('a value that has become much shorter gives its room back', () => {
  const pool = new PagePool();
  const leaf = new RingLeaf<StoredValue>(pool);
  const keys = Array.from({ length: 200 }, (_, i) => ringKey('position' as Bytes, `key ${i}` as Bytes));
  for (const key of keys) leaf.set(probe.take(key), stored('v'.repeat(2_000)));
  const released = jest.spyOn(pool, 'giveBack');
  for (const key of keys) leaf.set(probe.take(key), stored('v'));
  const pages = released.mock.calls.flatMap(([given]) => given);
  expect(pages.length).toBeGreaterThan(90);
  for (const key of keys) expect(leaf.get(probe.take(key))).toBe('v');
});

test('the longest key that a ring may allow is stored, and a longer one is refused rather than cut off', () => {
  const leaf = new RingLeaf<StoredValue>(new PagePool());
  const longest = ringKey('position' as Bytes, 'k'.repeat(1_024) as Bytes);
  leaf.set(probe.take(longest), stored('v'.repeat(2_048)));
  expect(leaf.get(probe.take(longest))).toBe('v'.repeat(2_048));
  expect(leaf.keyAtIndex(0)).toBe(longest);
  expect(() => probe.take(`${longest}kk` as RingKey)).toThrow('as long as the parameters allow');
});

test('keys that go on where others end, and keys that end with zeros, are in the order of their bytes', () => {
  const leaf = new RingLeaf<StoredValue>(new PagePool());
  const endings = [
    '',
    '\0',
    '\0\0',
    '\0\0\0\0\0',
    '\0\u0001',
    'a',
    'a\0',
    'ab',
    'abcd',
    'abcd\0',
    'abcdÿ',
    'ÿ',
    'é',
  ];
  const keys = endings.map((ending) => ringKey('position' as Bytes, `k${ending}` as Bytes));
  for (const key of [...keys].reverse()) leaf.set(probe.take(key), stored('value'));
  const sorted = [...keys].sort();
  expect(sorted.map((_, i) => leaf.keyAtIndex(i))).toEqual(sorted);
});

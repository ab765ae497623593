import { POSITION_BYTES, Random, ringKey, type Bytes, type RingKey } from '@ringkeep/shared';
import { WHOLE_RING } from '../../src/storage/range-set';
import { RingTable } from '../../src/storage/ring-table';
import { Draw, forSeeds } from './conformance';

test('keys of a narrow arc, which share their first bits, are found, counted and sorted', () => {
  const draw = new Draw(new Random(1));
  const table = new RingTable<Bytes>();
  const keys = Array.from({ length: 5_000 }, (_, i) => {
    const narrow = `\x12\x34\x56${draw.bytes(5, 5)}` as Bytes;
    return ringKey(narrow, String(i) as Bytes);
  });
  for (const [index, key] of keys.entries()) table.set(key, String(index) as Bytes);
  expect(keys.map((key) => table.get(key))).toEqual(keys.map((_, index) => String(index)));
  expect([...table.entries(WHOLE_RING)].map(([key]) => key)).toEqual([...keys].sort());
  const [from, to] = [keys[7], keys[77]].sort() as [RingKey, RingKey];
  const inside = keys.filter((key) => key >= from && key < to);
  expect(table.size({ from, to }).keys).toBe(inside.length);
  expect([...table.entries({ from, to })].map(([key]) => key)).toEqual(inside.sort());
  table.erase({ from, to });
  expect(table.keys).toBe(keys.length - inside.length);
  for (const key of keys) table.delete(key);
  expect([table.keys, table.size(WHOLE_RING)]).toEqual([0, { keys: 0, bytes: 0 }]);
});

test('any number of keys may share a position', () => {
  const table = new RingTable<Bytes>();
  const keys = Array.from({ length: 2_000 }, (_, i) => ringKey('samesame' as Bytes, String(i) as Bytes));
  for (const [index, key] of keys.entries()) table.set(key, String(index) as Bytes);
  expect(keys.map((key) => table.get(key))).toEqual(keys.map((_, index) => String(index)));
  expect(table.size({ from: 'samesame' as Bytes, to: 'samesamf' as Bytes }).keys).toBe(2_000);
});

test('large tables agree with a sorted map on any range', async () => {
  await forSeeds(3, (random) => {
    const draw = new Draw(random, 10_000);
    const table = new RingTable<Bytes>();
    const model = new Map<RingKey, Bytes>();
    for (let i = 0; i < 15_000; i++) {
      const key = draw.key();
      if (random.chance(0.2)) {
        table.delete(key);
        model.delete(key);
      } else {
        const value = draw.bytes(0, 30);
        expect(table.set(key, value)).toBe(model.get(key)?.length);
        model.set(key, value);
      }
    }
    const sorted = [...model].sort(([a], [b]) => (a < b ? -1 : 1));
    expect(JSON.stringify([...table.entries(WHOLE_RING)])).toBe(JSON.stringify(sorted));
    for (let i = 0; i < 5; i++) {
      const range = draw.range();
      const inside = sorted.filter(
        ([key]) => key >= range.from && (range.to === undefined || key < range.to),
      );
      expect(JSON.stringify([...table.entries(range)])).toBe(JSON.stringify(inside));
      expect(table.size(range)).toEqual({
        keys: inside.length,
        bytes: inside.reduce((sum, [key, value]) => sum + key.length - POSITION_BYTES + value.length, 0),
      });
    }
  });
});

import { KEY_BYTES_MAX, POSITION_BYTES, Random, ringKey, type Bytes, type RingKey } from '@ringkeep/shared';
import type { StoredValue } from '@ringkeep/shared/operations';
import { PagePool } from '../../src/storage/page-pool';
import { WHOLE_RING } from '../../src/storage/range-set';
import { KeyProbe } from '../../src/storage/key-probe';
import { RingLeaf } from '../../src/storage/ring-leaf';
import { RingTable } from '../../src/storage/ring-table';
import { Draw, forSeeds } from './conformance';

/** To a table an envelope is bytes. */
const stored = (bytes: string): StoredValue => bytes as StoredValue;

test('keys of a narrow arc, which share their first bits, are found, counted and sorted', () => {
  const draw = new Draw(new Random(1));
  const table = new RingTable<StoredValue>();
  const keys = Array.from({ length: 5_000 }, (_, i) => {
    const narrow = `\x12\x34\x56${draw.bytes(5, 5)}` as Bytes;
    return ringKey(narrow, String(i) as Bytes);
  });
  for (const [index, key] of keys.entries()) table.set(key, stored(String(index)));
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
  const table = new RingTable<StoredValue>();
  const keys = Array.from({ length: 2_000 }, (_, i) => ringKey('samesame' as Bytes, String(i) as Bytes));
  for (const [index, key] of keys.entries()) table.set(key, stored(String(index)));
  expect(keys.map((key) => table.get(key))).toEqual(keys.map((_, index) => String(index)));
  expect(table.size({ from: 'samesame' as Bytes, to: 'samesamf' as Bytes }).keys).toBe(2_000);
});

describe('keys of one position', () => {
  const position = 'samesame' as Bytes;
  const keys = Array.from({ length: 20_000 }, (_, i) =>
    ringKey(position, String((i * 7_919) % 20_000) as Bytes),
  );

  function filled(): RingTable<StoredValue> {
    const table = new RingTable<StoredValue>();
    for (const key of keys) table.set(key, stored(key));
    return table;
  }

  test('are in order, and a stretch of them is found without looking at the others', () => {
    const table = filled();
    const sorted = [...keys].sort();
    const reading = jest.spyOn(RingLeaf.prototype, 'atIndex');
    const finding = jest.spyOn(RingLeaf.prototype, 'within');
    for (const at of [0, 1, 7_000, 19_950]) {
      reading.mockClear();
      finding.mockClear();
      const page: RingKey[] = [];
      for (const [key] of table.entries({ from: sorted[at] as RingKey, to: undefined })) {
        page.push(key);
        if (page.length === 50) break;
      }
      expect(page).toEqual(sorted.slice(at, at + 50));
      expect(reading.mock.calls.length).toBe(page.length);
      expect(finding.mock.calls.length).toBeLessThanOrEqual(2);
    }
    reading.mockRestore();
    finding.mockRestore();
  });

  test('have hashes as different as those of other keys', () => {
    const probe = new KeyProbe();
    const slots = new Set(keys.slice(0, 1_024).map((key) => probe.take(key).hash & 1_023));
    // Of 1,024 balls in as many bins, 647 bins are met on average, with a deviation of 10.
    expect(slots.size).toBeGreaterThan(580);
  });

  test('agree with a sorted map, whatever is put, deleted and erased', async () => {
    await forSeeds(5, (random) => {
      const table = filled();
      const model = new Map(keys.map((key) => [key, stored(key)]));
      for (let round = 0; round < 8; round++) {
        const ends = [random.pick(keys), random.pick(keys)].sort() as [RingKey, RingKey];
        const range = { from: ends[0], to: random.chance(0.3) ? undefined : ends[1] };
        const within = [...model.keys()].filter((key) => key >= range.from && !(key >= (range.to ?? '~')));
        expect([...table.entries(range)].map(([key]) => key)).toEqual(within.sort());
        expect(table.size(range).keys).toBe(within.length);
        if (random.chance(0.4)) {
          table.erase(range);
          for (const key of within) model.delete(key);
        }
        for (const key of keys.slice(random.below(20_000)).slice(0, 3_000)) {
          if (random.chance(0.6)) {
            table.delete(key);
            model.delete(key);
          } else {
            table.set(key, stored('new'));
            model.set(key, stored('new'));
          }
        }
        expect(table.keys).toBe(model.size);
        expect(keys.filter((key) => table.get(key) !== model.get(key))).toEqual([]);
      }
      table.erase(WHOLE_RING);
      expect(table.keys).toBe(0);
    });
  });
});

test('large tables agree with a sorted map on any range', async () => {
  await forSeeds(3, (random) => {
    const draw = new Draw(random, 10_000);
    const table = new RingTable<StoredValue>();
    const model = new Map<RingKey, StoredValue>();
    for (let i = 0; i < 15_000; i++) {
      const key = draw.key();
      if (random.chance(0.2)) {
        table.delete(key);
        model.delete(key);
      } else {
        const value = stored(draw.bytes(0, 30));
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

describe('announced keys', () => {
  test('are found, in whatever table and whatever happens in between', async () => {
    await forSeeds(5, (random) => {
      const draw = new Draw(random, 2_000);
      const pool = new PagePool();
      const tables = [0, 1].map(() => ({
        table: new RingTable<StoredValue>(pool),
        model: new Map<RingKey, StoredValue>(),
      }));
      for (let round = 0; round < 60; round++) {
        const items = Array.from({ length: random.between(1, 200) }, () => ({ key: draw.key() }));
        const announced = random.pick(tables).table;
        let next = 0;
        for (const [index, item] of items.entries()) {
          if (index === next) next = announced.announce(items, index);
          // Keys that are left out, asked for twice, or never announced.
          const key = random.chance(0.1) ? draw.key() : item.key;
          if (random.chance(0.1)) continue;
          const { table, model } = random.pick(tables);
          expect(table.get(key)).toBe(model.get(key));
          const step = random.below(6);
          if (random.chance(0.005)) {
            const range = draw.range();
            table.erase(range);
            for (const known of model.keys())
              if (known >= range.from && (range.to === undefined || known < range.to)) model.delete(known);
          } else if (step === 0) {
            table.delete(key);
            model.delete(key);
          } else if (step < 4) {
            const value = stored(draw.bytes(0, 30));
            expect(table.set(key, value)).toBe(model.get(key)?.length);
            model.set(key, value);
          } else {
            expect(table.lengthOf(key)).toBe(model.get(key)?.length);
          }
        }
      }
      for (const { table, model } of tables) expect(table.keys).toBe(model.size);
    });
  });

  test('that are too long are refused each time, and mistaken for no other', () => {
    const table = new RingTable<StoredValue>();
    const keys = Array.from({ length: 6 }, (_, i) => ringKey(`place  ${i}` as Bytes, 'key' as Bytes));
    for (const key of keys) table.set(key, stored('value'));
    table.announce(
      keys.map((key) => ({ key })),
      0,
    );
    const long = ringKey('place  0' as Bytes, 'k'.repeat(KEY_BYTES_MAX + 2) as Bytes);
    const items = [long, ...keys].map((key) => ({ key }));
    expect(() => table.announce(items, 0)).toThrow('as long as the parameters allow');
    expect(() => table.get(long)).toThrow('as long as the parameters allow');
    expect(keys.map((key) => table.get(key))).toEqual(keys.map(() => 'value'));
  });

  test('of a table without any are absent', () => {
    const table = new RingTable<StoredValue>();
    const items = Array.from({ length: 100 }, (_, i) => ({
      key: ringKey('position' as Bytes, `${i}` as Bytes),
    }));
    const seen: (StoredValue | undefined)[] = [];
    table.each(items, ({ key }) => seen.push(table.get(key)));
    expect(seen).toEqual(items.map(() => undefined));
  });
});

/** The index of keys: it has what the table has, in the order of the keys, whatever was done to the table. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  keyOf,
  positionBytes,
  position,
  Random,
  type Bytes,
  type KeyRange,
  type RingKey,
} from '@ringkeep/shared';
import { ringKeyOf, seal, type StoredValue } from '@ringkeep/shared/operations';
import type { EntryStore } from '../../src/core';
import { DiskStorage, MemoryEntryStore } from '../../src/storage';
import { WHOLE_RING } from '../../src/storage/range-set';

const KEYS = Array.from({ length: 300 }, (_, i) => ringKeyOf(`${i % 7 === 0 ? '{t}' : ''}${i}` as Bytes));
const NOTHING = { snapshot: () => undefined, batch: () => undefined };

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ringkeep-keys-'));
});
afterEach(() => rm(folder, { recursive: true }));

class Model {
  private readonly values = new Map<RingKey, StoredValue>();
  private writes = 0;

  constructor(private readonly random: Random) {}

  /** Something is done to a store. */
  change(store: EntryStore): void {
    const { random, values } = this;
    const dice = random.fraction();
    if (dice < 0.1) {
      const range = this.stretch();
      for (const key of [...values.keys()]) if (isWithin(key, range)) values.delete(key);
      if (dice < 0.05) return store.erase(range);
      const [key] = KEYS.filter((each) => isWithin(each, range));
      const kept = key === undefined ? [] : [{ key, value: this.write(key) }];
      return store.mend(range, kept);
    }
    const entries = Array.from({ length: random.between(1, 40) }, () => {
      const key = random.pick(KEYS);
      if (dice >= 0.4) return { key, value: this.write(key) };
      values.delete(key);
      return { key, value: undefined };
    });
    store.put(entries);
  }

  compare(store: EntryStore): void {
    const sorted = [...this.values].sort(([a], [b]) => (keyOf(a) < keyOf(b) ? -1 : 1));
    const [a, b] = [keyOf(this.random.pick(KEYS)), keyOf(this.random.pick(KEYS))].sort() as [Bytes, Bytes];
    const stretch = this.stretch();
    const found = [...(store.walkKeys(WHOLE_RING, false, stretch) ?? [])];
    expect(found.filter(([key]) => isWithin(key, stretch))).toEqual(
      sorted.filter(([key]) => isWithin(key, stretch)),
    );
    expect(found.filter(([key, value]) => value !== undefined && !isWithin(key, stretch))).toEqual([]);
    for (const range of [
      { from: '' as Bytes, to: undefined },
      { from: a, to: b },
      { from: a, to: undefined },
    ]) {
      const inside = sorted.filter(([key]) => isWithin(keyOf(key), range));
      expect([...(store.walkKeys(range, false, WHOLE_RING) ?? [])]).toEqual(inside);
      expect([...(store.walkKeys(range, true, WHOLE_RING) ?? [])]).toEqual(inside.reverse());
    }
  }

  private write(key: RingKey): StoredValue {
    const value = seal(key, ++this.writes, `value ${this.writes}` as Bytes);
    this.values.set(key, value);
    return value;
  }

  private stretch(): KeyRange {
    const from = this.random.below(2 ** 16);
    const at = (part: number): Bytes => positionBytes(position(BigInt(part) << 48n));
    return { from: at(from), to: at(Math.min(2 ** 16 - 1, from + 4_000)) };
  }
}

function isWithin(key: Bytes, { from, to }: KeyRange): boolean {
  return key >= from && (to === undefined || key < to);
}

test('in memory', () => {
  const model = new Model(new Random(1));
  const store = new MemoryEntryStore();
  for (let round = 0; round < 20; round++) model.change(store);
  expect(store.walkKeys(WHOLE_RING, false, WHOLE_RING)).toBeUndefined();
  store.indexKeys();
  for (let round = 0; round < 100; round++) {
    model.compare(store);
    model.change(store);
  }
});

test('on the disk: above checkpoints, while one is written, and after a start on what they have left', async () => {
  const random = new Random(2);
  const model = new Model(random);
  for (let start = 0; start < 4; start++) {
    const storage = await DiskStorage.open(folder);
    await storage.recover(NOTHING);
    if (start === 0) for (let round = 0; round < 5; round++) model.change(storage.entries);
    if (start === 0) await storage.checkpoint(new Uint8Array());
    if (start < 2) storage.entries.indexKeys();
    for (let round = 0; round < 40; round++) {
      model.compare(storage.entries);
      if (random.chance(0.2)) {
        const writing = storage.checkpoint(new Uint8Array());
        model.change(storage.entries);
        model.compare(storage.entries);
        await writing;
      }
      model.change(storage.entries);
    }
    await storage.checkpoint(new Uint8Array());
    await storage.close();
  }
});

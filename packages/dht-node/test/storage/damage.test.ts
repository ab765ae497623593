/** Bits that change on the disk: no read tells them, nothing compares as the same, and what is mended is counted right. */

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ringKey, positionBytes, position, type Bytes, type RingKey } from '@ringkeep/shared';
import { seal, valueIn, type StoredValue } from '@ringkeep/shared/operations';
import { DAMAGED, type Entry } from '../../src/core';
import { DiskStorage, PARTS } from '../../src/storage';
import { WHOLE_RING } from '../../src/storage/range-set';

const KEYS = 500;
const keyAt = (i: number): RingKey =>
  ringKey(positionBytes(position(BigInt(i) * (2n ** 64n / BigInt(KEYS)))), `key ${i}` as Bytes);
const entryAt = (i: number): Entry => ({
  key: keyAt(i),
  value: seal(keyAt(i), i + 1, `<value ${i}>`.padEnd(60, '.') as Bytes),
});
const all = Array.from({ length: KEYS }, (_, i) => entryAt(i));

let folder: string;
let storage: DiskStorage;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ringkeep-damage-'));
  storage = await DiskStorage.open(folder);
  await storage.recover({ snapshot: () => undefined, batch: () => undefined });
  storage.entries.put(all);
  await storage.checkpoint(Buffer.alloc(0));
});
afterEach(async () => {
  await storage.close();
  await rm(folder, { recursive: true, force: true });
});

/** Flips a bit of what the table's file has of these values, or of their keys. */
async function flip(numbers: readonly number[], where: 'value' | 'key' = 'value'): Promise<void> {
  const path = join(folder, 'table/data.mdb');
  const bytes = await readFile(path);
  for (const i of numbers) {
    const sought = Buffer.from(where === 'value' ? `<value ${i}>` : keyAt(i), 'latin1');
    for (let at = bytes.indexOf(sought); at >= 0; at = bytes.indexOf(sought, at + 1)) {
      const changed = at + (where === 'value' ? 1 : sought.length - 1);
      bytes[changed] = (bytes[changed] as number) ^ 1;
    }
  }
  await writeFile(path, bytes, { flag: 'r+' });
}

const DAMAGED_ONES = [3, 100, 101, 499];

test('a damaged value is no answer, and the next sound key is where a scan goes on', async () => {
  await flip(DAMAGED_ONES);
  for (let i = 0; i < KEYS; i++)
    expect(storage.entries.get(keyAt(i))).toBe(DAMAGED_ONES.includes(i) ? DAMAGED : all[i]?.value);
  const found: RingKey[] = [];
  const stretches: unknown[] = [];
  for (let from: Bytes | undefined = '' as Bytes; from !== undefined;) {
    const page = storage.entries.scan({ from, to: undefined }, 1_000);
    found.push(...page.entries.map(({ key }) => key));
    if (page.damaged) expect(page.next).toBe(page.damaged.from);
    if (page.damaged) stretches.push(page.damaged);
    from = page.damaged ? page.damaged.to : page.next;
  }
  expect(found).toEqual(all.filter((_, i) => !DAMAGED_ONES.includes(i)).map(({ key }) => key));
  expect(stretches).toEqual([
    { from: `${keyAt(2)}\0`, to: keyAt(4) },
    { from: `${keyAt(99)}\0`, to: keyAt(102) },
    { from: `${keyAt(498)}\0`, to: undefined },
  ]);
});

test('a bucket with a damaged entry is no bucket’s like, not even its own', async () => {
  await flip([100]);
  const buckets = storage.entries.buckets(WHOLE_RING, 2_000, 1_000);
  const same = storage.entries.matches(WHOLE_RING, buckets, 2_000);
  expect(same.filter((is) => !is)).toHaveLength(1);
});

test('the scrub finds each of them, and a key that became another', async () => {
  const examined = (): { damaged: number; missing: number } => {
    let damaged = 0;
    let missing = 0;
    for (let part = 0; part < PARTS; part++) {
      const result = storage.examine(part);
      damaged += result.damaged.length;
      missing += result.missing;
    }
    return { damaged, missing };
  };
  expect(examined()).toEqual({ damaged: 0, missing: 0 });
  await flip([3, 100, 499]);
  await flip([200], 'key');
  expect(examined()).toEqual({ damaged: 4, missing: 0 });
});

test('what is mended is as it was, also a key that became another; the sizes are right, and it lasts', async () => {
  const before = storage.entries.size(WHOLE_RING);
  await flip(DAMAGED_ONES);
  await flip([200], 'key');
  for (let from: Bytes | undefined = '' as Bytes; from !== undefined;) {
    const { next, damaged } = storage.entries.scan({ from, to: undefined }, Infinity);
    if (damaged) storage.entries.mend(damaged, all.filter(({ key }) => key >= damaged.from && !(key >= (damaged.to ?? '\xff\xff')))); // prettier-ignore
    from = damaged ? damaged.to : next;
  }
  for (let round = 0; round < 2; round++) {
    expect(storage.entries.scan(WHOLE_RING, Infinity)).toEqual({
      entries: all,
      next: undefined,
      damaged: undefined,
    });
    expect(storage.entries.size(WHOLE_RING)).toEqual(before);
    await storage.checkpoint(Buffer.alloc(0));
  }
});

test('a write over a damaged entry is the end of the damage', async () => {
  await flip([7, 8]);
  storage.entries.put([entryAt(7)]);
  storage.entries.put([{ key: keyAt(8), value: undefined }]);
  expect(valueIn(storage.entries.get(keyAt(7)) as StoredValue)).toContain('<value 7>');
  expect(storage.entries.get(keyAt(8))).toBeUndefined();
  expect(storage.entries.size(WHOLE_RING).keys).toBe(KEYS - 1);
});

test('a checkpoint leaves damage what it is', async () => {
  await flip([7]);
  const raw = storage.entries.raw(keyAt(7));
  storage.entries.put([{ key: keyAt(9), value: raw }]);
  await storage.checkpoint(Buffer.alloc(0));
  expect([storage.entries.get(keyAt(7)), storage.entries.get(keyAt(9))]).toEqual([DAMAGED, DAMAGED]);
});

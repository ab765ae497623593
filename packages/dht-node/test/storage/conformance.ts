/**
 * What every NodeStorage must do, run on each implementation: the entries against a naive sorted map under
 * random operations, the log by its rules. Random runs print their seed when they fail.
 */

import { samePosition } from '@ringkeep/shared/ring/arc';
import {
  Random,
  arcKeyRanges,
  position,
  ringKey,
  type Bytes,
  type KeyRange,
  type RingKey,
} from '@ringkeep/shared';
import { ENVELOPE_BYTES_MIN, expiryIn, seal, type StoredValue } from '@ringkeep/shared/operations';
import type { Bucket, Entry, EntryStore, ScanPage } from '../../src/core/replica/entry-store';
import type { NodeStorage, RecoveryVisitor } from '../../src/storage';
import { WHOLE_RING } from '../../src/storage/range-set';

export interface StorageUnderTest {
  readonly name: string;
  /** Keeps what was appended when it is closed and opened again. */
  readonly lasting: boolean;
  /** Opens the storage, the same one every time, without recovering it. */
  open(): Promise<NodeStorage>;
  /** Closes and removes everything. */
  dispose(): Promise<void>;
}

const IGNORE: RecoveryVisitor = { snapshot: () => undefined, batch: () => undefined };

/** The naive entry store; what it holds is compared as it is. */
export class SortedMap implements Omit<
  EntryStore,
  'announce' | 'buckets' | 'matches' | 'crowdAt' | 'walkKeys' | 'indexKeys'
> {
  readonly values = new Map<RingKey, StoredValue>();

  get(key: RingKey): StoredValue | undefined {
    return this.values.get(key);
  }

  inRange(range: KeyRange): Entry[] {
    return [...this.values]
      .filter(([key]) => key >= range.from && (range.to === undefined || key < range.to))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, value]) => ({ key, value }));
  }

  scan(range: KeyRange, bytesMax: number): ScanPage {
    const entries: Entry[] = [];
    let bytes = 0;
    for (const entry of this.inRange(range)) {
      if (entries.length > 0 && bytes >= bytesMax) return { entries, next: entry.key, damaged: undefined };
      entries.push(entry);
      bytes += entry.key.length - 8 + (entry.value as StoredValue).length;
    }
    return { entries, next: undefined, damaged: undefined };
  }

  walk(range: KeyRange, reverse = false): [RingKey, StoredValue][] {
    const found = this.inRange(range).map(({ key, value }): [RingKey, StoredValue] => [
      key,
      value as StoredValue,
    ]);
    return reverse ? found.reverse() : found;
  }

  put(entries: readonly Entry[]): void {
    for (const { key, value } of entries) {
      if (value === undefined) this.values.delete(key);
      else this.values.set(key, value);
    }
  }

  raw(key: RingKey): StoredValue | undefined {
    return this.values.get(key);
  }

  mend(range: KeyRange, entries: readonly Entry[]): void {
    this.erase(range);
    this.put(entries);
  }

  over(range: KeyRange, wallMs: number, keysMax: number): RingKey[] {
    return this.inRange(range)
      .filter(({ value }) => (expiryIn(value as StoredValue) ?? Infinity) <= wallMs)
      .slice(0, keysMax)
      .map(({ key }) => key);
  }

  erase(range: KeyRange): void {
    for (const { key } of this.inRange(range)) this.values.delete(key);
  }

  size(range: KeyRange): { keys: number; bytes: number } {
    const found = this.inRange(range);
    const bytes = found.reduce(
      (sum, { key, value }) => sum + key.length - 8 + (value as StoredValue).length,
      0,
    );
    return { keys: found.length, bytes };
  }
}

/** A step that changes entries; it travels through the log as text. */
export type Change =
  | { readonly put: readonly (readonly [RingKey, StoredValue | null])[] }
  | { readonly erase: KeyRange }
  | { readonly mend: KeyRange; readonly with: readonly Entry[] };

export function applyChange(store: Pick<EntryStore, 'put' | 'erase' | 'mend'>, change: Change): void {
  if ('erase' in change) store.erase(change.erase);
  else if ('mend' in change) store.mend(change.mend, change.with);
  else store.put(change.put.map(([key, value]) => ({ key, value: value ?? undefined })));
}

export function encodeChange(change: Change): Uint8Array {
  return Buffer.from(JSON.stringify(change), 'utf8');
}

export function decodeChange(batch: Uint8Array): Change {
  return JSON.parse(Buffer.from(batch).toString('utf8')) as Change;
}

/** Within a story the ring's time goes on from 0 to this. */
const WALL_MS_MAX = 1_000;

/** Draws keys that crowd: few positions, some of them shared, some at the ends of the ring. */
export class Draw {
  private readonly keys: RingKey[];

  constructor(
    readonly random: Random,
    keyCount = 300,
  ) {
    this.keys = Array.from({ length: keyCount }, () => ringKey(this.position(), this.bytes(1, 20)));
  }

  position(): Bytes {
    const bytes = Array.from({ length: 8 }, (_, index) =>
      this.random.chance(0.3) ? this.random.pick([0, 255]) : this.random.below(index < 3 ? 4 : 256),
    );
    return String.fromCharCode(...bytes) as Bytes;
  }

  bytes(least: number, most: number): Bytes {
    const length = this.random.between(least, most);
    return String.fromCharCode(...Array.from({ length }, () => this.random.below(256))) as Bytes;
  }

  stored(key: RingKey, least: number, most: number): StoredValue {
    const expiresAtMs = this.random.chance(0.3) ? this.random.below(WALL_MS_MAX) : undefined;
    return seal(key, this.random.between(1, 1_000), this.bytes(least, most), expiresAtMs);
  }

  key(): RingKey {
    return this.random.pick(this.keys);
  }

  range(): KeyRange {
    if (this.random.chance(0.05)) return WHOLE_RING;
    const bound = (): Bytes => (this.random.chance(0.5) ? this.position() : this.key());
    const [from, to] = [bound(), bound()].sort() as [Bytes, Bytes];
    if (this.random.chance(0.1)) return { from, to: undefined };
    return { from: this.random.chance(0.1) ? ('' as Bytes) : from, to };
  }

  change(): Change {
    if (this.random.chance(0.04)) return { erase: this.range() };
    if (this.random.chance(0.04)) {
      const mend = this.range();
      const within = this.keys.filter(
        (key) => key >= mend.from && (mend.to === undefined || key < mend.to) && this.random.chance(0.3),
      );
      return { mend, with: within.map((key) => ({ key, value: this.stored(key, 0, 40) })) };
    }
    return {
      put: Array.from({ length: this.random.between(1, 12) }, () => {
        const key = this.key();
        return [key, this.random.chance(0.3) ? null : this.stored(key, 0, 40)];
      }),
    };
  }
}

/** `wallMs`: the ring's time, which does not go back. */
export function expectSame(store: EntryStore, model: SortedMap, draw: Draw, wallMs = WALL_MS_MAX): void {
  for (let i = 0; i < 5; i++) {
    const key = draw.key();
    expect(store.get(key)).toBe(model.get(key));
  }
  expectSameAsAnnounced(store, model, draw);
  const range = draw.range();
  expect(store.size(range)).toEqual(model.size(range));
  for (const reverse of [false, true])
    expect([...store.walk(range, reverse)]).toEqual(model.walk(range, reverse));
  for (const key of model.values.keys()) {
    const { keys, bytes } = model.size(samePosition(key));
    const crowd = store.crowdAt(key);
    expect(crowd.keys >= keys && crowd.bytes >= bytes).toBe(true);
  }
  const keysMax = draw.random.between(1, 30);
  // It may take several calls to find all of very many.
  for (let call = 0; call < 16; call++) store.over(WHOLE_RING, wallMs, 1);
  expect(store.over(range, wallMs, keysMax)).toEqual(model.over(range, wallMs, keysMax));
  const bytesMax = draw.random.between(0, 2_000);
  const page = store.scan(range, bytesMax);
  const expected = model.scan(range, bytesMax);
  expect(page.entries).toEqual(expected.entries);
  expect(page.next === undefined).toBe(expected.next === undefined);
}

/** Keys are announced, and then asked for: those, in that order, or not. */
function expectSameAsAnnounced(store: EntryStore, model: SortedMap, draw: Draw): void {
  const { random } = draw;
  const items = Array.from({ length: random.between(1, 150) }, () => ({ key: draw.key() }));
  let announced = 0;
  for (let i = 0; i < items.length; i++) {
    if (i === announced) {
      announced = store.announce(items, i);
      expect(announced).toBeGreaterThan(i);
    }
    const { key } = random.chance(0.05) ? random.pick(items) : (items[i] as { key: RingKey });
    expect(store.get(key)).toBe(model.get(key));
  }
}

/** All entries of a range, page by page. */
export function scanAll(store: EntryStore, range: KeyRange, bytesMax: number): Entry[] {
  const entries: Entry[] = [];
  for (let from: Bytes | undefined = range.from; from !== undefined;) {
    const page = store.scan({ from, to: range.to }, bytesMax);
    entries.push(...page.entries);
    from = page.next;
  }
  return entries;
}

/** A range cut into buckets, page by page, each with where it begins. */
function cutAll(store: EntryStore, range: KeyRange, draw: Draw): (Bucket & { readonly from: Bytes })[] {
  const { random } = draw;
  const bucketBytes = random.between(1, 400);
  const found: (Bucket & { readonly from: Bytes })[] = [];
  for (let from: Bytes | undefined = range.from; from !== undefined;) {
    const pageMax = random.between(1, 10);
    const page = store.buckets({ from, to: range.to }, bucketBytes, pageMax);
    expect(page.length).toBeLessThanOrEqual(pageMax);
    // What was cut matches itself, bucket by bucket.
    expect(store.matches({ from, to: range.to }, page, bucketBytes)).toEqual(page.map(() => true));
    for (const bucket of page) {
      expect(found.length === 0 || (from as Bytes) > (found.at(-1)?.from as Bytes)).toBe(true);
      found.push({ ...bucket, from: from as Bytes });
      from = bucket.to;
    }
  }
  return found;
}

/** Runs a story for some seeds; a failure names the seed. */
export async function forSeeds(
  seeds: number,
  story: (random: Random) => Promise<void> | void,
): Promise<void> {
  for (let seed = 1; seed <= seeds; seed++) {
    try {
      await story(new Random(seed));
    } catch (error) {
      (error as Error).message = `with seed ${seed}: ${(error as Error).message}`;
      throw error;
    }
  }
}

export function durableUpTo(storage: NodeStorage, number: number): Promise<void> {
  return new Promise((resolve, reject) => {
    storage.onDurable((upTo) => upTo >= number && resolve());
    storage.onFailure(reject);
  });
}

export function describeNodeStorage(name: string, make: () => Promise<StorageUnderTest>): void {
  describe(`${name} storage`, () => {
    // The machine that runs them may be busy with other tests.

    let subject: StorageUnderTest;
    let storage: NodeStorage;

    const open = async (visitor = IGNORE): Promise<NodeStorage> => {
      storage = await subject.open();
      await storage.recover(visitor);
      return storage;
    };

    beforeEach(async () => {
      subject = await make();
    });

    afterEach(async () => {
      await storage.close();
      await subject.dispose();
    });

    test('the entries agree with a sorted map under random changes, checkpoints and restarts', async () => {
      let from = 1;
      await open();
      await forSeeds(3, async (random) => {
        const draw = new Draw(random);
        const model = new SortedMap();
        storage.append(encodeChange({ erase: WHOLE_RING }));
        storage.entries.erase(WHOLE_RING);
        let checkpoint: Promise<unknown> = Promise.resolve();
        for (let step = 0; step < 150; step++) {
          const wallMs = (step * WALL_MS_MAX) / 150;
          const change = draw.change();
          applyChange(model, change);
          applyChange(storage.entries, change);
          storage.append(encodeChange(change));
          expectSame(storage.entries, model, draw, wallMs);
          if (random.chance(0.03)) {
            await checkpoint;
            checkpoint = storage.checkpoint(Buffer.from(`checkpoint ${from++}`));
          }
          if (random.chance(0.1)) await new Promise((resolve) => setImmediate(resolve));
          if (subject.lasting && random.chance(0.02)) {
            await checkpoint;
            await storage.close();
            await open({
              snapshot: (state) => expect(Buffer.from(state).toString()).toBe(`checkpoint ${from - 1}`),
              batch: (batch) => applyChange(storage.entries, decodeChange(batch)),
            });
            expectSame(storage.entries, model, draw, wallMs);
          }
        }
        await checkpoint;
        expect(scanAll(storage.entries, WHOLE_RING, 500)).toEqual(model.inRange(WHOLE_RING));
        expect(storage.entries.size(WHOLE_RING)).toEqual(model.size(WHOLE_RING));
      });
    });

    test('a scan by pages meets every entry that stays exactly once, in order, while others change', async () => {
      await open();
      await forSeeds(3, async (random) => {
        const draw = new Draw(random);
        const staying = new Map<RingKey, StoredValue>();
        for (let i = 0; i < 200; i++) {
          const key = draw.key();
          staying.set(key, draw.stored(key, 0, 50));
        }
        storage.entries.erase(WHOLE_RING);
        storage.entries.put([...staying].map(([key, value]) => ({ key, value })));
        const met: RingKey[] = [];
        for (let from: Bytes | undefined = '' as Bytes; from !== undefined;) {
          const page = storage.entries.scan({ from, to: undefined }, random.between(1, 300));
          expect(page.entries.length).toBeGreaterThan(0);
          met.push(...page.entries.map(({ key }) => key));
          from = page.next;
          const others = Array.from({ length: 5 }, () => ringKey(draw.position(), draw.bytes(21, 30)));
          storage.entries.put(
            others.map((key) => ({ key, value: random.chance(0.5) ? draw.stored(key, 0, 9) : undefined })),
          );
          if (random.chance(0.2)) await storage.checkpoint(Buffer.alloc(0));
        }
        expect(met).toEqual([...met].sort());
        expect(met.filter((key) => staying.has(key))).toEqual([...staying.keys()].sort());
      });
    });

    test('buckets cover a range, and match where the store holds the same and nowhere else', async () => {
      await open();
      await forSeeds(10, async (random) => {
        const draw = new Draw(random);
        const before = new SortedMap();
        storage.entries.erase(WHOLE_RING);
        const changes = Array.from({ length: 40 }, () => draw.change());
        for (const change of changes)
          for (const store of [before, storage.entries]) applyChange(store, change);
        if (random.chance(0.5)) await storage.checkpoint(Buffer.alloc(0));
        const range = draw.range();
        const buckets = cutAll(storage.entries, range, draw);
        const now = new SortedMap();
        now.put(before.inRange(WHOLE_RING));
        for (let i = random.below(4); i > 0; i--) {
          const change = draw.change();
          for (const store of [now, storage.entries]) applyChange(store, change);
        }
        const same = buckets.map(({ from, to }) => {
          const bounds = { from, to: to ?? range.to };
          return JSON.stringify(before.inRange(bounds)) === JSON.stringify(now.inRange(bounds));
        });
        expect(storage.entries.matches(range, buckets, 400)).toEqual(same);
        // Whatever is too large for a bucket is another one, unread.
        const small = storage.entries.matches(range, buckets, 1);
        expect(small.every((is, index) => !is || same[index])).toBe(true);
      });
    });

    test('keys and values at their limits come back byte for byte', async () => {
      await open();
      const everyByte = String.fromCharCode(...Array.from({ length: 256 }, (_, byte) => byte)) as Bytes;
      const entries = (
        [
          ['\0'.repeat(8), '\0', ''],
          ['\0'.repeat(8), '\0\0', everyByte],
          ['\x04abcdefg', everyByte, 'x'],
          ['\x05abcdefg', 'k'.repeat(1_023), 'shorter'],
          ['\x05abcdefg', 'k'.repeat(1_024), 'v'.repeat(1 << 20)],
          ['\xff'.repeat(8), '\xff'.repeat(1_024), everyByte],
        ] as [Bytes, Bytes, Bytes][]
      ).map(([at, text, value]): Entry => {
        const key = ringKey(at, text);
        return { key, value: seal(key, Number.MAX_SAFE_INTEGER, value, 7) };
      });
      storage.entries.put(entries);
      for (let round = 0; round < 2; round++) {
        for (const { key, value } of entries) expect(storage.entries.get(key) === value).toBe(true);
        expect(scanAll(storage.entries, WHOLE_RING, 1).map(({ key }) => key)).toEqual(
          entries.map(({ key }) => key),
        );
        await storage.checkpoint(Buffer.alloc(0));
      }
    });

    test('an arc through zero is its two ranges', async () => {
      await open();
      const arc = { start: position(2n ** 64n - 2n), end: position(2n) };
      const at = (point: bigint): RingKey => {
        const bytes = Buffer.alloc(8);
        bytes.writeBigUInt64BE(point);
        return ringKey(bytes.toString('latin1') as Bytes, 'key' as Bytes);
      };
      const points = [0n, 1n, 2n, 5n, 2n ** 64n - 3n, 2n ** 64n - 2n, 2n ** 64n - 1n];
      storage.entries.put(
        points.map((point) => ({ key: at(point), value: seal(at(point), 1, 'v' as Bytes) })),
      );
      const found = arcKeyRanges(arc).flatMap((range) => scanAll(storage.entries, range, 1));
      expect(found.map(({ key }) => key)).toEqual(
        [2n ** 64n - 2n, 2n ** 64n - 1n, 0n, 1n].map((point) => at(point)),
      );
      for (const range of arcKeyRanges(arc)) storage.entries.erase(range);
      expect(storage.entries.size(WHOLE_RING)).toEqual({
        keys: 3,
        bytes: 3 * ('key'.length + ENVELOPE_BYTES_MIN + 1),
      });
    });

    test('batches are numbered from 1 on and reported durable after the call, in order', async () => {
      await open();
      const reports: number[] = [];
      const done = new Promise<void>((resolve) => {
        storage.onDurable((upTo) => {
          reports.push(upTo);
          if (upTo === 3) resolve();
        });
      });
      expect([1, 2, 3].map(() => storage.append(Buffer.from('batch')))).toEqual([1, 2, 3]);
      expect(reports).toEqual([]);
      await done;
      expect(reports).toEqual([...reports].sort());
    });

    test('closing twice is closing once, and what was appended before is reported durable', async () => {
      await open();
      let durable = 0;
      storage.onDurable((upTo) => (durable = upTo));
      for (let i = 0; i < 100; i++) storage.append(Buffer.alloc(100));
      await Promise.all([storage.close(), storage.close()]);
      expect(durable).toBe(100);
    });

    test('a batch of no bytes and one larger than a segment come back', async () => {
      await open();
      const batches = [Buffer.alloc(0), Buffer.alloc(3 << 20, 7), Buffer.from('small')];
      const durable = durableUpTo(storage, 3);
      for (const batch of batches) storage.append(batch);
      await durable;
      await storage.close();
      const found: Buffer[] = [];
      await open({ snapshot: () => undefined, batch: (batch) => void found.push(Buffer.from(batch)) });
      expect(found.length).toBe(subject.lasting ? 3 : 0);
      for (const [index, batch] of found.entries()) expect(batch.equals(batches[index] as Buffer)).toBe(true);
    });
  });
}

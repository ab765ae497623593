/** The two halves of a transfer against each other, on tables with whatever contents, while operations commit. */

import fc from 'fast-check';
import {
  arcKeyRanges,
  arcKeyTest,
  POSITION_BYTES,
  position,
  positionBytes,
  ringKey,
  type Arc,
  type Bytes,
  type RingKey,
} from '@ringkeep/shared';
import { seal } from '@ringkeep/shared/operations';
import type { Bucket, Entry, TransferSizes } from '../../src/core';
import { TRANSFER_SIZES } from '../../src/core/limits';
import { changesToMatch, Intake } from '../../src/core/follower/intake';
import { Transfer } from '../../src/core/primary/transfer';
import { MemoryEntryStore } from '../../src/storage';

const RING_PARTS = 1n << 60n;
const point = (part: number): Arc['start'] => position(BigInt(part) * RING_PARTS);
const sealed = (key: RingKey, value: string | undefined): Entry => ({
  key,
  value: value === undefined ? undefined : seal(key, 1, value as Bytes),
});
const entry = (part: number, value: string | undefined): Entry =>
  sealed(ringKey(positionBytes(position(point(part) + 7n)), `key ${part}` as Bytes), value);

function table(entries: readonly Entry[]): MemoryEntryStore {
  const store = new MemoryEntryStore();
  store.put(entries);
  return store;
}

const contentOf = (store: MemoryEntryStore, range: Arc): readonly Entry[] =>
  arcKeyRanges(range).flatMap((keys) => store.scan(keys, Infinity).entries);

const bytesOf = (entries: readonly Entry[]): number =>
  entries.reduce((sum, { key, value }) => sum + key.length - POSITION_BYTES + (value?.length ?? 0), 0);

/** A transfer carried out as the two sessions do; `meanwhile` is committed at the primary, one before each chunk. */
class Copying {
  received = 0;
  readonly transfer: Transfer;
  private readonly intake: Intake;

  constructor(
    readonly primary: MemoryEntryStore,
    readonly follower: MemoryEntryStore,
    readonly range: Arc,
    private readonly sizes: TransferSizes,
    private readonly sendsDigests: boolean,
  ) {
    this.transfer = new Transfer(primary, range, sendsDigests, sizes);
    this.intake = new Intake(follower, range, sizes);
  }

  run(meanwhile: Iterator<Entry> = [][Symbol.iterator]()): this {
    const { transfer, intake } = this;
    if (this.sendsDigests) expect(transfer.take(intake.nextDigests() as Bucket[])).toBeUndefined();
    while (!transfer.done) {
      this.commit(meanwhile.next());
      const chunk = transfer.next();
      this.received += chunk.entries.length;
      // It would do without its last entry: a chunk never grows beyond what a message may have.
      expect(bytesOf(chunk.entries.slice(0, -1))).toBeLessThan(this.sizes.chunkBytes);
      this.follower.put(changesToMatch(this.follower, chunk));
      if (!transfer.wantsDigests()) continue;
      this.commit(meanwhile.next());
      expect(transfer.take(intake.nextDigests() as Bucket[])).toBeUndefined();
    }
    return this;
  }

  private commit({ value: entry, done }: IteratorResult<Entry, unknown>): void {
    if (done) return;
    this.primary.put([entry]);
    const holds = arcKeyTest(this.range);
    if (holds(entry.key) && this.transfer.passed(entry.key)) this.follower.put([entry]);
  }
}

const contents = fc
  .array(fc.tuple(fc.nat(15), fc.constantFrom('a', 'b', 'longer')), { maxLength: 24 })
  .map((pairs) => pairs.map(([part, value]) => entry(part, value)));
const changes = fc
  .array(fc.tuple(fc.nat(15), fc.constantFrom('a', 'c', undefined)), { maxLength: 30 })
  .map((pairs) => pairs.map(([part, value]) => entry(part, value)));
const ranges = fc.tuple(fc.nat(15), fc.nat(15)).map(([from, to]) => ({ start: point(from), end: point(to) }));
const sizes = fc.record({
  chunkBytes: fc.constantFrom(1, 20, 1_000),
  windowBytes: fc.constant(10_000),
  bucketBytes: fc.constantFrom(1, 20, 1_000),
  pageBuckets: fc.constantFrom(1, 2, 100),
  messageBytes: fc.constant(1_000),
});

test('whatever the two held, and whatever commits meanwhile, they hold the same of the range in the end', () => {
  fc.assert(
    fc.property(
      contents,
      contents,
      ranges,
      sizes,
      fc.boolean(),
      changes,
      (ours, theirs, range, cut, sendsDigests, later) => {
        const copying = new Copying(table(ours), table(theirs), range, cut, sendsDigests);
        const outside = arcKeyRanges({ start: range.end, end: range.start });
        const untouched =
          range.start === range.end
            ? []
            : outside.flatMap((keys) => copying.follower.scan(keys, Infinity).entries);
        copying.run(later[Symbol.iterator]());
        expect(contentOf(copying.follower, range)).toEqual(contentOf(copying.primary, range));
        if (range.start !== range.end)
          expect(contentOf(copying.follower, { start: range.end, end: range.start })).toEqual(untouched);
      },
    ),
  );
});

describe('of 20,000 entries', () => {
  const WHOLE: Arc = { start: point(3), end: point(3) };
  const many = Array.from({ length: 20_000 }, (_, index): Entry => {
    const at = positionBytes(position(BigInt(index) * (2n ** 64n / 20_000n)));
    return sealed(ringKey(at, `key ${index}` as Bytes), `value ${index} `.padEnd(100, '.'));
  });
  const away = (changed: readonly Entry[], before: readonly Entry[] = many): Copying => {
    const copying = new Copying(table(many), table(before), WHOLE, TRANSFER_SIZES, true);
    copying.primary.put(changed);
    return copying.run();
  };

  test('a follower that has them all is sent none', () => {
    expect(away([]).received).toBe(0);
  });

  test('of 20 that changed and 5 that were deleted, their buckets are sent', () => {
    const changed = many.filter((_, index) => index % 1_000 === 0);
    const deleted = many.filter((_, index) => index % 4_000 === 7);
    const { received, follower, primary } = away([
      ...changed.map(({ key }) => sealed(key, 'new')),
      ...deleted.map((old) => ({ ...old, value: undefined })),
    ]);
    expect(received).toBeGreaterThan(20);
    expect(received).toBeLessThan(25 * 25);
    expect(contentOf(follower, WHOLE)).toEqual(contentOf(primary, WHOLE));
  });

  test('however much buckets have grown, a chunk is no larger than others', () => {
    const grown = many.filter((_, index) => index % 40 === 0 && index < 4_000);
    const { follower, primary } = away(grown.map(({ key }) => sealed(key, 'x'.repeat(100_000))));
    expect(contentOf(follower, WHOLE)).toEqual(contentOf(primary, WHOLE));
  });

  test('a follower that has a few of them is sent little more than the rest', () => {
    const { received, follower, primary } = away([], many.slice(0, 500));
    expect(received).toBeGreaterThanOrEqual(many.length - 500);
    expect(received).toBeLessThan(many.length - 450);
    expect(contentOf(follower, WHOLE)).toEqual(contentOf(primary, WHOLE));
  });
});

describe('digests that cannot be are refused', () => {
  const range: Arc = { start: point(4), end: point(8) };
  const digest = 'd'.repeat(16) as Bytes;
  const at = (part: number): Bytes => positionBytes(point(part));
  const transfer = (): Transfer =>
    new Transfer(table([]), range, true, { ...TRANSFER_SIZES, pageBuckets: 3 });

  test.each<[string, (Bytes | undefined)[]]>([
    ['none', []],
    ['more than a page', [at(5), at(6), at(7), undefined]],
    ['buckets that go back', [at(6), at(5)]],
    ['an empty bucket', [at(4)]],
    ['a bucket beyond the range', [at(8)]],
    ['a bucket after the end', [undefined, at(6)]],
  ])('%s', (_, ends) => {
    expect(transfer().take(ends.map((to) => ({ to, digest })))).toBeDefined();
  });

  test('a page that nobody asked for', () => {
    const asking = transfer();
    expect(asking.take([{ to: at(6), digest }])).toBeUndefined();
    expect(asking.take([{ to: at(7), digest }])).toBe('digests that nobody asked for');
  });
});

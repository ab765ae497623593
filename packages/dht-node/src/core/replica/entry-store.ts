/**
 * The port to a node's readable state: committed entries only, in ring order.
 *
 * Everything is synchronous. A read asks the table at once. A change is in the table at once, and becomes durable
 * through the log (see records.ts) or the next checkpoint. Implementations run the conformance suite in test/storage.
 */

import type { Bytes, KeyRange, RingKey } from '@ringkeep/shared';
import type { StoredValue } from '@ringkeep/shared/operations';

/** A key with its value in its envelope; without a value, a deletion. */
export interface Entry {
  readonly key: RingKey;
  readonly value: StoredValue | undefined;
  /** Of a deletion that nobody asked for: the key's time was over. */
  readonly cause?: 'expiry';
}

/** What is found of an entry that is not what its primary made. */
export const DAMAGED = Symbol('damaged');
export type Found = StoredValue | undefined | typeof DAMAGED;

export interface ScanPage {
  /** In ring order; every one has a value. */
  readonly entries: readonly Entry[];
  /** Where to go on; undefined when the range is done. */
  readonly next: Bytes | undefined;
  /** Begins at `next`: what is in it cannot be told. From behind one sound key up to the next. */
  readonly damaged: KeyRange | undefined;
}

/** What stretches of a range hold, and nothing but that. */
export interface Chunk {
  readonly ranges: readonly KeyRange[];
  readonly entries: readonly Entry[];
}

export interface RangeSize {
  readonly keys: number;
  /** Keys (without their positions) and values in their envelopes. */
  readonly bytes: number;
}

/** A stretch of a range and a digest of what it holds: the same digest stands for the same entries. */
export interface Bucket {
  /** Where the next one begins; undefined for the last one, which ends with the range. */
  readonly to: Bytes | undefined;
  /** DIGEST_BYTES of a cryptographic hash: whoever chooses keys and values cannot make two contents look alike. */
  readonly digest: Bytes;
}

/**
 * 2^-64 for each comparison would be too often for an error that nobody would ever notice. With this length, one of
 * 2^40 comparisons is wrong with a probability of 2^-88.
 */
export const DIGEST_BYTES = 16;

/** What a key belongs to. */
export interface Keyed {
  readonly key: RingKey;
}

export type KeyWalk = Iterable<readonly [RingKey, StoredValue | undefined]>;

export interface EntryStore {
  /**
   * A hint: the keys of the items from `from` on are asked for next, in their order; some may be left out. @returns the
   * index of the first item that the store wants to be told again, when its turn comes
   */
  announce(items: readonly Keyed[], from: number): number;
  get(key: RingKey): Found;
  /** What is there of a key, damaged or not. */
  raw(key: RingKey): StoredValue | undefined;
  /**
   * The entries from the range's beginning on, until their keys and values reach bytesMax (one at least), or up to a
   * damaged one; `checked` false takes them as they are.
   */
  scan(range: KeyRange, bytesMax: number, checked?: boolean): ScanPage;
  /** The entries of a range in ring order, or against it, damaged or not; nothing may change before it is done with. */
  walk(range: KeyRange, reverse?: boolean): Iterable<readonly [RingKey, StoredValue]>;
  /**
   * The entries of a range of keys in the order of the keys without their positions; of those that lie outside of a
   * stretch of the ring the key alone, which may be there no more. Undefined where no index of keys is kept.
   */
  walkKeys(keys: KeyRange, reverse: boolean, within: KeyRange): KeyWalk | undefined;
  /** From now on there is an index of the keys. */
  indexKeys(): void;
  /** Stores entries, deletes those without a value. */
  put(entries: readonly Entry[]): void;
  /** Makes the range hold these entries and nothing else, without reading what it holds. */
  mend(range: KeyRange, entries: readonly Entry[]): void;
  /**
   * Keys of the range whose time is over at that time of the ring, in ring order, keysMax at most. A call takes no time
   * that matters: while very many end at once, it names fewer than there are.
   */
  over(range: KeyRange, wallMs: number, keysMax: number): readonly RingKey[];
  /** Removes every entry of the range. */
  erase(range: KeyRange): void;
  /** How much the range holds, exactly. */
  size(range: KeyRange): RangeSize;
  /** How much there is at the position of a key and near it, found at once: at least as much as at the position. */
  crowdAt(key: RingKey): RangeSize;
  /** Cuts a range, from its beginning on, into buckets of about bucketBytes of keys and values each. */
  buckets(range: KeyRange, bucketBytes: number, bucketsMax: number): Bucket[];
  /** Which of the buckets, one after the other from the range's beginning on, hold the same here, undamaged. */
  matches(range: KeyRange, buckets: readonly Bucket[], bucketBytes: number): boolean[];
}

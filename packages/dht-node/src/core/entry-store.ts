/**
 * The port to a node's readable state: committed entries only, in ring order.
 *
 * Everything is synchronous: a read asks the table at once, a change is in the table at once and becomes
 * durable through the log (see records.ts) or the next checkpoint. Implementations run the conformance
 * suite in test/storage.
 */

import type { Bytes, KeyRange, RingKey } from '@ringkeep/shared';

/** A key with its value; without a value, a deletion. */
export interface Entry {
  readonly key: RingKey;
  readonly value: Bytes | undefined;
}

export interface ScanPage {
  /** In ring order; every one has a value. */
  readonly entries: readonly Entry[];
  /** Where to go on; undefined when the range is done. */
  readonly next: Bytes | undefined;
}

export interface RangeSize {
  readonly keys: number;
  /** Keys (without their positions) and values. */
  readonly bytes: number;
}

export interface EntryStore {
  get(key: RingKey): Bytes | undefined;
  /** The entries from the range's beginning on, until their keys and values reach bytesMax (one at least). */
  scan(range: KeyRange, bytesMax: number): ScanPage;
  /** Stores entries, deletes those without a value. */
  put(entries: readonly Entry[]): void;
  /** The same; returns what each of them replaced, those before it applied. */
  replace(entries: readonly Entry[]): (Bytes | undefined)[];
  /** Removes every entry of the range. */
  erase(range: KeyRange): void;
  /** How much the range holds, exactly. */
  size(range: KeyRange): RangeSize;
}

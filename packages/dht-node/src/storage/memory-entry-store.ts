/** The readable entries of a node without a disk: one table. */

import type { KeyRange, RingKey } from '@ringkeep/shared';
import { isSound, type StoredValue } from '@ringkeep/shared/operations';
import {
  DAMAGED,
  type Bucket,
  type Entry,
  type EntryStore,
  type Found,
  type Keyed,
  type KeyWalk,
  type RangeSize,
  type ScanPage,
} from '../core/replica/entry-store';
import { cutIntoBuckets, matchBuckets } from './bucket-digests';
import { DueTimes } from './due-times';
import type { Examined } from './node-storage';
import { rangeOfPart } from './range-counts';
import { KeyIndex, lookedUp } from './key-index';
import { WHOLE_RING } from './range-set';
import { RingTable } from './ring-table';
import { damagedIn, pageOf } from './scan-page';

export class MemoryEntryStore implements EntryStore {
  private readonly table = new RingTable<StoredValue>();
  private readonly dueTimes = new DueTimes();
  private keys: KeyIndex | undefined;

  /** @param checksReads what is in memory is not checked each time that it is read, unless it stands for a disk */
  constructor(private readonly checksReads = false) {}

  announce(items: readonly Keyed[], from: number): number {
    return this.table.announce(items, from);
  }

  get(key: RingKey): Found {
    const stored = this.table.get(key);
    return this.checksReads && stored !== undefined && !isSound(key, stored) ? DAMAGED : stored;
  }

  raw(key: RingKey): StoredValue | undefined {
    return this.table.get(key);
  }

  scan(range: KeyRange, bytesMax: number, checked = true): ScanPage {
    return pageOf(this.table.entries(range), range, bytesMax, checked);
  }

  walk(range: KeyRange, reverse = false): Iterable<readonly [RingKey, StoredValue]> {
    return this.table.entries(range, reverse);
  }

  indexKeys(): void {
    if (this.keys !== undefined) return;
    this.keys = new KeyIndex();
    for (const [key] of this.table.entries(WHOLE_RING)) this.keys.add(key);
  }

  walkKeys(keys: KeyRange, reverse: boolean, within: KeyRange): KeyWalk | undefined {
    return this.keys && lookedUp(this.keys.walk(keys, reverse), within, (key) => this.raw(key));
  }

  put(entries: readonly Entry[]): void {
    this.table.each(entries, (entry) => this.store(entry));
  }

  mend(range: KeyRange, entries: readonly Entry[]): void {
    this.erase(range);
    this.put(entries);
  }

  /** Memory is examined for what it has forgotten, too. */
  examine(part: number): Examined {
    return { damaged: damagedIn((range) => this.table.entries(range), rangeOfPart(part)), missing: 0 };
  }

  erase(range: KeyRange): void {
    if (this.keys !== undefined) for (const [key] of this.table.entries(range)) this.keys.delete(key);
    this.table.erase(range);
    this.dueTimes.erase(range);
  }

  over(range: KeyRange, wallMs: number, keysMax: number): readonly RingKey[] {
    return this.dueTimes.overWithin(range, wallMs, keysMax);
  }

  size(range: KeyRange): RangeSize {
    return this.table.size(range);
  }

  crowdAt(key: RingKey): RangeSize {
    return this.table.crowdAt(key);
  }

  buckets(range: KeyRange, bucketBytes: number, bucketsMax: number): Bucket[] {
    return cutIntoBuckets((part) => this.table.entries(part), range, bucketBytes, bucketsMax);
  }

  matches(range: KeyRange, buckets: readonly Bucket[], bucketBytes: number): boolean[] {
    return matchBuckets((part) => this.table.entries(part), range, buckets, bucketBytes);
  }

  private store({ key, value }: Entry): void {
    if (value === undefined) {
      this.table.delete(key);
      this.keys?.delete(key);
    } else {
      this.table.set(key, value);
      this.keys?.add(key);
    }
    this.dueTimes.note(key, value);
  }
}

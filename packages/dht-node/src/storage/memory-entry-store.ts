/** The readable entries of a node without a disk: one table. */

import type { KeyRange, RingKey } from '@ringkeep/shared';
import type { StoredValue } from '@ringkeep/shared/operations';
import type { Bucket, Entry, EntryStore, Found, Keyed, RangeSize, ScanPage } from '../core/entry-store';
import { cutIntoBuckets, matchBuckets } from './bucket-digests';
import type { Examined } from './node-storage';
import { rangeOfPart } from './range-counts';
import { RingTable } from './ring-table';
import { damagedIn, pageOf } from './scan-page';

export class MemoryEntryStore implements EntryStore {
  private readonly table = new RingTable<StoredValue>();

  announce(items: readonly Keyed[], from: number): number {
    return this.table.announce(items, from);
  }

  /** What is in memory is not checked each time that it is read. */
  get(key: RingKey): Found {
    return this.table.get(key);
  }

  raw(key: RingKey): StoredValue | undefined {
    return this.table.get(key);
  }

  scan(range: KeyRange, bytesMax: number, checked = true): ScanPage {
    return pageOf(this.table.entries(range), range, bytesMax, checked);
  }

  put(entries: readonly Entry[]): void {
    this.table.each(entries, (entry) => this.store(entry));
  }

  replace(entries: readonly Entry[]): Found[] {
    const replaced: Found[] = [];
    this.table.each(entries, (entry) => {
      replaced.push(this.get(entry.key));
      this.store(entry);
    });
    return replaced;
  }

  mend(range: KeyRange, entries: readonly Entry[]): void {
    this.table.erase(range);
    this.put(entries);
  }

  /** Memory is examined for what it has forgotten, too. */
  examine(part: number): Examined {
    return { damaged: damagedIn((range) => this.table.entries(range), rangeOfPart(part)), missing: 0 };
  }

  erase(range: KeyRange): void {
    this.table.erase(range);
  }

  size(range: KeyRange): RangeSize {
    return this.table.size(range);
  }

  buckets(range: KeyRange, bucketBytes: number, bucketsMax: number): Bucket[] {
    return cutIntoBuckets((part) => this.table.entries(part), range, bucketBytes, bucketsMax);
  }

  matches(range: KeyRange, buckets: readonly Bucket[], bucketBytes: number): boolean[] {
    return matchBuckets((part) => this.table.entries(part), range, buckets, bucketBytes);
  }

  private store({ key, value }: Entry): void {
    if (value === undefined) this.table.delete(key);
    else this.table.set(key, value);
  }
}

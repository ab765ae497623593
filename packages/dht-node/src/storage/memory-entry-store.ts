/** The readable entries of a node without a disk: one table. */

import type { KeyRange, RingKey } from '@ringkeep/shared';
import type { StoredValue } from '@ringkeep/shared/operations';
import type { Bucket, Entry, EntryStore, Keyed, RangeSize, ScanPage } from '../core/entry-store';
import { cutIntoBuckets, matchBuckets } from './bucket-digests';
import { RingTable } from './ring-table';
import { pageOf } from './scan-page';

export class MemoryEntryStore implements EntryStore {
  private readonly table = new RingTable<StoredValue>();

  announce(items: readonly Keyed[], from: number): number {
    return this.table.announce(items, from);
  }

  get(key: RingKey): StoredValue | undefined {
    return this.table.get(key);
  }

  scan(range: KeyRange, bytesMax: number): ScanPage {
    return pageOf(this.table.entries(range), bytesMax);
  }

  put(entries: readonly Entry[]): void {
    this.table.each(entries, (entry) => this.store(entry));
  }

  replace(entries: readonly Entry[]): (StoredValue | undefined)[] {
    const replaced: (StoredValue | undefined)[] = [];
    this.table.each(entries, (entry) => {
      replaced.push(this.table.get(entry.key));
      this.store(entry);
    });
    return replaced;
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

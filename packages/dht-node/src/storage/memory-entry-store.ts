/**
 * The readable entries of a node without a disk: one table.
 *
 * It is where values stay for good, so it takes care that each is a string of its own: 24-byte keys with
 * 100-byte values take about 205 bytes an entry.
 */

import type { Bytes, KeyRange, RingKey } from '@ringkeep/shared';
import type { Bucket, Entry, EntryStore, RangeSize, ScanPage } from '../core/entry-store';
import { cutIntoBuckets, matchBuckets } from './bucket-digests';
import { RingTable } from './ring-table';
import { entryBytes, pageOf } from './scan-page';

/** V8 makes slices and concatenations of at least this length share other strings' memory. */
const SHARING_STRING_BYTES_MIN = 13;
const SCRATCH = Buffer.allocUnsafeSlow(64 * 1024);

export class MemoryEntryStore implements EntryStore {
  private readonly table = new RingTable<Bytes>(entryBytes, ownCopy);

  get(key: RingKey): Bytes | undefined {
    return this.table.get(key);
  }

  scan(range: KeyRange, bytesMax: number): ScanPage {
    return pageOf(this.table.entries(range), bytesMax);
  }

  put(entries: readonly Entry[]): void {
    for (const entry of entries) this.store(entry);
  }

  replace(entries: readonly Entry[]): (Bytes | undefined)[] {
    return entries.map((entry) => {
      const before = this.table.get(entry.key);
      this.store(entry);
      return before;
    });
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
    else this.table.set(key, ownCopy(value));
  }
}

/**
 * The same bytes in a string that shares no memory with another one. A key is often a concatenation and a
 * value may be a slice of a whole frame; stored as they are they would keep twice or a thousand times their
 * size alive.
 */
function ownCopy<T extends Bytes>(bytes: T): T {
  if (bytes.length < SHARING_STRING_BYTES_MIN) return bytes;
  const buffer = bytes.length <= SCRATCH.length ? SCRATCH : Buffer.allocUnsafeSlow(bytes.length);
  buffer.write(bytes, 0, 'latin1');
  return buffer.toString('latin1', 0, bytes.length) as T;
}

/**
 * Cuts ranges into buckets, each with a digest of its entries, and compares such digests with another table.
 *
 * Digests are made when somebody asks, by a walk in ring order. A digest kept up to date would cost every write a hash
 * of the old and the new value, for something that is needed only when a node comes back. The table that cuts the
 * buckets decides where they end, so they are of even size whatever it holds.
 */

import { hash } from 'node:crypto';
import type { Bytes, KeyRange, RingKey } from '@ringkeep/shared';
import { isSound, type StoredValue } from '@ringkeep/shared/operations';
import { DIGEST_BYTES, type Bucket } from '../core/replica/entry-store';
import { contentBytes, type RangeWalk } from './scan-page';

export function cutIntoBuckets(
  walk: RangeWalk,
  range: KeyRange,
  bucketBytes: number,
  bucketsMax: number,
): Bucket[] {
  const buckets: Bucket[] = [];
  const content = new BucketContent();
  let last: RingKey | undefined;
  for (const [key, value] of walk(range)) {
    if (last !== undefined && content.bytes >= bucketBytes) {
      buckets.push({ to: boundary(last, key), digest: content.digest() });
      if (buckets.length === bucketsMax) return buckets;
    }
    content.add(key, value);
    last = key;
  }
  buckets.push({ to: undefined, digest: content.digest() });
  return buckets;
}

/**
 * A damaged entry makes its bucket another one, whatever the digests say. A bucket that holds more than the one that it is held against can is not read to its end: that may be the
 * whole table.
 */
export function matchBuckets(
  walk: RangeWalk,
  range: KeyRange,
  buckets: readonly Bucket[],
  bucketBytes: number,
): boolean[] {
  const same: boolean[] = [];
  const content = new BucketContent();
  let damaged = false;
  const close = (): void => {
    const bucket = buckets[same.length] as Bucket;
    same.push(content.digest() === bucket.digest && !damaged);
    damaged = false;
  };
  const to = buckets.at(-1)?.to ?? range.to;
  for (let from: Bytes | undefined = range.from; from !== undefined;) {
    const rest: KeyRange = { from, to };
    from = undefined;
    for (const [key, value] of walk(rest)) {
      while (endsBefore(buckets[same.length], key)) close();
      if (content.bytes >= bucketBytes) {
        content.clear();
        damaged = false;
        from = buckets[same.length]?.to;
        same.push(false);
        break;
      }
      damaged ||= !isSound(key, value);
      content.add(key, value);
    }
    if (from === undefined) while (same.length < buckets.length) close();
  }
  return same;
}

function endsBefore(bucket: Bucket | undefined, key: RingKey): boolean {
  return bucket?.to !== undefined && key >= bucket.to;
}

/** The shortest text that is greater than one key and not greater than the next: a handful of bytes. */
function boundary(last: RingKey, next: RingKey): Bytes {
  let length = 1;
  while (next.slice(0, length) <= last) length++;
  return next.slice(0, length) as Bytes;
}

/** The entries of one bucket as one byte string, in which lengths keep keys and values apart. */
class BucketContent {
  private text = '';
  /** Keys and values, as pages of a scan count them. */
  bytes = 0;

  add(key: RingKey, value: StoredValue): void {
    this.text += lengthOf(key) + key + lengthOf(value) + value;
    this.bytes += contentBytes(key, value);
  }

  digest(): Bytes {
    const digest = hash('sha256', Buffer.from(this.text, 'latin1'), 'binary').slice(0, DIGEST_BYTES);
    this.clear();
    return digest as Bytes;
  }

  clear(): void {
    this.text = '';
    this.bytes = 0;
  }
}

/** Four bytes, little-endian. */
function lengthOf(bytes: Bytes | StoredValue): string {
  const { length } = bytes;
  return String.fromCharCode(length & 255, (length >> 8) & 255, (length >> 16) & 255, length >>> 24);
}

/**
 * How many keys and bytes there are in each part of the ring, kept beside a table that is too large to be walked for
 * it.
 *
 * The ring is cut into 65,536 buckets by the first two bytes of the position. A range consists of whole buckets, which
 * are summed, and at most two edges, which the caller has to walk: of a million keys, a few dozen.
 */

import type { Bytes, KeyRange, RingKey } from '@ringkeep/shared';
import { POSITION_BYTES } from '@ringkeep/shared/ring/ring-key';
import type { RangeSize } from '../core/replica/entry-store';
import { PARTS } from './node-storage';
import { isEmptyRange } from './range-set';
import type { RangeWalk } from './scan-page';

const BUCKETS = PARTS;
/** One bucket in its encoded form: its number (2), keys (4), bytes (8). */
const ENCODED_BYTES = 14;

interface Cut {
  /** Whole buckets, first ≤ bucket < end. */
  readonly first: number;
  readonly end: number;
  readonly edges: readonly KeyRange[];
}

export class RangeCounts {
  private readonly keys = new Uint32Array(BUCKETS);
  private readonly bytes = new Float64Array(BUCKETS);

  add(key: RingKey, keys: number, bytes: number): void {
    const bucket = bucketOf(key);
    this.keys[bucket] = (this.keys[bucket] as number) + keys;
    this.bytes[bucket] = (this.bytes[bucket] as number) + bytes;
  }

  /** Every key counts for so many bytes more. */
  grow(bytes: number): void {
    for (let bucket = 0; bucket < BUCKETS; bucket++)
      this.bytes[bucket] = (this.bytes[bucket] as number) + bytes * (this.keys[bucket] as number);
  }

  keysIn(bucket: number): number {
    return this.keys[bucket] as number;
  }

  /** Of the part that the key is in. */
  near(key: RingKey): RangeSize {
    const bucket = bucketOf(key);
    return { keys: this.keys[bucket] as number, bytes: this.bytes[bucket] as number };
  }

  size(range: KeyRange, walk: RangeWalk): RangeSize {
    const { first, end, edges } = cutRange(range);
    let keys = 0;
    let bytes = 0;
    for (let bucket = first; bucket < end; bucket++) {
      keys += this.keys[bucket] as number;
      bytes += this.bytes[bucket] as number;
    }
    for (const edge of edges) {
      for (const [key, value] of walk(edge)) {
        keys++;
        bytes += key.length - POSITION_BYTES + value.length;
      }
    }
    return { keys, bytes };
  }

  /** Recounts the buckets that a range touches. */
  recount(range: KeyRange, walk: RangeWalk): void {
    const first = bucketOf(range.from);
    const end = range.to === undefined ? BUCKETS : bucketOf(range.to) + 1;
    this.keys.fill(0, first, end);
    this.bytes.fill(0, first, end);
    for (const [key, value] of walk({ from: startOf(first) as Bytes, to: startOf(end) }))
      this.add(key, 1, key.length - POSITION_BYTES + value.length);
  }

  /** Call it while the range still has its entries. */
  erase(range: KeyRange, walk: RangeWalk): void {
    const { first, end, edges } = cutRange(range);
    this.keys.fill(0, first, end);
    this.bytes.fill(0, first, end);
    for (const edge of edges) {
      for (const [key, value] of walk(edge)) this.add(key, -1, POSITION_BYTES - key.length - value.length);
    }
  }

  encode(): Buffer {
    const used: number[] = [];
    for (let bucket = 0; bucket < BUCKETS; bucket++) if (this.keys[bucket] !== 0) used.push(bucket);
    const encoded = Buffer.allocUnsafe(used.length * ENCODED_BYTES);
    let at = 0;
    for (const bucket of used) {
      at = encoded.writeUInt16LE(bucket, at);
      at = encoded.writeUInt32LE(this.keys[bucket] as number, at);
      at = encoded.writeDoubleLE(this.bytes[bucket] as number, at);
    }
    return encoded;
  }

  static decode(encoded: Buffer): RangeCounts {
    const counts = new RangeCounts();
    for (let at = 0; at < encoded.length; at += ENCODED_BYTES) {
      const bucket = encoded.readUInt16LE(at);
      counts.keys[bucket] = encoded.readUInt32LE(at + 2);
      counts.bytes[bucket] = encoded.readDoubleLE(at + 6);
    }
    return counts;
  }
}

/** The keys of one bucket. */
export function rangeOfPart(bucket: number): KeyRange {
  return { from: startOf(bucket) as Bytes, to: startOf(bucket + 1) };
}

function cutRange(range: KeyRange): Cut {
  if (isEmptyRange(range)) return { first: 0, end: 0, edges: [] };
  const { from, to } = range;
  const fromBucket = bucketOf(from);
  const toBucket = to === undefined ? BUCKETS : bucketOf(to);
  const first = from.length === 0 ? 0 : fromBucket + 1;
  if (first > toBucket) return { first: 0, end: 0, edges: [range] };
  const edges: KeyRange[] = [];
  if (first > fromBucket) edges.push({ from, to: startOf(first) });
  if (to !== undefined) edges.push({ from: startOf(toBucket) as Bytes, to });
  return { first, end: toBucket, edges };
}

function bucketOf(key: Bytes): number {
  return (byteAt(key, 0) << 8) | byteAt(key, 1);
}

function byteAt(key: Bytes, index: number): number {
  return index < key.length ? key.charCodeAt(index) : 0;
}

function startOf(bucket: number): Bytes | undefined {
  if (bucket >= BUCKETS) return undefined;
  return String.fromCharCode(bucket >> 8, bucket & 255) as Bytes;
}

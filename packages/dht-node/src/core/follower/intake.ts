/**
 * The follower's half of a transfer: it describes by digests what it still has of the range, and takes over what is
 * different at the primary.
 *
 * Entries of a copy that no longer counts stay in place until the primary's replace them. So a node that was away for a
 * minute, or whose transfer broke off, is sent little more than what has changed.
 */

import { arcKeyRanges, type Arc, type Bytes, type RingKey } from '@ringkeep/shared';
import type { StoredValue } from '@ringkeep/shared/operations';
import type { TransferSizes } from '../limits';
import type { Bucket, Chunk, Entry, EntryStore } from '../replica/entry-store';

export class Intake {
  private from: Bytes | undefined;
  private rangeIndex = 0;

  constructor(
    private readonly entries: EntryStore,
    private readonly range: Arc,
    private readonly sizes: TransferSizes,
  ) {}

  /** Digests of what comes next; undefined when all of the range has been told. */
  nextDigests(): readonly Bucket[] | undefined {
    const range = arcKeyRanges(this.range)[this.rangeIndex];
    if (!range) return undefined;
    const { bucketBytes, pageBuckets } = this.sizes;
    const rest = { from: this.from ?? range.from, to: range.to };
    const buckets = this.entries.buckets(rest, bucketBytes, pageBuckets);
    this.from = buckets.at(-1)?.to;
    if (this.from === undefined) this.rangeIndex++;
    return buckets;
  }
}

/** The changes that make the ranges of a chunk hold its entries and nothing else; what is there already is left out. */
export function changesToMatch(entries: EntryStore, chunk: Chunk): readonly Entry[] {
  const before = new Map<RingKey, StoredValue | undefined>();
  for (const range of chunk.ranges) {
    for (const { key, value } of entries.scan(range, Infinity, false).entries) before.set(key, value);
  }
  if (before.size === 0) return chunk.entries;
  const changes = chunk.entries.filter(({ key, value }) => before.get(key) !== value);
  for (const { key } of chunk.entries) before.delete(key);
  for (const key of before.keys()) changes.push({ key, value: undefined });
  return changes;
}

/**
 * The primary's half of a transfer: what of a range a follower still has to be sent.
 *
 * A cursor runs through the range in ring order. The follower has what lies before the cursor, as of the moment at
 * which the cursor passed it, and gets every later operation on it. What lies beyond is read when the cursor gets
 * there. Up to the end of a differing bucket, or to the end of the range if the follower has nothing, chunks bring what
 * is there. A bucket whose digest is the same here is passed silently.
 *
 * A comparison is worth nothing a moment later, so the cursor passes what was compared in the same step.
 */

import { arcKeyRanges, type Arc, type Bytes, type KeyRange, type RingKey } from '@ringkeep/shared';
import type { TransferSizes } from '../limits';
import type { Bucket, Chunk, Entry, EntryStore } from '../replica/entry-store';
import { entryBytes } from '../replica/sequenced-op';

export class Transfer {
  private readonly ranges: readonly KeyRange[];
  private rangeIndex = 0;
  private cursor: Bytes;
  /** Where what has to be sent from the cursor on ends; undefined when digests are to be compared first. */
  private stretch: { readonly to: Bytes | undefined } | undefined;
  /** Digests from the cursor on. */
  private digests: readonly Bucket[] = [];
  /** The follower was asked for digests, or begins with them. */
  private asked: boolean;
  /** The entry at the cursor is damaged here: the cursor continues when that is mended. */
  damaged: KeyRange | undefined;

  constructor(
    private readonly entries: EntryStore,
    range: Arc,
    /** The follower has entries of the range, and names digests of them. */
    private readonly sendsDigests: boolean,
    private readonly sizes: TransferSizes,
    /** Damaged entries are left to others: always, but where a rule is left out. */
    private readonly checked = true,
  ) {
    this.ranges = arcKeyRanges(range);
    this.cursor = (this.ranges[0] as KeyRange).from;
    this.asked = sendsDigests;
  }

  get done(): boolean {
    return this.rangeIndex >= this.ranges.length;
  }

  /** It goes on when the follower has named more digests. */
  get waits(): boolean {
    return this.asked;
  }

  passed(key: RingKey): boolean {
    const at = this.ranges.findIndex(
      (range) => key >= range.from && (range.to === undefined || key < range.to),
    );
    return at < this.rangeIndex || (at === this.rangeIndex && key < this.cursor);
  }

  /** The follower's digests of what comes next. @returns why they cannot be, or undefined */
  take(digests: readonly Bucket[]): string | undefined {
    if (!this.asked) return 'digests that nobody asked for';
    if (digests.length === 0 || digests.length > this.sizes.pageBuckets)
      return `${digests.length} digests at once`;
    const end = this.currentRange().to;
    let from = this.cursor;
    for (const [index, { to }] of digests.entries()) {
      if (to === undefined ? index + 1 < digests.length : to <= from || (end !== undefined && to >= end))
        return 'digests of buckets that do not follow one another';
      from = to ?? from;
    }
    this.digests = digests;
    this.asked = false;
    return undefined;
  }

  /** Goes on for one chunk. @returns what the follower is to be sent; no range when it is level so far */
  next(): Chunk {
    const ranges: KeyRange[] = [];
    const entries: Entry[] = [];
    if (!this.sendsDigests) this.stretch ??= { to: this.currentRange().to };
    if (this.stretch) this.copy(this.stretch.to, ranges, entries);
    else this.compare(ranges, entries);
    return { ranges, entries };
  }

  /** True once, when all digests are compared and more are needed. */
  wantsDigests(): boolean {
    if (!this.sendsDigests || this.asked || this.done || this.stretch || this.digests.length > 0)
      return false;
    this.asked = true;
    return true;
  }

  private compare(ranges: KeyRange[], entries: Entry[]): void {
    const { chunkBytes, bucketBytes } = this.sizes;
    const buckets = this.digests.slice(0, Math.max(1, Math.floor(chunkBytes / bucketBytes)));
    const { to: end } = this.currentRange();
    const same = this.entries.matches({ from: this.cursor, to: end }, buckets, bucketBytes);
    let at = 0;
    while (at < buckets.length && entryBytes(entries) < chunkBytes && !this.stretch) {
      const isSame = same[at];
      while (at + 1 < buckets.length && same[at + 1] === isSame) at++;
      const to = (buckets[at++] as Bucket).to ?? end;
      if (isSame) this.moveTo(to);
      else this.copy(to, ranges, entries);
    }
    this.digests = this.digests.slice(at);
  }

  /** Reads from the cursor on; what is left of the stretch is for the next chunk. */
  private copy(to: Bytes | undefined, ranges: KeyRange[], entries: Entry[]): void {
    const room = this.sizes.chunkBytes - entryBytes(entries);
    const page = this.entries.scan({ from: this.cursor, to }, room, this.checked);
    const until = page.next ?? to;
    if (until !== this.cursor) ranges.push({ from: this.cursor, to: until });
    for (const entry of page.entries) entries.push(entry);
    this.stretch = page.next === undefined ? undefined : { to };
    this.damaged = page.damaged;
    this.moveTo(until);
  }

  private moveTo(to: Bytes | undefined): void {
    if (to !== undefined && to !== this.currentRange().to) this.cursor = to;
    else if (++this.rangeIndex < this.ranges.length)
      this.cursor = (this.ranges[this.rangeIndex] as KeyRange).from;
  }

  private currentRange(): KeyRange {
    return this.ranges[this.rangeIndex] as KeyRange;
  }
}

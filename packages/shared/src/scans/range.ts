/**
 * A range as applications have it: the entries of the ring in the order of their keys. Each stretch of the ring is asked
 * of its owner, part after part, one asked ahead, and what comes is merged.
 *
 * A stretch that turns out to be divided goes on as two, each behind what was told of the whole: an owner says how far
 * its arc reaches.
 */

import type { Arc } from '../ring/arc';
import type { Bytes } from '../ring/bytes';
import { RingError } from '../ring/errors';
import { positionBytes, type RingKey } from '../ring/ring-key';
import { bytesOfBuffer } from '../operations/bytes';
import { placeOfTag } from './cursor';
import type { PageSource } from './scan';
import { ScanEntry } from './scan-entry';
import type { ScannedEntry } from './scan-page';
import { PAGE_ENTRIES_MAX } from './scan-query';

export interface RangeOptions {
  /** The least key that counts. */
  readonly from?: string | Uint8Array;
  /** The least key that is too great. */
  readonly to?: string | Uint8Array;
  /** Only keys of this tag. Without a tag the ring needs an index of its keys. */
  readonly tag?: string | Uint8Array;
  /** The greatest key first. */
  readonly reverse?: boolean;
  readonly limit?: number;
}

/** Whoever reaches the owners of places, and knows the arcs. */
export interface RangeSource extends PageSource {
  /** Once `rule` has resolved. */
  readonly arcs: () => readonly Arc[];
}

interface Terms {
  readonly from: Bytes | undefined;
  readonly to: Bytes | undefined;
  readonly tag: Bytes | undefined;
  readonly reverse: boolean;
  readonly limit: number;
}

/** Throws INVALID_ARGUMENT naming the option. */
export function rangeTerms(
  { from, to, tag, reverse = false, limit }: RangeOptions,
  bytesOf: (given: string | Uint8Array, what: string) => Bytes,
): Terms {
  if (limit !== undefined && !(Number.isSafeInteger(limit) && limit > 0))
    throw new RingError('INVALID_ARGUMENT', `limit must be an integer from 1, got ${limit}`);
  const given = (part: string | Uint8Array | undefined, what: string): Bytes | undefined =>
    part === undefined ? undefined : bytesOf(part, what);
  return {
    from: given(from, 'from'),
    to: given(to, 'to'),
    tag: given(tag, 'tag'),
    reverse,
    limit: limit ?? Infinity,
  };
}

export class Range implements AsyncIterable<ScanEntry<Uint8Array>> {
  constructor(
    private readonly terms: Terms,
    private readonly source: RangeSource,
  ) {}

  async *[Symbol.asyncIterator](): AsyncGenerator<ScanEntry<Uint8Array>, void, undefined> {
    const { from, to, tag, reverse } = this.terms;
    if (from !== undefined && to !== undefined && from >= to) return;
    await this.source.rule();
    const stretches = stretchesOf(tag, this.source.arcs()).map(
      (stretch) => new Stretch(this.source, this.terms, stretch, { from, to }),
    );
    for (let left = this.terms.limit; left > 0; left--) {
      for (const stretch of stretches) if (stretch.waits) stretches.push(...(await stretch.fill()));
      let first: Stretch | undefined;
      for (const stretch of stretches) {
        const { head } = stretch;
        if (head === undefined) continue;
        if (first === undefined || head.key < (first.head as Head).key !== reverse) first = stretch;
      }
      if (first === undefined) return;
      const { key, value, version } = first.take();
      yield new ScanEntry(key, value as Uint8Array, version);
    }
  }
}

/** A part of the ring: from a place up to a position (8 bytes); without one, up to the end. */
interface Bounds {
  readonly place: RingKey;
  readonly end: Bytes | undefined;
}

function stretchesOf(tag: Bytes | undefined, arcs: readonly Arc[]): Bounds[] {
  if (tag !== undefined) return [{ place: placeOfTag(tag), end: undefined }];
  const starts = [...new Set([0n, ...arcs.map(({ start }) => start)])].sort((a, b) => (a < b ? -1 : 1));
  const places = starts.map((start) => positionBytes(start as Arc['start']));
  return places.map((place, i) => ({ place: place as string as RingKey, end: places[i + 1] }));
}

interface KeyBounds {
  readonly from: Bytes | undefined;
  readonly to: Bytes | undefined;
}

interface Head {
  /** To be compared. */
  readonly key: Bytes;
  readonly entry: ScannedEntry<Buffer>;
}

type Asked = Awaited<ReturnType<PageSource['page']>>;

class Stretch {
  private entries: readonly ScannedEntry<Buffer>[] = [];
  private index = 0;
  /** Entries that the stretch may still give before the range is at its limit without any other. */
  private left: number;
  private asked: Promise<Asked> | undefined;
  /** What `asked` is to bring. */
  private keys: KeyBounds;
  private bounds: Bounds;
  head: Head | undefined;

  constructor(
    private readonly source: RangeSource,
    private readonly terms: Terms,
    bounds: Bounds,
    keys: KeyBounds,
  ) {
    this.bounds = bounds;
    this.keys = keys;
    this.left = terms.limit;
    this.ask();
  }

  /** It may have more, and shows nothing of it yet. */
  get waits(): boolean {
    return this.head === undefined && this.asked !== undefined;
  }

  /** Returns when it has an entry or is over. @returns what of it turned out to be another owner's */
  async fill(): Promise<Stretch[]> {
    const others: Stretch[] = [];
    while (this.head === undefined && this.asked !== undefined) {
      const { entries, next, range } = await this.asked;
      const end = this.terms.tag === undefined ? endOf(range, this.bounds.place) : undefined;
      if (end !== undefined && (this.bounds.end === undefined || end < this.bounds.end)) {
        const behind = { place: end as string as RingKey, end: this.bounds.end };
        others.push(new Stretch(this.source, this.terms, behind, this.keys));
        this.bounds = { place: this.bounds.place, end };
      }
      this.entries = entries;
      this.index = 0;
      this.asked = undefined;
      this.left -= entries.length;
      if (next !== undefined && this.left > 0) {
        this.keys = this.terms.reverse ? { ...this.keys, to: next } : { ...this.keys, from: next };
        this.ask();
      }
      this.show();
    }
    return others;
  }

  take(): ScannedEntry<Buffer> {
    const { entry } = this.head as Head;
    this.index++;
    this.show();
    return entry;
  }

  private show(): void {
    const entry = this.entries[this.index];
    this.head = entry && { key: bytesOfBuffer(entry.key), entry };
  }

  private ask(): void {
    const { tag, reverse } = this.terms;
    const byKey = { ...this.keys, reverse, end: this.bounds.end };
    this.asked = this.source.page(this.bounds.place, {
      prefix: undefined,
      tag,
      keysOnly: false,
      limit: Math.min(PAGE_ENTRIES_MAX, this.left),
      byKey,
    });
    // Whoever leaves never hears what became of it.
    this.asked.catch(() => undefined);
  }
}

/** Where an arc ends behind a place in it; undefined: with the ring. */
function endOf({ start, end }: Arc, place: RingKey): Bytes | undefined {
  if (end === 0n || start === end) return undefined;
  return end < start && place >= positionBytes(start) ? undefined : positionBytes(end);
}

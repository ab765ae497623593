/**
 * A range as applications have it: the entries of the ring in the order of their keys. Each stretch of the ring is asked
 * of its owner, part after part, one asked ahead, and what comes is merged.
 *
 * A stretch that turns out to be divided goes on as two, each behind what was told of the whole: an owner says how far
 * its arc reaches.
 */

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Arc } from '../ring/arc';
import type { Bytes } from '../ring/bytes';
import { RingError } from '../ring/errors';
import { positionBytes, type RingKey } from '../ring/ring-key';
import { bytesOfBuffer } from '../operations/bytes';
import { placeOfTag } from './cursor';
import type { PageSource } from './scan';
import { ScanEntries, type EntriesPart } from './scan-entries';
import type { ScanEntry } from './scan-entry';
import type { ScannedEntry } from './scan-page';
import { FIRST_PAGE_ENTRIES, PAGE_ENTRIES_MAX } from './scan-query';

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

/** A range keeps no place. */
const NOBODY = { took: () => undefined, passed: () => undefined, ended: () => undefined };

export class Range implements AsyncIterable<ScanEntry<Uint8Array>> {
  constructor(
    private readonly terms: Terms,
    private readonly source: RangeSource,
  ) {}

  [Symbol.asyncIterator](): AsyncIterableIterator<ScanEntry<Uint8Array>> {
    return new ScanEntries<Uint8Array>(this.parts(), NOBODY);
  }

  /** Entries in their order, as many together as are there. */
  private async *parts(): AsyncGenerator<EntriesPart, void, undefined> {
    const { from, to, tag, reverse, limit } = this.terms;
    if (from !== undefined && to !== undefined && from >= to) return;
    await this.source.rule();
    const stretches = stretchesOf(tag, this.source.arcs()).map(
      (stretch) => new Stretch(this.source, this.terms, stretch, { from, to }),
    );
    for (let left = limit; left > 0;) {
      for (const stretch of stretches) if (stretch.waits) stretch.ask();
      for (const stretch of stretches) if (stretch.waits) stretches.push(...(await stretch.fill()));
      const entries = stretches.length === 1 ? firstOf(stretches, left) : merged(stretches, left, reverse);
      if (entries.length === 0) return;
      left -= entries.length;
      // What was asked ahead leaves before these are worked through, so that its owner reads it meanwhile.
      if (stretches.some(({ isAsking }) => isAsking)) await nextTurn();
      yield { entries };
    }
  }
}

function firstOf([stretch]: readonly Stretch[], limit: number): readonly ScannedEntry<Buffer>[] {
  return (stretch as Stretch).takeAll(limit);
}

/** The next entries of all stretches, until one of them has to be asked for more. */
function merged(
  stretches: readonly Stretch[],
  limit: number,
  reverse: boolean,
): readonly ScannedEntry<Buffer>[] {
  const entries: ScannedEntry<Buffer>[] = [];
  while (entries.length < limit) {
    let first: Stretch | undefined;
    for (const stretch of stretches) {
      const { head } = stretch;
      if (head === undefined) continue;
      if (first === undefined || head.key < (first.head as Head).key !== reverse) first = stretch;
    }
    if (first === undefined) break;
    entries.push(first.take());
    if (first.waits) break;
  }
  return entries;
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
  /** It has no more than it shows. */
  private over = false;
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
    // A tag that fits a page is one snapshot.
    this.ask(terms.tag === undefined ? FIRST_PAGE_ENTRIES : PAGE_ENTRIES_MAX);
  }

  /** It may have more, and shows nothing of it yet. */
  get waits(): boolean {
    return this.head === undefined && !this.over;
  }

  /** What follows is on its way. */
  get isAsking(): boolean {
    return this.asked !== undefined;
  }

  /** Asks for what follows, unless that is under way. */
  ask(entriesMax = PAGE_ENTRIES_MAX): void {
    if (this.asked !== undefined) return;
    const { tag, reverse } = this.terms;
    const byKey = { ...this.keys, reverse, end: this.bounds.end };
    const most = Math.min(entriesMax, this.left);
    const limit = this.asksAhead ? most : expected(most, partOfRing(this.bounds));
    this.asked = this.source.page(this.bounds.place, {
      prefix: undefined,
      tag,
      keysOnly: false,
      limit,
      byKey,
    });
    // Whoever leaves never hears what became of it.
    this.asked.catch(() => undefined);
  }

  /** Returns when it has an entry or is over. @returns what of it turned out to be another owner's */
  async fill(): Promise<Stretch[]> {
    const others: Stretch[] = [];
    while (this.waits) {
      this.ask();
      const { entries, next, range } = await (this.asked as Promise<Asked>);
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
      this.over = next === undefined || this.left <= 0;
      if (!this.over) {
        this.keys = this.terms.reverse ? { ...this.keys, to: next } : { ...this.keys, from: next };
        if (this.asksAhead) this.ask();
      }
      this.show();
    }
    return others;
  }

  /** All that it shows, as many as that at most. */
  takeAll(limit: number): readonly ScannedEntry<Buffer>[] {
    const from = this.index;
    this.index = Math.min(this.entries.length, from + limit);
    this.show();
    return this.entries.slice(from, this.index);
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

  /** What follows is needed for sure, sooner or later. */
  private get asksAhead(): boolean {
    const { tag, limit } = this.terms;
    return tag !== undefined || limit === Infinity || partOfRing(this.bounds) === 1;
  }
}

/** The part of the ring that a stretch is, from 0 to 1. */
function partOfRing({ place, end }: Bounds): number {
  return (end === undefined ? 1 : fractionAt(end)) - fractionAt(place);
}

/** Positions as fractions of the ring, of their first four bytes. */
function fractionAt(bytes: string): number {
  return Buffer.from(bytes.slice(0, 4), 'latin1').readUInt32BE() / 2 ** 32;
}

/**
 * How many of the next entries of the ring a part of it has, most likely not more (two standard deviations): positions are
 * hashes, so each entry is in it with the same chance. A stretch that turns out to have more is asked again.
 */
function expected(entries: number, part: number): number {
  const mean = entries * part;
  return Math.min(entries, 1 + Math.ceil(mean + 2 * Math.sqrt(mean * (1 - part))));
}

/** Where an arc ends behind a place in it; undefined: with the ring. */
function endOf({ start, end }: Arc, place: RingKey): Bytes | undefined {
  if (end === 0n || start === end) return undefined;
  return end < start && place >= positionBytes(start) ? undefined : positionBytes(end);
}

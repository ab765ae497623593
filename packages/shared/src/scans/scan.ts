/**
 * A scan as applications have it: page after page from the owners of the places, one asked ahead, and an iterator over
 * their entries. It keeps its place, from which another scan goes on, in this process or another one.
 */

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Bytes } from '../ring/bytes';
import { RingError } from '../ring/errors';
import type { PositionRule } from '../ring/position-rule';
import { placeBehind, type RingKey } from '../ring/ring-key';
import { bytesOfBuffer, ringKeyOf } from '../operations/bytes';
import { beginningOf, cursorOf, placeOf } from './cursor';
import { FIRST_PAGE_ENTRIES, PAGE_ENTRIES_MAX, type ScanQuery } from './scan-query';
import { ScanEntries } from './scan-entries';
import type { ScanEntry } from './scan-entry';
import type { ScanPage } from './scan-page';

export interface ScanOptions {
  /** Only keys that begin so. */
  readonly prefix?: string | Uint8Array;
  /** Only keys of this tag: in the order of their keys. */
  readonly tag?: string | Uint8Array;
  /** Where to go on: what a scan of the same options had as its `after`. */
  readonly after?: string | undefined;
  /** Entries, at most. */
  readonly limit?: number;
}

/** Whoever reaches the owners of places. */
export interface PageSource {
  /** Of the ring, once it is known. Throws RingError. */
  readonly rule: () => Promise<PositionRule>;
  readonly page: (place: RingKey, query: ScanQuery) => Promise<ScanPage<Buffer>>;
}

export interface ScanTerms {
  readonly prefix: Bytes | undefined;
  readonly tag: Bytes | undefined;
  readonly keysOnly: boolean;
  readonly limit: number;
  readonly after: RingKey | undefined;
}

/** Throws INVALID_ARGUMENT naming the option. `bytesOf` makes bytes of text and bytes. */
export function scanTerms(
  { prefix, tag, after, limit }: ScanOptions,
  keysOnly: boolean,
  bytesOf: (given: string | Uint8Array, what: string) => Bytes,
): ScanTerms {
  if (limit !== undefined && !(Number.isSafeInteger(limit) && limit > 0))
    throw new RingError('INVALID_ARGUMENT', `limit must be an integer from 1, got ${limit}`);
  const tagBytes = tag === undefined ? undefined : bytesOf(tag, 'tag');
  if (tagBytes === '' || tagBytes?.includes('}') === true)
    throw new RingError('INVALID_ARGUMENT', 'a tag has 1 byte or more, and none of them is }');
  return {
    prefix: prefix === undefined ? undefined : bytesOf(prefix, 'prefix'),
    tag: tagBytes,
    keysOnly,
    limit: limit ?? Infinity,
    after: after === undefined ? undefined : placeOf(after),
  };
}

export class Scan<Value> implements AsyncIterable<ScanEntry<Value>> {
  private place: RingKey | undefined;
  /** The last entry that was handed out, if the place is behind it. */
  private last: Uint8Array | undefined;
  private rule: PositionRule | undefined;
  private over = false;

  constructor(
    private readonly terms: ScanTerms,
    private readonly source: PageSource,
  ) {
    this.place = terms.after;
  }

  /**
   * Where a scan of the same options goes on behind the last entry that this one has handed out; undefined when it has
   * not begun, or is over.
   */
  get after(): string | undefined {
    if (this.over) return undefined;
    const { last, rule, place } = this;
    const at =
      last === undefined || rule === undefined ? place : placeBehind(ringKeyOf(bytesOfBuffer(last), rule));
    return at === undefined ? undefined : cursorOf(at);
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<ScanEntry<Value>> {
    return new ScanEntries<Value, ScanPage<Buffer>>(this.pages(), {
      took: (key) => (this.last = key),
      passed: ({ next }) => {
        this.last = undefined;
        this.place = next;
      },
      ended: () => (this.over = this.place === undefined),
    });
  }

  /** Each is what its stretch of the ring held at one moment. */
  async *pages(): AsyncGenerator<ScanPage<Buffer>, void, undefined> {
    const rule = (this.rule = await this.source.rule());
    const { place, tag } = beginningOf(this.terms.prefix, this.terms.tag, rule);
    let left = this.terms.limit;
    // A tag that fits a page is one snapshot.
    const first = tag === undefined ? Math.min(FIRST_PAGE_ENTRIES, left) : left;
    let asked: Promise<ScanPage<Buffer>> | undefined = this.ask(this.place ?? place, tag, first);
    while (asked !== undefined) {
      const page: ScanPage<Buffer> = await asked;
      left -= page.entries.length;
      asked = page.next === undefined || left <= 0 ? undefined : this.ask(page.next, tag, left);
      // Whoever leaves before the next page never hears what became of it.
      asked?.catch(() => undefined);
      // The question leaves before the page is worked through, so that its owner reads the next one meanwhile.
      if (asked !== undefined) await nextTurn();
      yield page;
    }
  }

  private ask(place: RingKey, tag: Bytes | undefined, left: number): Promise<ScanPage<Buffer>> {
    const { prefix, keysOnly } = this.terms;
    return this.source.page(place, { prefix, tag, keysOnly, limit: Math.min(PAGE_ENTRIES_MAX, left) });
  }
}

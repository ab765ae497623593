/**
 * Memory in pages of 4 KiB, for tables that hold very many small things. It comes from the system in large chunks,
 * which the garbage collector does not see, and a page that is given back is the next one handed out.
 *
 * A place in it is a number: the index of a word, counted through all chunks.
 */

import { invariant } from '@ringkeep/shared/ring/errors';

export const PAGE_WORDS = 1024;
const CHUNK_BITS = 18;
const CHUNK_WORDS = 1 << CHUNK_BITS;
const WORD_BYTES = 4;
/** A place is kept in 32 bits, so all pages together have 16 GiB. */
const PLACES = 2 ** 32;

/** No place. */
export const NOWHERE = -1;
/** What one fetch from memory brings. */
const LINE_WORDS = 16;

/** The words and the bytes of a chunk are the same memory; words are in the machine's byte order. */
export interface Chunk {
  readonly words: Uint32Array;
  readonly bytes: Buffer;
}

export class PagePool {
  private readonly chunks: Chunk[] = [];
  private readonly free: number[] = [];
  /** Means nothing; a load whose result is used nowhere would be left out. */
  private fetched = 0;
  /** The first word that was never handed out. */
  private end = 0;

  chunkOf(place: number): Chunk {
    return this.chunks[place >>> CHUNK_BITS] as Chunk;
  }

  /** Starts fetching what is at a place, and a little behind it, from memory, without waiting for it. */
  fetch(place: number): void {
    const { words } = this.chunkOf(place);
    const at = wordInChunk(place);
    this.fetched ^= (words[at] as number) ^ (words[(at + LINE_WORDS) & (CHUNK_WORDS - 1)] as number);
  }

  /** @returns where the page begins; what is in it is undefined */
  take(): number {
    const page = this.free.pop();
    if (page !== undefined) return page;
    if (this.end === this.chunks.length * CHUNK_WORDS) {
      invariant(this.end < PLACES, 'a table in memory has less than 16 GiB');
      const bytes = Buffer.allocUnsafeSlow(CHUNK_WORDS * WORD_BYTES);
      this.chunks.push({ bytes, words: new Uint32Array(bytes.buffer, bytes.byteOffset, CHUNK_WORDS) });
    }
    const place = this.end;
    this.end += PAGE_WORDS;
    return place;
  }

  giveBack(pages: readonly number[]): void {
    for (const page of pages) this.free.push(page);
  }
}

/** Where in its chunk a place is, in words. */
export function wordInChunk(place: number): number {
  return place & (CHUNK_WORDS - 1);
}

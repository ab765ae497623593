/**
 * How an entry of a leaf lies in its page, and what is read of it there:
 *
 *   a word: length of the ring key, kind · a word: words of the entry, bytes of the value ·
 *   ring key, zeros up to a whole word · value
 */

import { endianness } from 'node:os';
import type { RingKey } from '@ringkeep/shared';
import type { StoredValue } from '@ringkeep/shared/operations';
import { SLICE_BYTES_MAX } from '@ringkeep/shared/ring/limits';
import type { KeyProbe } from './key-probe';
import { wordInChunk, type PagePool } from './page-pool';

/** A value, or null for a deletion. */
export type Change = StoredValue | null;

const WORD_BYTES = 4;
export const HEAD_WORDS = 2;
/** First word of an entry: the ring key's length, and above it the kind. */
export const KIND_SHIFT = 16;
export const KEY_LENGTH_MASK = 0xffff;
/** Longer values stay the strings that they are, which are no slices: copying them would cost more than they waste. */
export const INLINE_BYTES_MAX = 2 * SLICE_BYTES_MAX;

const IS_BIG_ENDIAN = endianness() === 'BE';

export function keyWordsAt(words: Uint32Array, at: number): number {
  return (((words[at] as number) & KEY_LENGTH_MASK) + WORD_BYTES - 1) >>> 2;
}

/** Where the value begins, in bytes of its chunk. */
export function valueStart(words: Uint32Array, at: number): number {
  return (at + HEAD_WORDS + keyWordsAt(words, at)) * WORD_BYTES;
}

export function wordsFor(key: KeyProbe, value: Change): number {
  const inline = value === null || value.length > INLINE_BYTES_MAX ? 0 : value.length;
  return HEAD_WORDS + key.lengthInWords + ((inline + WORD_BYTES - 1) >>> 2);
}

export function keyAt(pool: PagePool, place: number): RingKey {
  const { words, bytes } = pool.chunkOf(place);
  const at = wordInChunk(place);
  const from = (at + HEAD_WORDS) * WORD_BYTES;
  return bytes.toString('latin1', from, from + ((words[at] as number) & KEY_LENGTH_MASK)) as RingKey;
}

/** Below 0 when the key of the first entry is less than that of the second one. */
export function compareKeys(pool: PagePool, first: number, second: number): number {
  const { words: a } = pool.chunkOf(first);
  const { words: b } = pool.chunkOf(second);
  const atA = wordInChunk(first);
  const atB = wordInChunk(second);
  const common = Math.min(keyWordsAt(a, atA), keyWordsAt(b, atB));
  for (let i = HEAD_WORDS; i < HEAD_WORDS + common; i++) {
    const wordA = a[atA + i] as number;
    const wordB = b[atB + i] as number;
    if (wordA !== wordB) return inByteOrder(wordA) - inByteOrder(wordB);
  }
  // One goes on where the other ends, or they differ in zeros at the end.
  return ((a[atA] as number) & KEY_LENGTH_MASK) - ((b[atB] as number) & KEY_LENGTH_MASK);
}

/** A word as the number that its bytes are, the first one first. */
function inByteOrder(word: number): number {
  if (IS_BIG_ENDIAN) return word;
  return ((word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)) >>> 0;
}

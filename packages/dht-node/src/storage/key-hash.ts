/**
 * The hash of a ring key by which a leaf finds its entries. It covers the whole key, because keys of one tag share their
 * position. It begins with a number that each process draws, so that nobody outside can choose keys whose hashes
 * collide; a leaf is small, so such keys would not cost much either.
 *
 * A word is multiplied and turned, and the end is MurmurHash3's (Austin Appleby, public domain).
 */

import { randomBytes } from 'node:crypto';

const SEED = randomBytes(4).readInt32LE();

/** Of so many words, the last filled up with zeros, from there on. */
export function hashOf(words: Uint32Array, from: number, count: number): number {
  let hash = SEED;
  const end = from + count;
  for (let i = from; i < end; i++) {
    hash = Math.imul(hash ^ (words[i] as number), 0x9e3779b1);
    hash = (hash << 13) | (hash >>> 19);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return hash ^ (hash >>> 13);
}

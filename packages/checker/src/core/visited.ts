/**
 * The configurations that a search has visited, so that it visits none twice.
 *
 * A configuration is a key (event, state, what is placed of the operations in progress) and the set of optional
 * operations used so far. One that has used a subset can do everything that the other can: it dominates, and the search
 * need not visit the other. Entries lie one after the other in one growing array of integers: link to the next of the
 * same bucket, key, set.
 */

export class Visited {
  private words: Int32Array;
  private end = 0;
  /** The first entry of each, −1 for none; a power of two of them. */
  private buckets = new Int32Array(64).fill(-1);
  private entries = 0;
  /** Entries looked at so far: the cost of asking. */
  compared = 0;
  private readonly entryWords: number;

  constructor(
    private readonly keyWords: number,
    private readonly setWords: number,
    private readonly bytesMax: number,
  ) {
    this.entryWords = 1 + keyWords + setWords;
    this.words = new Int32Array(64 * this.entryWords);
  }

  /** True when an entry of this key has used a subset of the set. */
  dominates(key: Int32Array, set: Int32Array): boolean {
    const { words, keyWords, setWords } = this;
    let at = this.buckets[this.bucketOf(key)] as number;
    next: for (; at !== -1; at = words[at] as number) {
      this.compared++;
      for (let i = 0; i < keyWords; i++) if (words[at + 1 + i] !== key[i]) continue next;
      const from = at + 1 + keyWords;
      for (let i = 0; i < setWords; i++)
        if (((words[from + i] as number) & ~(set[i] as number)) !== 0) continue next;
      return true;
    }
    return false;
  }

  /** False when there is no room for one more. */
  add(key: Int32Array, set: Int32Array): boolean {
    if (this.end + this.entryWords > this.words.length && !this.grow()) return false;
    if (this.entries >= this.buckets.length) this.rehash();
    const bucket = this.bucketOf(key);
    this.words[this.end] = this.buckets[bucket] as number;
    this.words.set(key, this.end + 1);
    this.words.set(set, this.end + 1 + this.keyWords);
    this.buckets[bucket] = this.end;
    this.end += this.entryWords;
    this.entries++;
    return true;
  }

  private bucketOf(key: Int32Array): number {
    let hash = 0;
    for (let i = 0; i < this.keyWords; i++)
      hash = Math.imul(hash ^ (key[i] as number), 0x9e3779b1) ^ (hash >>> 15);
    return (hash ^ (hash >>> 16)) & (this.buckets.length - 1);
  }

  private grow(): boolean {
    const length = Math.min(this.words.length * 2, Math.floor(this.bytesMax / Int32Array.BYTES_PER_ELEMENT));
    if (length < this.end + this.entryWords) return false;
    const larger = new Int32Array(length);
    larger.set(this.words);
    this.words = larger;
    return true;
  }

  private rehash(): void {
    this.buckets = new Int32Array(this.buckets.length * 2).fill(-1);
    const key = new Int32Array(this.keyWords);
    for (let at = 0; at < this.end; at += this.entryWords) {
      key.set(this.words.subarray(at + 1, at + 1 + this.keyWords));
      const bucket = this.bucketOf(key);
      this.words[at] = this.buckets[bucket] as number;
      this.buckets[bucket] = at;
    }
  }
}

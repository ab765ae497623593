/**
 * A few hundred entries: in pages, one after another (leaf-entry.ts), and a hash index of where they begin. Nothing in it
 * is an object of its own, so for a million keys the garbage collector has a few thousand things to look at.
 *
 * A value is written over the previous one if it fits. Otherwise the entry is written anew behind the last one, and its
 * old place is waste, until there is enough waste for all entries to be moved together.
 *
 * The index is open addressing with linear probing (Knuth, The Art of Computer Programming, vol. 3, 6.4, algorithms L
 * and R), by a hash of the whole key: any number of keys may share their position.
 */

import type { KeyRange, RingKey } from '@ringkeep/shared';
import { POSITION_BYTES } from '@ringkeep/shared/ring/ring-key';
import type { StoredValue } from '@ringkeep/shared/operations';
import { hashOf } from './key-hash';
import type { KeyProbe } from './key-probe';
import {
  HEAD_WORDS,
  INLINE_BYTES_MAX,
  keyAt,
  KEY_LENGTH_MASK,
  keyWordsAt,
  KIND_SHIFT,
  valueStart,
  wordsFor,
  type Change,
} from './leaf-entry';
import { LeafOrder } from './leaf-order';
import { NOWHERE, PAGE_WORDS, wordInChunk, type PagePool } from './page-pool';

const INLINE = 0;
const DELETION = 1;
/** The value is a string outside of the pages. */
const OUTSIDE = 2;
/** Second word of an entry: its words, and above them the bytes of the value that it holds. */
const VALUE_SHIFT = 12;
const WORDS_MASK = 0xfff;

const FIRST_SLOTS = 16;
/** Waste beyond a page and this part of all pages is dropped. */
const WASTE_MAX = 0.25;
/** An entry that has more room than this many times what it needs is written anew; a small one never. */
const ROOM_MAX = 2;
const SMALL_WORDS = 64;

export class RingLeaf<V extends Change> {
  /** For each slot where its entry begins, plus one; 0 for none. At most half of them are taken. */
  private index = new Uint32Array(FIRST_SLOTS);
  private pages: number[] = [];
  /** Words of the last page that are taken. */
  private used = PAGE_WORDS;
  /** Words of entries that are no more. */
  private wasted = 0;
  private outside: Map<number, StoredValue> | undefined;
  /** Undefined until somebody walks the leaf. */
  private order: LeafOrder | undefined;
  keys = 0;
  /** Of keys without their positions, and of values. */
  bytes = 0;

  constructor(private readonly pool: PagePool) {}

  /** Undefined when it does not know the key. */
  get(key: KeyProbe): V | undefined {
    const entry = (this.index[this.slotOf(key)] as number) - 1;
    return entry === NOWHERE ? undefined : this.valueAt(entry);
  }

  /** Where the key's entry is most likely to be; NOWHERE when it has none. */
  firstPlaceOf(key: KeyProbe): number {
    const { index } = this;
    return (index[key.hash & (index.length - 1)] as number) - 1;
  }

  /** The value's length, null for a deletion, undefined when it does not know the key. */
  lengthOf(key: KeyProbe): number | null | undefined {
    const entry = (this.index[this.slotOf(key)] as number) - 1;
    return entry === NOWHERE ? undefined : this.lengthAt(entry);
  }

  /** Returns what `lengthOf` would have said before. */
  set(key: KeyProbe, value: V): number | null | undefined {
    const slot = this.slotOf(key);
    const entry = (this.index[slot] as number) - 1;
    if (entry === NOWHERE) {
      this.add(slot, key, value);
      return undefined;
    }
    const before = this.lengthAt(entry);
    this.bytes += (value?.length ?? 0) - (before ?? 0);
    const words = wordsFor(key, value);
    const there = this.wordsAt(entry);
    if (words <= there && there <= words * ROOM_MAX + SMALL_WORDS) {
      this.writeValue(entry, value);
    } else {
      this.discard(entry);
      const place = this.append(words, key, value);
      this.index[slot] = place + 1;
      this.order?.moved(entry, place);
      this.tidy();
    }
    return before;
  }

  delete(key: KeyProbe): void {
    const slot = this.slotOf(key);
    const entry = (this.index[slot] as number) - 1;
    if (entry === NOWHERE) return;
    this.keys--;
    this.bytes -= key.length - POSITION_BYTES + (this.lengthAt(entry) ?? 0);
    this.discard(entry);
    this.order?.remove(entry);
    this.vacate(slot);
    this.tidy();
  }

  /** From which index up to which its entries are within a range, in the order of their keys. */
  within(range: KeyRange): readonly [first: number, end: number] {
    return this.inOrder().within(range);
  }

  /** The key at an index in the order of keys; `atIndex` has its value, too. */
  keyAtIndex(index: number): RingKey {
    return keyAt(this.pool, this.inOrder().placeAt(index));
  }

  atIndex(index: number): [RingKey, V] {
    const place = this.inOrder().placeAt(index);
    return [keyAt(this.pool, place), this.valueAt(place)];
  }

  /** Gives its pages back; it is not used any more. */
  release(): void {
    this.pool.giveBack(this.pages);
  }

  private add(slot: number, key: KeyProbe, value: V): void {
    this.keys++;
    this.bytes += key.length - POSITION_BYTES + (value?.length ?? 0);
    const place = this.append(wordsFor(key, value), key, value);
    this.index[slot] = place + 1;
    this.order?.add(place, key.key);
    if (this.keys * 2 > this.index.length) this.reindex(this.index.length * 2);
  }

  // ---- the index ----

  private inOrder(): LeafOrder {
    if (this.order !== undefined) return this.order;
    const places = this.index.filter((entry) => entry !== 0).map((entry) => entry - 1);
    return (this.order = new LeafOrder(this.pool, places));
  }

  /** The slot of a key, or the one where it would go. */
  private slotOf(key: KeyProbe): number {
    const { index } = this;
    const mask = index.length - 1;
    for (let slot = key.hash & mask; ; slot = (slot + 1) & mask) {
      const entry = (index[slot] as number) - 1;
      if (entry === NOWHERE || this.isAt(entry, key)) return slot;
    }
  }

  private isAt(entry: number, key: KeyProbe): boolean {
    const { words } = this.pool.chunkOf(entry);
    const at = wordInChunk(entry);
    if (((words[at] as number) & KEY_LENGTH_MASK) !== key.length) return false;
    for (let i = key.lengthInWords - 1; i >= 0; i--)
      if (words[at + HEAD_WORDS + i] !== key.words[i]) return false;
    return true;
  }

  private reindex(slots: number): void {
    const entries = this.index;
    const index = (this.index = new Uint32Array(slots));
    const mask = slots - 1;
    for (const entry of entries) {
      if (entry === 0) continue;
      let slot = this.homeOf(entry - 1, mask);
      while (index[slot] !== 0) slot = (slot + 1) & mask;
      index[slot] = entry;
    }
  }

  /** Empties a slot, and moves up what was put further along because it was taken. */
  private vacate(slot: number): void {
    const { index } = this;
    const mask = index.length - 1;
    let hole = slot;
    for (let next = (hole + 1) & mask; index[next] !== 0; next = (next + 1) & mask) {
      const home = this.homeOf((index[next] as number) - 1, mask);
      if (((next - home) & mask) < ((next - hole) & mask)) continue;
      index[hole] = index[next] as number;
      hole = next;
    }
    index[hole] = 0;
  }

  private homeOf(entry: number, mask: number): number {
    const { words } = this.pool.chunkOf(entry);
    const at = wordInChunk(entry);
    return hashOf(words, at + HEAD_WORDS, keyWordsAt(words, at)) & mask;
  }

  // ---- the pages ----

  private wordsAt(entry: number): number {
    return (this.pool.chunkOf(entry).words[wordInChunk(entry) + 1] as number) & WORDS_MASK;
  }

  private lengthAt(entry: number): number | null {
    const { words } = this.pool.chunkOf(entry);
    const at = wordInChunk(entry);
    const kind = (words[at] as number) >>> KIND_SHIFT;
    if (kind === INLINE) return (words[at + 1] as number) >>> VALUE_SHIFT;
    return kind === DELETION ? null : (this.outside?.get(entry) as StoredValue).length;
  }

  private valueAt(entry: number): V {
    const { words, bytes } = this.pool.chunkOf(entry);
    const at = wordInChunk(entry);
    const kind = (words[at] as number) >>> KIND_SHIFT;
    if (kind === DELETION) return null as V;
    if (kind === OUTSIDE) return this.outside?.get(entry) as V;
    const from = valueStart(words, at);
    return bytes.toString('latin1', from, from + ((words[at + 1] as number) >>> VALUE_SHIFT)) as V;
  }

  /** Writes the kind and the value of an entry that has room for it. */
  private writeValue(entry: number, value: Change): void {
    const { words, bytes } = this.pool.chunkOf(entry);
    const at = wordInChunk(entry);
    if ((words[at] as number) >>> KIND_SHIFT === OUTSIDE) this.outside?.delete(entry);
    let kind = INLINE;
    let length = 0;
    if (value === null) {
      kind = DELETION;
    } else if (value.length > INLINE_BYTES_MAX) {
      kind = OUTSIDE;
      (this.outside ??= new Map()).set(entry, value);
    } else {
      length = bytes.write(value, valueStart(words, at), 'latin1');
    }
    words[at] = ((words[at] as number) & KEY_LENGTH_MASK) | (kind << KIND_SHIFT);
    words[at + 1] = ((words[at + 1] as number) & WORDS_MASK) | (length << VALUE_SHIFT);
  }

  /** Writes a new entry. @returns where it begins */
  private append(size: number, key: KeyProbe, value: Change): number {
    const entry = this.room(size);
    const { words } = this.pool.chunkOf(entry);
    const at = wordInChunk(entry);
    words[at] = key.length;
    words[at + 1] = size;
    for (let i = key.lengthInWords - 1; i >= 0; i--) words[at + HEAD_WORDS + i] = key.words[i] as number;
    this.writeValue(entry, value);
    return entry;
  }

  /** So many words behind the last entry, or at the beginning of a new page. */
  private room(words: number): number {
    if (this.used + words > PAGE_WORDS) {
      this.pages.push(this.pool.take());
      this.used = 0;
    }
    const at = (this.pages.at(-1) as number) + this.used;
    this.used += words;
    return at;
  }

  private discard(entry: number): void {
    this.outside?.delete(entry);
    this.wasted += this.wordsAt(entry);
  }

  /** Moves all entries together if there is too much waste between them. */
  private tidy(): void {
    if (this.wasted <= Math.max(PAGE_WORDS, this.pages.length * PAGE_WORDS * WASTE_MAX)) return;
    const { index, pages, outside } = this;
    this.pages = [];
    this.used = PAGE_WORDS;
    this.wasted = 0;
    this.outside = outside && new Map<number, StoredValue>();
    this.order = undefined;
    for (let slot = 0; slot < index.length; slot++) {
      const from = (index[slot] as number) - 1;
      if (from === NOWHERE) continue;
      const size = this.wordsAt(from);
      const to = this.room(size);
      const source = this.pool.chunkOf(from).words;
      const target = this.pool.chunkOf(to).words;
      target.set(source.subarray(wordInChunk(from), wordInChunk(from) + size), wordInChunk(to));
      const value = outside?.get(from);
      if (value !== undefined) this.outside?.set(to, value);
      index[slot] = to + 1;
    }
    this.pool.giveBack(pages);
  }
}

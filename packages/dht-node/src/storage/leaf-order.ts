/**
 * The entries of a leaf in the order of their keys. It is made when somebody walks the leaf for the first time, and then
 * kept up: a leaf that nobody walks pays nothing, one that is walked again and again is sorted once.
 *
 * It takes four bytes an entry. A look-up by key does not use it: a hash finds an entry with one fetch from memory, a
 * binary search takes one for each step.
 */

import type { Bytes, KeyRange, RingKey } from '@ringkeep/shared';
import { compareKeys, keyAt } from './leaf-entry';
import type { PagePool } from './page-pool';

/** Room for so many entries more is made at once. */
const GROWTH = 32;

export class LeafOrder {
  private places: Uint32Array;
  private count: number;

  /** @param places where the entries are, in any order; taken over */
  constructor(
    private readonly pool: PagePool,
    places: Uint32Array,
  ) {
    this.places = places.sort((a, b) => compareKeys(pool, a, b));
    this.count = places.length;
  }

  placeAt(index: number): number {
    return this.places[index] as number;
  }

  /** The stretch of a range: from the first index up to the second. */
  within({ from, to }: KeyRange): readonly [first: number, end: number] {
    return [this.indexOf(from), to === undefined ? this.count : this.indexOf(to)];
  }

  add(place: number, key: RingKey): void {
    const { places, count } = this;
    const index = this.indexOf(key);
    if (count === places.length) {
      this.places = new Uint32Array(count + GROWTH);
      this.places.set(places);
    }
    this.places.copyWithin(index + 1, index, count);
    this.places[index] = place;
    this.count++;
  }

  remove(place: number): void {
    const index = this.places.indexOf(place);
    this.places.copyWithin(index, index + 1, this.count);
    this.count--;
  }

  moved(from: number, to: number): void {
    this.places[this.places.indexOf(from)] = to;
  }

  /** Of the first entry whose key is not less. */
  private indexOf(bound: Bytes): number {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (keyAt(this.pool, this.placeAt(middle)) < bound) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/**
 * Keys in the order of times: a binary heap in two arrays (Knuth, The Art of Computer Programming, vol. 3, 5.2.3).
 *
 * Nothing is taken out of its middle: what is no longer so is dropped when it comes up, or when there is so much of it
 * that it is looked for, a little with each key that is added.
 */

import type { RingKey } from '@ringkeep/shared';

const CAPACITY_MIN = 1_024;
/** How many keys are looked at with each one that is added, while there are too many that are no longer so. */
const LOOKED_AT = 2;

export class TimeHeap {
  private times = new Float64Array(CAPACITY_MIN);
  private keys: RingKey[] = [];
  private cursor = 0;

  get size(): number {
    return this.keys.length;
  }

  /** Of the first key; Infinity if there is none. */
  get firstMs(): number {
    return this.keys.length === 0 ? Number.POSITIVE_INFINITY : (this.times[0] as number);
  }

  add(ms: number, key: RingKey): void {
    if (this.keys.length === this.times.length) this.grow();
    this.keys.push(key);
    this.rise(this.keys.length - 1, ms, key);
  }

  /** The first key; it is not in it afterwards. Ask only if there is one. */
  takeFirst(): RingKey {
    const first = this.keys[0] as RingKey;
    this.takeAt(0);
    return first;
  }

  /** Looks at a few places, and drops what is not so. */
  dropSome(isSo: (ms: number, key: RingKey) => boolean): void {
    for (let i = 0; i < LOOKED_AT && this.keys.length > 0; i++) {
      if (this.cursor >= this.keys.length) this.cursor = 0;
      const at = this.cursor;
      if (isSo(this.times[at] as number, this.keys[at] as RingKey)) this.cursor++;
      else this.takeAt(at);
    }
  }

  private takeAt(at: number): void {
    const key = this.keys.pop() as RingKey;
    if (at === this.keys.length) return;
    const ms = this.times[this.keys.length] as number;
    if (at > 0 && (this.times[(at - 1) >> 1] as number) > ms) this.rise(at, ms, key);
    else this.sink(at, ms, key);
  }

  private rise(from: number, ms: number, key: RingKey): void {
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if ((this.times[parent] as number) <= ms) break;
      this.move(parent, at);
      at = parent;
    }
    this.times[at] = ms;
    this.keys[at] = key;
  }

  private sink(from: number, ms: number, key: RingKey): void {
    const { length } = this.keys;
    let at = from;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= length) break;
      if (child + 1 < length && (this.times[child + 1] as number) < (this.times[child] as number)) child++;
      if ((this.times[child] as number) >= ms) break;
      this.move(child, at);
      at = child;
    }
    this.times[at] = ms;
    this.keys[at] = key;
  }

  private move(from: number, to: number): void {
    this.times[to] = this.times[from] as number;
    this.keys[to] = this.keys[from] as RingKey;
  }

  private grow(): void {
    const times = new Float64Array(2 * this.times.length);
    times.set(this.times);
    this.times = times;
  }
}

/**
 * The entries of one position, when they are more than a leaf takes: leaves in the order of their keys, each beginning
 * with the least key that belongs to it. What is found by its key is found by a binary search for its leaf.
 */

import type { KeyRange, RingKey } from '@ringkeep/shared';
import type { KeyProbe } from './key-probe';
import type { PagePool } from './page-pool';
import type { Change } from './leaf-entry';
import { RingLeaf } from './ring-leaf';

export class Shelf<V extends Change> {
  private readonly leaves: RingLeaf<V>[];
  /** Of each leaf; what is less than all of them belongs to the first one. */
  private readonly firsts: RingKey[] = ['' as RingKey];

  constructor(
    leaf: RingLeaf<V>,
    private readonly keysMax: number,
    private readonly pool: PagePool,
  ) {
    this.leaves = [leaf];
  }

  get keys(): number {
    return this.leaves.reduce((sum, leaf) => sum + leaf.keys, 0);
  }

  get bytes(): number {
    return this.leaves.reduce((sum, leaf) => sum + leaf.bytes, 0);
  }

  leafOf({ key }: KeyProbe): RingLeaf<V> {
    return this.leaves[this.indexOf(key)] as RingLeaf<V>;
  }

  /** The leaf where the key goes; divides one that is full. `probe` is another one than the key's. */
  leafFor({ key }: KeyProbe, probe: KeyProbe): RingLeaf<V> {
    const index = this.indexOf(key);
    const leaf = this.leaves[index] as RingLeaf<V>;
    if (leaf.keys < this.keysMax) return leaf;
    const middle = leaf.keys >>> 1;
    const halves = [new RingLeaf<V>(this.pool), new RingLeaf<V>(this.pool)] as const;
    for (let i = 0; i < leaf.keys; i++) {
      const [each, value] = leaf.atIndex(i);
      halves[i < middle ? 0 : 1].set(probe.take(each), value);
    }
    const first = leaf.keyAtIndex(middle);
    leaf.release();
    this.leaves.splice(index, 1, ...halves);
    this.firsts.splice(index + 1, 0, first);
    return this.leaves[this.indexOf(key)] as RingLeaf<V>;
  }

  /** @returns whether it was the last one */
  remove(leaf: RingLeaf<V>): boolean {
    const index = this.leaves.indexOf(leaf);
    if (this.leaves.length === 1) return true;
    this.leaves.splice(index, 1);
    // What belonged to the first leaf belongs to the one that is first now.
    this.firsts.splice(Math.max(1, index), 1);
    return false;
  }

  /** Those that may have keys of the range, in order, or against it; `edge` where some of theirs may lie outside. */
  *leavesWithin(
    { from, to }: KeyRange,
    reverse: boolean,
  ): Generator<{ readonly leaf: RingLeaf<V>; readonly edge: boolean }, void, undefined> {
    const first = this.indexOf(from as RingKey);
    const last = to === undefined ? this.leaves.length - 1 : this.indexOf(to as RingKey);
    for (let i = 0; i <= last - first; i++) {
      const index = reverse ? last - i : first + i;
      yield { leaf: this.leaves[index] as RingLeaf<V>, edge: index === first || index === last };
    }
  }

  /** Of the last one that begins at or before the key. */
  private indexOf(key: RingKey): number {
    const { firsts } = this;
    let low = 0;
    let high = firsts.length;
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if ((firsts[middle] as RingKey) <= key) low = middle;
      else high = middle;
    }
    return low;
  }
}

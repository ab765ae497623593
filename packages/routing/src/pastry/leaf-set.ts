/**
 * The leaf set: the peers whose ids are closest to the own one, half of them on each side.
 *
 * It decides the last hop. A key between its two ends is owned by one of its members or by the node itself; and when the
 * node knows fewer peers than half a leaf set, the ends meet and cover the whole ring.
 */

import type { IdSpace } from './id-space';

export interface Leaf<P> {
  readonly id: bigint;
  readonly peer: P;
  /** Clockwise distance from the own id, at least 1. */
  readonly offset: bigint;
}

export class LeafSet<P> {
  /** Clockwise neighbours, the closest first. */
  private after: Leaf<P>[] = [];
  /** Counter-clockwise neighbours, the closest first. */
  private before: Leaf<P>[] = [];
  /** Both together without repetition, clockwise from the own id. */
  private all: Leaf<P>[] = [];

  constructor(
    private readonly space: IdSpace,
    readonly own: bigint,
    /** |L| of the paper. */
    readonly sizeMax: number,
  ) {
    if (!Number.isInteger(sizeMax) || sizeMax < 2 || sizeMax % 2 !== 0) {
      throw new RangeError(`a leaf set has an even size from 2, got ${sizeMax}`);
    }
  }

  get size(): number {
    return this.all.length;
  }

  /** Clockwise from the own id. */
  leaves(): readonly Leaf<P>[] {
    return this.all;
  }

  has(id: bigint): boolean {
    return this.all.some((leaf) => leaf.id === id);
  }

  /** The farthest members on either side. */
  ends(): { before: Leaf<P> | undefined; after: Leaf<P> | undefined } {
    return { before: this.before.at(-1), after: this.after.at(-1) };
  }

  /** True when there was a place for it, or it was known. */
  add(id: bigint, peer: P): boolean {
    if (id === this.own) return false;
    const leaf = { id, peer, offset: this.space.clockwise(this.own, id) };
    const half = this.sizeMax / 2;
    const isAfter = insert(this.after, leaf, half, (a, b) => a.offset < b.offset);
    const isBefore = insert(this.before, leaf, half, (a, b) => a.offset > b.offset);
    if (isAfter || isBefore) this.join();
    return isAfter || isBefore;
  }

  remove(id: bigint): boolean {
    if (!this.has(id)) return false;
    this.after = this.after.filter((leaf) => leaf.id !== id);
    this.before = this.before.filter((leaf) => leaf.id !== id);
    this.join();
    return true;
  }

  /** True when a target at this clockwise distance lies between the two ends. */
  covers(offset: bigint): boolean {
    const { before, after } = this.ends();
    return (
      (after !== undefined && offset <= after.offset) || (before !== undefined && offset >= before.offset)
    );
  }

  /** Index in `leaves()` of the last one whose offset is ≤ `offset`, or −1 when the own id comes last. */
  lastAtOrBefore(offset: bigint): number {
    const leaves = this.all;
    let low = 0;
    let high = leaves.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((leaves[middle] as Leaf<P>).offset <= offset) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  private join(): void {
    // In a small ring a peer is on both sides.
    const byOffset = new Map([...this.after, ...this.before].map((leaf) => [leaf.offset, leaf]));
    this.all = [...byOffset.values()].sort((a, b) => (a.offset < b.offset ? -1 : 1));
  }
}

/** Keeps a side sorted and short; true when the leaf is on it afterwards. */
function insert<P>(
  side: Leaf<P>[],
  leaf: Leaf<P>,
  sizeMax: number,
  closer: (a: Leaf<P>, b: Leaf<P>) => boolean,
): boolean {
  let at = 0;
  while (at < side.length && closer(side[at] as Leaf<P>, leaf)) at++;
  if (at === sizeMax) return false;
  side.splice(at, side[at]?.id === leaf.id ? 1 : 0, leaf);
  if (side.length > sizeMax) side.pop();
  return true;
}

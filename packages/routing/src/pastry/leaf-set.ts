/**
 * The leaf set: the peers whose ids are closest to the own one, half of them on each side.
 *
 * It decides the last hop: of a key between its two ends it knows the owner. So between the ends nobody may
 * be missing, and that is why a place that a failed member leaves is not filled with just anybody: while a
 * side is short, it takes in peers beyond its former end only from the leaf set of a member, which goes on
 * without a gap, or, when nobody is left on it, the one that a walk round the ring found to be next.
 */

import type { Origin } from '../scheme';
import type { IdSpace } from './id-space';

export interface Leaf<P> {
  readonly id: bigint;
  readonly peer: P;
  /** Clockwise distance from the own id, at least 1. */
  readonly offset: bigint;
}

export class LeafSet<P> {
  private readonly after: Side<P>;
  private readonly before: Side<P>;
  /** Both sides together without repetition, clockwise from the own id. */
  private all: Leaf<P>[] = [];

  constructor(
    private readonly space: IdSpace,
    readonly own: bigint,
    /** |L| of the paper. */
    readonly sizeMax: number,
    /** False: a free place is for whoever is known, gaps or not. */
    private readonly gapless = true,
  ) {
    if (!Number.isInteger(sizeMax) || sizeMax < 2 || sizeMax % 2 !== 0) {
      throw new RangeError(`a leaf set has an even size from 2, got ${sizeMax}`);
    }
    this.after = new Side(sizeMax / 2, (offset) => offset);
    this.before = new Side(sizeMax / 2, (offset) => space.size - offset);
  }

  get size(): number {
    return this.all.length;
  }

  /** Clockwise from the own id; in a small ring, where a peer is on both sides, once. */
  leaves(): readonly Leaf<P>[] {
    return this.all;
  }

  has(id: bigint): boolean {
    return this.all.some((leaf) => leaf.id === id);
  }

  /** The farthest members on either side. */
  ends(): { before: Leaf<P> | undefined; after: Leaf<P> | undefined } {
    return { before: this.before.end, after: this.after.end };
  }

  /** True when it is a member afterwards. */
  add(id: bigint, peer: P, origin?: Origin): boolean {
    if (id === this.own) return false;
    const leaf = { id, peer, offset: this.space.clockwise(this.own, id) };
    const sides = [this.after, this.before].map((side) =>
      side.add(leaf, !this.gapless || this.continues(side, leaf, origin)),
    );
    if (!sides.includes(true)) return false;
    this.join();
    return true;
  }

  remove(id: bigint): boolean {
    const sides = [this.after.remove(id), this.before.remove(id)];
    if (!sides.includes(true)) return false;
    this.join();
    return true;
  }

  /** True when a target at this clockwise distance lies where nobody is missing. */
  covers(offset: bigint): boolean {
    const { end } = this.before;
    // Beyond the last living member behind lies an owner that is not known; ahead the last living one is the
    // owner.
    return offset <= this.after.reach || (end !== undefined && offset >= end.offset);
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

  /** True when nobody is missing between the side's end and this leaf. */
  private continues(side: Side<P>, leaf: Leaf<P>, origin: Origin | undefined): boolean {
    if (origin === undefined) return false;
    if (origin.kind !== 'around') {
      return side.end === undefined && side === (origin.kind === 'predecessor' ? this.before : this.after);
    }
    const namer = side.leaves.find((member) => member.id === origin.id);
    if (!namer) return false;
    const further = side.distanceOf(leaf.offset) - side.distanceOf(namer.offset);
    return further > 0n && further * 2n <= this.space.size;
  }

  private join(): void {
    const byOffset = new Map(
      [...this.after.leaves, ...this.before.leaves].map((leaf) => [leaf.offset, leaf]),
    );
    this.all = [...byOffset.values()].sort((a, b) => (a.offset < b.offset ? -1 : 1));
  }
}

/** The members on one side, the closest first. */
class Side<P> {
  leaves: Leaf<P>[] = [];
  /** Up to this distance everybody is known; undefined while nobody has been removed. */
  private limit: bigint | undefined;

  constructor(
    private readonly sizeMax: number,
    readonly distanceOf: (offset: bigint) => bigint,
  ) {}

  get end(): Leaf<P> | undefined {
    return this.leaves.at(-1);
  }

  /** The distance up to which everybody is known. */
  get reach(): bigint {
    const end = this.end === undefined ? 0n : this.distanceOf(this.end.offset);
    return this.limit !== undefined && this.limit > end ? this.limit : end;
  }

  add(leaf: Leaf<P>, beyondLimit: boolean): boolean {
    const distance = this.distanceOf(leaf.offset);
    let at = 0;
    while (at < this.leaves.length && this.distanceOf((this.leaves[at] as Leaf<P>).offset) < distance) at++;
    if (at === this.sizeMax) return false;
    if (!beyondLimit && this.limit !== undefined && distance > this.reach) return false;
    this.leaves.splice(at, this.leaves[at]?.id === leaf.id ? 1 : 0, leaf);
    if (this.leaves.length > this.sizeMax) this.leaves.pop();
    if (this.leaves.length === this.sizeMax) this.limit = undefined;
    return true;
  }

  remove(id: bigint): boolean {
    const at = this.leaves.findIndex((leaf) => leaf.id === id);
    if (at === -1) return false;
    this.limit = this.reach;
    this.leaves.splice(at, 1);
    return true;
  }
}

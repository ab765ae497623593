/**
 * Pastry as its paper delivers: to the numerically closest node instead of the one before the target. For
 * comparison with the paper's figures only; a ring of Ringkeep has no such owners.
 */

import type { SchemeState } from '../scheme';
import { ringDistance, type LabRing } from './lab-ring';
import { NOBODY, type LabScheme } from './lab-scheme';
import type { PastryLab } from './pastry-lab';

export class PastryToClosest implements LabScheme {
  readonly name = 'pastry';

  constructor(
    private readonly ring: LabRing,
    private readonly pastry: PastryLab,
    private readonly leafSetSize = 16,
  ) {}

  get bytes(): number {
    return this.pastry.bytes;
  }

  destination(target: number): number {
    const { ring } = this;
    const before = ring.owner(target);
    const after = (before + 1) % ring.size;
    const nearer = (node: number): number => ringDistance(ring.ids[node] as number, target);
    return nearer(before) <= nearer(after) ? before : after;
  }

  /** Where the destination is in the leaf set, the last hop goes there; before that the rule is the same. */
  hop(node: number, target: number): number {
    const closest = this.destination(target);
    if (closest === node) return NOBODY;
    const ranks = Math.abs(closest - node);
    const isLeaf = Math.min(ranks, this.ring.size - ranks) <= this.leafSetSize / 2;
    return isLeaf ? closest : this.pastry.hop(node, target);
  }

  state(node: number): SchemeState {
    return this.pastry.state(node);
  }

  joinMessages(place: number, contact: number): number {
    return this.pastry.joinMessages(place, contact);
  }
}

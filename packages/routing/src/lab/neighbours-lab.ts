/**
 * Neighbours over a whole ring: the peers of a node are the ranks beside it, so that nothing has to be
 * stored.
 */

import type { SchemeState } from '../scheme';
import { RING_SIZE, type LabRing } from './lab-ring';
import { NOBODY, type LabScheme } from './lab-scheme';
import { walk } from './walk';

/** Peers on each side, as the library keeps them. */
const PER_SIDE = 4;

export class NeighboursLab implements LabScheme {
  readonly name = 'neighbours';
  readonly bytes = 0;

  constructor(private readonly ring: LabRing) {}

  hop(node: number, target: number): number {
    const size = this.ring.size;
    const next = node + 1 === size ? 0 : node + 1;
    const offset = this.ring.clockwiseTo(node, target);
    if (next === node || offset < this.ring.clockwise(node, next)) return NOBODY;
    if (offset <= RING_SIZE / 2) return next;
    return node === 0 ? size - 1 : node - 1;
  }

  state(): SchemeState {
    const peers = Math.min(2 * PER_SIDE, this.ring.size - 1);
    return { peers, entries: peers };
  }

  /** Finds its predecessor, asks it for what lies around, and tells both neighbours. */
  joinMessages(place: number, contact: number): number {
    return walk(this.ring, this, contact, place).hops + 1 + 2;
  }
}

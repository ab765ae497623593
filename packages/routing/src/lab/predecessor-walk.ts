/**
 * How a node finds its predecessor when all that it knew there have failed: a walk round the ring, from each
 * node to the last living peer that this one knows before the seeker. It never passes the seeker, so it ends
 * at the predecessor or, where that is unknown to all on the way, before it.
 */

import { RING_SIZE, type LabRing } from './lab-ring';
import { NOBODY } from './lab-scheme';

export interface PredecessorWalk {
  /** NOBODY when the seeker knows nobody at all. */
  readonly predecessor: number;
  readonly messages: number;
}

/** `peersOf` names the peers that a node knows, dead ones included. */
export function walkToPredecessor(
  ring: LabRing,
  seeker: number,
  peersOf: (node: number) => readonly number[],
  alive: Uint8Array,
): PredecessorWalk {
  let predecessor = NOBODY;
  let messages = 1;
  for (let next = lastBefore(ring, seeker, seeker, peersOf, alive); next !== NOBODY; messages++) {
    predecessor = next;
    next = lastBefore(ring, predecessor, seeker, peersOf, alive);
  }
  return { predecessor, messages };
}

function lastBefore(
  ring: LabRing,
  node: number,
  seeker: number,
  peersOf: (node: number) => readonly number[],
  alive: Uint8Array,
): number {
  const room = node === seeker ? RING_SIZE : ring.clockwise(node, seeker);
  let best = NOBODY;
  let bestDistance = 0;
  for (const peer of peersOf(node)) {
    if (alive[peer] === 0) continue;
    const distance = ring.clockwise(node, peer);
    if (distance >= room || distance <= bestDistance) continue;
    best = peer;
    bestDistance = distance;
  }
  return best;
}

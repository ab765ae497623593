/**
 * Which nodes the ring wants copies of an arc at. Followers open streams by it, primaries close streams and release
 * copies by it, and a node is settled when its disk agrees.
 */

import { arcContains, type ArcConfig, type NodeId } from '@ringkeep/shared';
import type { RingKnowledge } from '../context';

/** The ring has the node among those that should hold the whole arc. */
export function wantsCopy(ring: RingKnowledge, arc: ArcConfig, node: NodeId): boolean {
  return (
    arc.inSync.includes(node) ||
    ring.view.desiredReplicas(arc, ring.parameters.replicationFactor).includes(node)
  );
}

/**
 * The node's copy of the arc may be erased. Not while it is taken for dead: it has just shown that it is not, will be
 * wanted again soon, and may have an undamaged copy of what is damaged elsewhere.
 */
export function isOfNoUse(ring: RingKnowledge, arc: ArcConfig, node: NodeId): boolean {
  return !wantsCopy(ring, arc, node) && ring.view.member(node)?.state !== 'dead';
}

/** The node has its place within the arc, and no arc of its own yet. */
export function isNewcomer(ring: RingKnowledge, arc: ArcConfig, node: NodeId): boolean {
  return node !== arc.start && arcContains(arc, node) && ring.view.member(node)?.state === 'active';
}

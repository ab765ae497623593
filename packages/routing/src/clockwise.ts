/**
 * The greedy step clockwise: of all known peers, the last one at or before the target.
 *
 * It is Chord's "closest preceding node". Chord then takes one more step, to that node's successor, because
 * there the successor owns the key; in Ringkeep the preceding node is the owner, and the step falls away.
 * Each hop comes nearer to the target without passing it, and a node knows its successor, so the walk ends
 * at the owner.
 */

import type { NodeId, Position } from '@ringkeep/shared';
import type { PeerCircle } from './peer-circle';
import type { Peer } from './scheme';

export function clockwiseHop(circle: PeerCircle, target: Position): NodeId | undefined {
  return circle.at(circle.lastAtOrBefore(circle.offsetOf(target)))?.id;
}

/** The same peer and those before it, each nearer to this node: all of them come nearer to the target. */
export function clockwiseCandidates(circle: PeerCircle, target: Position, count: number): NodeId[] {
  const found: NodeId[] = [];
  let index = circle.lastAtOrBefore(circle.offsetOf(target));
  for (; index >= 0 && found.length < count; index--) found.push((circle.at(index) as Peer).id);
  return found;
}

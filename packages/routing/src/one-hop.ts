/**
 * One hop: every node knows every other, so the next hop is the owner.
 *
 * This is Ringkeep's default, and was Dynamo's before it. State, and the messages for a change, grow with the ring;
 * look-ups do not. A joining node asks one member for the ring, and is then told each change.
 */

import type { NodeId, Position } from '@ringkeep/shared';
import { clockwiseCandidates, clockwiseHop } from './clockwise';
import { PeerCircle } from './peer-circle';
import type { Peer, RoutingQuestion, RoutingScheme, SchemeState, Wish } from './scheme';

export class OneHop implements RoutingScheme {
  readonly name = 'one-hop';
  private readonly circle: PeerCircle;

  constructor(
    readonly self: NodeId,
    peers: Iterable<Peer> = [],
  ) {
    this.circle = new PeerCircle(self);
    this.learn(peers);
  }

  learn(peers: Iterable<Peer>): void {
    this.circle.add(peers);
  }

  forget(id: NodeId): boolean {
    return this.circle.remove(id);
  }

  nextHop(target: Position): NodeId | undefined {
    return clockwiseHop(this.circle, target);
  }

  candidates(target: Position, count: number): NodeId[] {
    return clockwiseCandidates(this.circle, target, count);
  }

  precedingHop(point: Position): NodeId | undefined {
    return clockwiseHop(this.circle, point);
  }

  has(id: NodeId): boolean {
    return this.circle.has(id);
  }

  peers(): Peer[] {
    return this.circle.toArray();
  }

  state(): SchemeState {
    return { peers: this.circle.size, entries: this.circle.size };
  }

  /** One member's whole view is enough; the successor is as good as any. */
  wishes(): Wish[] {
    const successor = this.circle.at(0);
    if (!successor) return [];
    return [{ to: { kind: 'peer', id: successor.id }, question: { kind: 'everyone' } }];
  }

  /** It keeps no rows and no neighbourhood: everyone is the answer to whatever is asked. */
  answer(_question: RoutingQuestion): NodeId[] {
    return this.circle.ids();
  }
}

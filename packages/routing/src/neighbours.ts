/**
 * Neighbours: a node knows who lies before and behind it, and forwards the shorter way round.
 *
 * This is the plain ring: constant state, a quarter of the ring in hops. The peers behind the nearest one on each side
 * are spares, used when it fails. Walking clockwise never passes the target. Walking the other way passes it once, with
 * the step onto the owner. So the direction, once taken, is kept, and the walk ends.
 */

import { RING_SIZE, type NodeId, type Position } from '@ringkeep/shared';
import { clockwiseHop } from './clockwise';
import { PeerCircle } from './peer-circle';
import {
  PREDECESSOR_WISH,
  type Peer,
  type RoutingQuestion,
  type RoutingScheme,
  type SchemeState,
  type Wish,
} from './scheme';

export interface NeighboursOptions {
  /** Peers kept on each side: the neighbour and its spares. 4 survive three failures in a row. */
  readonly perSide?: number;
}

export class Neighbours implements RoutingScheme {
  readonly name = 'neighbours';
  private readonly circle: PeerCircle;
  private readonly perSide: number;

  constructor(
    readonly self: NodeId,
    peers: Iterable<Peer> = [],
    options: NeighboursOptions = {},
  ) {
    this.perSide = options.perSide ?? 4;
    if (!Number.isInteger(this.perSide) || this.perSide < 1) {
      throw new RangeError(`perSide must be a whole number from 1, got ${this.perSide}`);
    }
    this.circle = new PeerCircle(self);
    this.learn(peers);
  }

  learn(peers: Iterable<Peer>): void {
    this.circle.add(peers);
    const size = this.circle.size;
    if (size <= 2 * this.perSide) return;
    const kept = [];
    for (let i = 0; i < this.perSide; i++) kept.push(i);
    for (let i = size - this.perSide; i < size; i++) kept.push(i);
    this.circle.keepOnly(kept);
  }

  forget(id: NodeId): boolean {
    return this.circle.remove(id);
  }

  nextHop(target: Position): NodeId | undefined {
    const offset = this.circle.offsetOf(target);
    const next = this.circle.at(0);
    if (!next || offset < this.circle.offsetAt(0)) return undefined;
    return offset <= RING_SIZE / 2n ? next.id : (this.circle.at(this.circle.size - 1) as Peer).id;
  }

  candidates(target: Position, count: number): NodeId[] {
    const offset = this.circle.offsetOf(target);
    const size = this.circle.size;
    if (size === 0 || offset < this.circle.offsetAt(0)) return [];
    // Clockwise no spare may lie behind the target: it would be past the owner.
    const ahead = this.range(0, this.circle.lastAtOrBefore(offset));
    if (offset <= RING_SIZE / 2n) return ahead.slice(0, count);
    const back = this.range(Math.max(0, size - this.perSide), size - 1).reverse();
    return [...new Set([...back, ...ahead])].slice(0, count);
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

  /** What lies behind the farthest spares is known to those next to this node. */
  wishes(): Wish[] {
    const ends = [this.circle.at(0), this.circle.at(this.circle.size - 1)];
    const ids = new Set(ends.flatMap((peer) => (peer ? [peer.id] : [])));
    if (ids.size === 0) return [];
    const known = [...ids].map((id): Wish => ({ to: { kind: 'peer', id }, question: { kind: 'around' } }));
    return [PREDECESSOR_WISH, ...known];
  }

  answer(_question: RoutingQuestion): NodeId[] {
    return this.circle.ids();
  }

  private range(from: number, to: number): NodeId[] {
    const ids: NodeId[] = [];
    for (let i = from; i <= to; i++) ids.push((this.circle.at(i) as Peer).id);
    return ids;
  }
}

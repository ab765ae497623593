/**
 * Pastry on Ringkeep's ring: a hop settles one more digit of the target, the leaf set takes the last step.
 *
 * The rule (Rowstron & Druschel, Middleware 2001, section 2.3), for a target T at node A:
 *  1. T lies within the leaf set: go to its owner there. (The paper goes to the numerically closest node.
 *     That is the owner or the one behind it, and both are in the leaf set, so Ringkeep's owner costs no
 *     further hop.)
 *  2. Else by the routing table to a node that shares one digit more with T than A does.
 *  3. Else (an empty place) to any known node that shares as many digits and is numerically closer.
 *
 * Steps 2 and 3 raise (digits shared, closeness) each time, so the walk cannot return; on the side of T the
 * far end of the leaf set always passes step 3, so it cannot get stuck either.
 */

import type { NodeId, Position } from '@ringkeep/shared';
import {
  PREDECESSOR_WISH,
  type Origin,
  type Peer,
  type RoutingQuestion,
  type RoutingScheme,
  type SchemeState,
  type Wish,
} from '../scheme';
import { IdSpace, type DigitBits } from './id-space';
import { LeafSet } from './leaf-set';
import { NeighbourhoodSet } from './neighbourhood-set';
import { RoutingTable } from './routing-table';

export interface PastrySchemeOptions {
  readonly leafSetSize?: number;
  readonly neighbourhoodSize?: number;
  readonly digitBits?: DigitBits;
}

const POSITION_BYTES = 8;

export class PastryScheme implements RoutingScheme {
  readonly name = 'pastry';
  private readonly space: IdSpace;
  private readonly leaves: LeafSet<Peer>;
  private readonly table: RoutingTable<Peer>;
  private readonly neighbourhood: NeighbourhoodSet<Peer>;

  constructor(
    readonly self: NodeId,
    peers: Iterable<Peer> = [],
    options: PastrySchemeOptions = {},
  ) {
    this.space = new IdSpace(POSITION_BYTES, options.digitBits ?? 4);
    this.leaves = new LeafSet(this.space, self, options.leafSetSize ?? 16);
    this.table = new RoutingTable(this.space, self);
    this.neighbourhood = new NeighbourhoodSet(options.neighbourhoodSize ?? 32);
    this.learn(peers);
  }

  learn(peers: Iterable<Peer>, origin?: Origin): void {
    for (const peer of peers) {
      if (peer.id === this.self) continue;
      this.leaves.add(peer.id, peer, origin);
      this.table.add(peer.id, peer, peer.distance);
      this.neighbourhood.add(peer.id, peer, peer.distance);
    }
  }

  /** Its place in the table goes to the best of the others that are known; for the leaf set see there. */
  forget(id: NodeId): boolean {
    const places = [this.leaves.remove(id), this.table.remove(id), this.neighbourhood.remove(id)];
    if (!places.includes(true)) return false;
    for (const peer of this.peers()) this.table.add(peer.id, peer, peer.distance);
    return true;
  }

  nextHop(target: Position): NodeId | undefined {
    const offset = this.space.clockwise(this.self, target);
    if (this.leaves.covers(offset)) {
      return this.leaves.leaves()[this.leaves.lastAtOrBefore(offset)]?.peer.id;
    }
    return (this.table.towards(target)?.peer ?? this.closerPeers(target)[0])?.id;
  }

  candidates(target: Position, count: number): NodeId[] {
    const offset = this.space.clockwise(this.self, target);
    if (this.leaves.covers(offset)) return this.leafCandidates(offset).slice(0, count);
    const first = this.table.towards(target)?.peer;
    const ids = this.closerPeers(target).map((peer) => peer.id);
    return first ? [first.id, ...ids.filter((id) => id !== first.id)].slice(0, count) : ids.slice(0, count);
  }

  precedingHop(point: Position): NodeId | undefined {
    const offset = this.space.clockwise(this.self, point);
    return this.peers().findLast((peer) => this.space.clockwise(this.self, peer.id) <= offset)?.id;
  }

  has(id: NodeId): boolean {
    return this.leaves.has(id) || this.table.has(id) || this.neighbourhood.has(id);
  }

  peers(): Peer[] {
    const places = [...this.leaves.leaves(), ...this.table.entries(), ...this.neighbourhood.entries()];
    const byOffset = new Map(
      places.map(({ id, peer }) => [this.space.clockwise(this.self, id), peer] as const),
    );
    return [...byOffset].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, peer]) => peer);
  }

  state(): SchemeState {
    const entries = this.leaves.size + this.table.size + this.neighbourhood.size;
    return { peers: this.peers().length, entries };
  }

  /**
   * Leaf sets of the predecessor and of the own set's two ends; then each row of the table, from the nodes
   * on the path towards the own id (the i-th of them shares i digits or more) and from a peer of that row;
   * then the neighbourhood of the closest neighbour.
   */
  wishes(): Wish[] {
    if (this.leaves.size === 0 && this.table.size === 0) return [];
    const wishes: Wish[] = [PREDECESSOR_WISH];
    const { before, after } = this.leaves.ends();
    const ends = new Set([before, after].flatMap((leaf) => (leaf ? [leaf.peer.id] : [])));
    for (const id of ends) wishes.push({ to: { kind: 'peer', id }, question: { kind: 'around' } });
    for (let row = 0; row < this.table.depth; row++) {
      wishes.push({ to: { kind: 'path', towards: this.self }, question: { kind: 'row', row } });
      const source = this.table.row(row)[0];
      if (source) wishes.push({ to: { kind: 'peer', id: source.peer.id }, question: { kind: 'row', row } });
    }
    const nearest = this.neighbourhood.entries()[0];
    if (nearest) wishes.push({ to: { kind: 'peer', id: nearest.peer.id }, question: { kind: 'nearby' } });
    return wishes;
  }

  answer(question: RoutingQuestion): NodeId[] {
    switch (question.kind) {
      case 'everyone':
        return this.peers().map((peer) => peer.id);
      case 'around':
        return this.leaves.leaves().map((leaf) => leaf.peer.id);
      case 'row':
        return this.table.row(question.row).map((entry) => entry.peer.id);
      case 'nearby':
        return this.neighbourhood.entries().map((neighbour) => neighbour.peer.id);
    }
  }

  /**
   * The owner among the leaves, then those that would own the target if it were gone; last, where the target
   * lies behind this node, the leaves between the two, which know that side better.
   */
  private leafCandidates(offset: bigint): NodeId[] {
    const leaves = this.leaves.leaves();
    const ids = leaves.map((leaf) => leaf.peer.id);
    const owner = this.leaves.lastAtOrBefore(offset);
    const { before } = this.leaves.ends();
    if (!before || offset < before.offset) return ids.slice(0, owner + 1).reverse();
    const farthest = this.leaves.lastAtOrBefore(before.offset);
    return [...ids.slice(farthest, owner + 1).reverse(), ...ids.slice(owner + 1)];
  }

  /** Step 3: known peers that share as many digits with the target and are closer to it, the best first. */
  private closerPeers(target: Position): Peer[] {
    const shared = this.space.sharedDigits(this.self, target);
    const distance = this.space.distance(this.self, target);
    return this.peers()
      .map((peer) => ({
        peer,
        shared: this.space.sharedDigits(peer.id, target),
        distance: this.space.distance(peer.id, target),
      }))
      .filter((found) => found.shared >= shared && found.distance < distance)
      .sort((a, b) => b.shared - a.shared || (a.distance < b.distance ? -1 : 1))
      .map(({ peer }) => peer);
  }
}

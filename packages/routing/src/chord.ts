/**
 * Chord: a finger at each power of two, and a list of successors.
 *
 * Finger i is the first node at or after self + 2^i, so every hop at least halves the distance left: ½·log2 N hops on
 * average, log2 N fingers. The successor list makes the ring survive failures: the ring breaks only if all on a list
 * fail at once. The predecessor is kept because a new node behind it would otherwise stay unseen. Reference: Stoica et
 * al., Chord, SIGCOMM 2001. Adapted to predecessor ownership as clockwise.ts says; fingers and lists are as in the
 * paper.
 */

import { advance, type NodeId, type Position } from '@ringkeep/shared';
import { clockwiseCandidates, clockwiseHop } from './clockwise';
import { PeerCircle } from './peer-circle';
import {
  PREDECESSOR_WISH,
  type Peer,
  type RoutingQuestion,
  type RoutingScheme,
  type SchemeState,
  type Wish,
} from './scheme';

export interface ChordOptions {
  /** Length of the successor list. 16: half of the nodes may fail and one list in 65,536 is lost. */
  readonly successors?: number;
}

const POSITION_BITS = 64;

export class Chord implements RoutingScheme {
  readonly name = 'chord';
  private readonly circle: PeerCircle;
  private readonly successors: number;
  private filledFingers = 0;

  constructor(
    readonly self: NodeId,
    peers: Iterable<Peer> = [],
    options: ChordOptions = {},
  ) {
    this.successors = options.successors ?? 16;
    if (!Number.isInteger(this.successors) || this.successors < 1) {
      throw new RangeError(`successors must be a whole number from 1, got ${this.successors}`);
    }
    this.circle = new PeerCircle(self);
    this.learn(peers);
  }

  learn(peers: Iterable<Peer>): void {
    this.circle.add(peers);
    this.select();
  }

  forget(id: NodeId): boolean {
    const known = this.circle.remove(id);
    if (known) this.select();
    return known;
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
    const lists = Math.min(this.successors, this.circle.size) + Math.min(1, this.circle.size);
    return { peers: this.circle.size, entries: this.filledFingers + lists };
  }

  /**
   * First the neighbours, without which nothing is right; then each finger that is not just the successor.
   */
  wishes(): Wish[] {
    const successor = this.circle.at(0);
    if (!successor) return [];
    const wishes: Wish[] = [
      PREDECESSOR_WISH,
      { to: { kind: 'peer', id: successor.id }, question: { kind: 'around' } },
    ];
    for (let bit = 0; bit < POSITION_BITS; bit++) {
      const offset = 1n << BigInt(bit);
      if (offset <= this.circle.offsetAt(0)) continue;
      // The owner of the finger's start lies at it or before it; it knows the first node behind.
      const start = advance(this.self, offset);
      wishes.push({ to: { kind: 'owner', of: start }, question: { kind: 'around' } });
    }
    return wishes;
  }

  /** Around a node: its predecessor and its successors. */
  answer(question: RoutingQuestion): NodeId[] {
    const ids = this.circle.ids();
    if (question.kind !== 'around' || ids.length <= this.successors) return ids;
    return [...ids.slice(0, this.successors), ids[ids.length - 1] as NodeId];
  }

  /** Keeps the peers that are a finger, a successor or the predecessor. */
  private select(): void {
    const size = this.circle.size;
    const kept = new Set<number>();
    for (let i = 0; i < Math.min(size, this.successors); i++) kept.add(i);
    if (size > 0) kept.add(size - 1);
    this.filledFingers = 0;
    for (let bit = 0; bit < POSITION_BITS; bit++) {
      const finger = this.circle.lastAtOrBefore((1n << BigInt(bit)) - 1n) + 1;
      if (finger >= size) break;
      kept.add(finger);
      this.filledFingers++;
    }
    if (kept.size < size) this.circle.keepOnly([...kept].sort((a, b) => a - b));
  }
}

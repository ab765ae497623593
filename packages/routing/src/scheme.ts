/**
 * A routing scheme: the knowledge that one node keeps of its peers, and the rule that picks the next hop from it.
 *
 * A scheme is a selection. It is told of peers, keeps those that its structure has a place for, and forgets the rest.
 * It sends nothing. The questions that would improve its knowledge are a list of wishes, and the answers come back as
 * peers to learn. So the same object routes in a live node, in a test and in the laboratory.
 *
 * Every scheme ends at Ringkeep's owner: the node with the greatest id ≤ target. `nextHop` returns undefined when this
 * node takes itself for that node.
 */

import type { NodeId, Position } from '@ringkeep/shared';

export const SCHEME_NAMES = ['one-hop', 'neighbours', 'chord', 'pastry'] as const;
export type SchemeName = (typeof SCHEME_NAMES)[number];

/** Another node of the ring, as a scheme sees it. */
export interface Peer {
  readonly id: NodeId;
  /** How far it is from this node under the proximity metric, in that metric's unit; absent: unknown. */
  readonly distance?: number;
}

/** What one node may ask another about routing; a scheme answers with `answer`. */
export type RoutingQuestion =
  /** Every peer that you know. */
  | { readonly kind: 'everyone' }
  /** The peers closest to you on the ring, on both sides. */
  | { readonly kind: 'around' }
  /** Your routing-table row: the peers that share just `row` digits with you (Pastry). */
  | { readonly kind: 'row'; readonly row: number }
  /** The peers that are close to you under the proximity metric (Pastry). */
  | { readonly kind: 'nearby' };

/** Whom to ask. */
export type Addressee =
  | { readonly kind: 'peer'; readonly id: NodeId }
  /** The owner of a position, found by routing to it. */
  | { readonly kind: 'owner'; readonly of: Position }
  /** Every node that a query towards a position passes, the owner included. */
  | { readonly kind: 'path'; readonly towards: Position }
  /**
   * The last node before the asker, found by `precedingHop` from node to node. The asker learns it with the
   * origin 'predecessor', and is learnt by it with the origin 'successor'.
   */
  | { readonly kind: 'predecessor' };

/** A question whose answer would fill a gap, or keep what is known fresh. */
export interface Wish {
  readonly to: Addressee;
  readonly question: RoutingQuestion;
}

/** Where peers come from, when that says something about their places on the ring. */
export type Origin =
  /** An answer to 'around', and the peer that gave it. */
  | { readonly kind: 'around'; readonly id: NodeId }
  /** The walk of a wish to the predecessor, at its two ends. */
  | { readonly kind: 'predecessor' }
  | { readonly kind: 'successor' };

/** How much a node keeps. */
export interface SchemeState {
  /** Distinct peers that it can forward to: connections it may have to hold. */
  readonly peers: number;
  /** Filled places of its structure; one peer may fill several. */
  readonly entries: number;
}

/** The routing knowledge of one node. */
export interface RoutingScheme {
  readonly name: SchemeName;
  readonly self: NodeId;

  /** Takes in peers that are thought to be alive. Known ones are updated, the node itself is skipped. */
  learn(peers: Iterable<Peer>, origin?: Origin): void;
  /** Drops a peer that has left or does not answer. True when it was known. */
  forget(id: NodeId): boolean;

  /** Whom to forward to, or undefined when this node owns the target as far as it knows. */
  nextHop(target: Position): NodeId | undefined;
  /** The next hop and whom to try behind it, in order; empty when `nextHop` is undefined. */
  candidates(target: Position, count: number): NodeId[];

  /**
   * The last known peer at or before a position, clockwise from this node; undefined when there is none. A
   * walk by it never passes the position, so it finds a predecessor even where routing is broken.
   */
  precedingHop(point: Position): NodeId | undefined;

  has(id: NodeId): boolean;
  /** All known peers, clockwise from this node. */
  peers(): Peer[];
  state(): SchemeState;

  /** What to ask a peer when this node wants to know; the order is the order of use. */
  wishes(): Wish[];
  /**
   * The peers that this node names in answer to a question, itself left out. Ids alone: how far they are
   * is the asker's own matter.
   */
  answer(question: RoutingQuestion): NodeId[];
}

/** Places a newcomer, finds one that came in between, and closes a gap in which all neighbours failed. */
export const PREDECESSOR_WISH: Wish = { to: { kind: 'predecessor' }, question: { kind: 'around' } };

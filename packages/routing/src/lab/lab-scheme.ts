/**
 * A routing scheme over a whole ring at once: the state of all nodes in a few typed arrays.
 *
 * The rules are those of the library's schemes, and tests hold the two together hop by hop; only the
 * storage differs, because a million objects of the library with their peers would not fit.
 */

import type { SchemeName, SchemeState } from '../scheme';

export const NOBODY = -1;

export interface LabScheme {
  readonly name: SchemeName;
  /** Size of its arrays. */
  readonly bytes: number;
  /** The next hop, or NOBODY when the node takes itself for the owner. */
  hop(node: number, target: number): number;
  /** Where a look-up must end, when that is not the node with the greatest id ≤ target. */
  destination?(target: number): number;
  state(node: number): SchemeState;
  /**
   * Messages until a newcomer at a position knows its peers and they know it, starting at a first contact.
   */
  joinMessages(place: number, contact: number): number;
}

/** The few peers that did not answer at the present stop of a look-up. */
export type Tried = number[];

/** A scheme that repairs itself peer by peer. Dead nodes stay in its arrays until a repair removes them. */
export interface RepairableScheme extends LabScheme {
  /** The next hop of a node that has just found those in `tried` dead. */
  hopAround(node: number, target: number, tried: Tried): number;
  /** One round in which every living node repairs each of its entries once. Returns the messages of all. */
  repair(alive: Uint8Array, onProgress?: (nodesDone: number) => void): number;
}

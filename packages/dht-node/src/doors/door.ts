/**
 * A way in for callers from outside. Each door has a folder of its own with everything that it knows of its protocol.
 * It passes requests on to `ask`, where every operation is checked, and admitted or refused, in the same way.
 */

import type { Lifecycle } from '@ringkeep/process/running';
import { connectionsThatFit } from '@ringkeep/process/server';

export interface Door {
  /** Listens, until the lifecycle ends. @returns the URL under which others reach this node */
  listen(lifecycle: Lifecycle): Promise<string>;
  /** The node has joined and serves its part of the ring, or no longer does. */
  setServing(serving: boolean): void;
  /** The node's disk takes new entries, or none. */
  setRoom(hasRoom: boolean): void;
  /** The node knows a newer ring. */
  ringChanged(): void;
}

/** Connections that a door takes: as many as it is made for, within its share of the files that may be open. */
export function connectionsFor(most: number, share: number): number {
  return Math.max(1, Math.min(most, Math.floor(share * connectionsThatFit())));
}

/**
 * A way in for callers from outside. Each door has a folder of its own, with all that it knows of its protocol; what it
 * asks goes through `ask`, where every operation is checked, admitted and refused in the same way.
 */

import type { Lifecycle } from '@ringkeep/process/running';

export interface Door {
  /** Listens, until the lifecycle ends. @returns the URL under which others reach this node */
  listen(lifecycle: Lifecycle): Promise<string>;
  /** The node has joined and serves its part of the ring, or does no more. */
  setServing(serving: boolean): void;
  /** The node's disk takes new entries, or none. */
  setRoom(hasRoom: boolean): void;
  /** The node knows a newer ring. */
  ringChanged(): void;
}

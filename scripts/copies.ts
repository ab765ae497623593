/** How many copies of how many keys a ring at rest holds. */

import type { dht } from '@ringkeep/shared/wire';
import { type LocalRing, heldKeys, ownedKeys } from '@ringkeep/local-ring';

export interface Copies {
  readonly nodes: readonly dht.NodeDescription[];
  /** Keys at their owners. */
  readonly owned: number;
  /** Copies at all nodes, the owners' included. */
  readonly held: number;
  /** As many as there should be. */
  readonly complete: boolean;
}

/** Waits for the copies to be complete: followers hear of the last commit points with the next heartbeats. */
export async function countCopies(
  ring: LocalRing,
  replicationFactor: number,
  withinMs: number,
  ownedAtLeast = 0,
): Promise<Copies> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const nodes = await ring.settled();
    const owned = ownedKeys(nodes);
    const held = heldKeys(nodes);
    const complete = owned >= ownedAtLeast && held === owned * Math.min(replicationFactor, nodes.length);
    if (complete || performance.now() > deadline) return { nodes, owned, held, complete };
  }
}

/** How much a node keeps: over a sample of nodes. */

import { Random } from '@ringkeep/shared';
import type { LabRing } from '../lab-ring';
import type { LabScheme } from '../lab-scheme';

const NODES_SAMPLED = 2_000;

export interface StateResult {
  readonly peersMean: number;
  readonly peersMax: number;
  readonly entriesMean: number;
}

export function measureState(ring: LabRing, scheme: LabScheme, seed: number): StateResult {
  const random = new Random(seed);
  const count = Math.min(NODES_SAMPLED, ring.size);
  let peers = 0;
  let peersMax = 0;
  let entries = 0;
  for (let i = 0; i < count; i++) {
    const state = scheme.state(count === ring.size ? i : random.below(ring.size));
    peers += state.peers;
    peersMax = Math.max(peersMax, state.peers);
    entries += state.entries;
  }
  return { peersMean: peers / count, peersMax, entriesMean: entries / count };
}

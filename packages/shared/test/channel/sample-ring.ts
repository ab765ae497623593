/** A settled ring of some nodes, evenly spread, one copy of each arc. */

import { NO_RING, position, type Ring } from '@ringkeep/shared';

export function sampleRing(nodes: number): Ring {
  const ids = Array.from({ length: nodes }, (_, index) =>
    position((2n ** 64n / BigInt(nodes)) * BigInt(index)),
  );
  return {
    ...NO_RING,
    clusterId: 'sample',
    version: 7,
    members: ids.map((id, index) => ({
      id,
      addr: `http://10.0.0.${index}:50001`,
      salt: index,
      incarnation: 1,
      process: 0n,
      state: 'active',
      coordinates: [],
    })),
    arcs: ids.map((start, index) => ({
      start,
      end: ids[(index + 1) % nodes] ?? start,
      epoch: 3,
      term: 2,
      handover: true,
      primary: start,
      inSync: [start],
      withoutCopy: [],
      copiesReached: 1,
      seq: 0,
    })),
  };
}

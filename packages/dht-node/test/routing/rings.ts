/** Settled rings as data, of any members. */

import {
  type Routing,
  DEFAULT_PARAMETERS,
  NO_RING,
  position,
  type ArcConfig,
  type Member,
  type NodeId,
  type Random,
  type Ring,
} from '@ringkeep/shared';

export function randomIds(random: Random, count: number): NodeId[] {
  const ids = new Set<bigint>();
  while (ids.size < count) ids.add(random.bits64());
  return [...ids].map(position);
}

export function member(id: NodeId, random: Random): Member {
  const coordinates = [random.fraction(), random.fraction()];
  return {
    id,
    addr: `http://node-${id}:1`,
    salt: 0,
    incarnation: 1,
    process: 0n,
    state: 'active',
    coordinates,
  };
}

/** A ring in which each member owns what begins at its id. */
export function ringOf(members: readonly Member[], version = 1, routing: Routing = 'one-hop'): Ring {
  const sorted = [...members].sort((a, b) => (a.id < b.id ? -1 : 1));
  const arcs = sorted.map(({ id }, i): ArcConfig => {
    const end = (sorted[(i + 1) % sorted.length] as Member).id;
    return {
      start: id,
      end,
      epoch: 1,
      term: 1,
      handover: true,
      primary: id,
      inSync: [id],
      withoutCopy: [],
      copiesReached: 1,
      seq: 0,
    };
  });
  const parameters = { ...DEFAULT_PARAMETERS, routing, minCopies: 1 };
  return { ...NO_RING, clusterId: 'test', version, members: sorted, arcs, parameters };
}

/** Random positions, arcs and rings for property tests. */

import fc from 'fast-check';
import {
  NO_RING,
  position,
  type ArcConfig,
  type Member,
  type NodeId,
  type Position,
  type Ring,
} from '../../src/ring';

/** Any position, the ends of the ring and close neighbours among them more often than by chance. */
export const positions: fc.Arbitrary<Position> = fc
  .oneof(fc.bigInt(0n, 2n ** 64n - 1n), fc.bigInt(0n, 8n), fc.bigInt(2n ** 64n - 8n, 2n ** 64n - 1n))
  .map(position);

export const arcs = fc.record({ start: positions, end: positions });

/** A ring of 1 to 12 members, each owning the arc from its id, with some in-sync replicas. */
export const rings: fc.Arbitrary<Ring> = fc
  .uniqueArray(positions, { minLength: 1, maxLength: 12 })
  .chain((ids) =>
    fc.record({
      ids: fc.constant([...ids].sort((a, b) => (a < b ? -1 : 1))),
      states: fc.array(fc.constantFrom<Member['state']>('active', 'active', 'leaving', 'dead'), {
        minLength: ids.length,
        maxLength: ids.length,
      }),
      replicas: fc.array(fc.nat(ids.length - 1), { minLength: ids.length, maxLength: ids.length }),
      version: fc.integer({ min: 1, max: 1_000 }),
    }),
  )
  .map(({ ids, states, replicas, version }) => ({
    ...NO_RING,
    clusterId: 'cluster',
    version,
    members: ids.map((id, index) => memberAt(id, states[index])),
    arcs: ids.map((id, index) => {
      const other = ids[replicas[index] as number] as NodeId;
      return arcAt(id, ids[(index + 1) % ids.length] as Position, other === id ? [id] : [id, other]);
    }),
  }));

export function memberAt(id: NodeId, state: Member['state'] = 'active'): Member {
  return {
    id,
    addr: `http://127.0.0.1:${1024 + Number(id % 60_000n)}`,
    salt: 0,
    incarnation: 1,
    process: 0n,
    state,
    coordinates: [],
  };
}

export function arcAt(start: Position, end: Position, inSync: readonly NodeId[]): ArcConfig {
  return {
    start,
    end,
    epoch: 3,
    term: 2,
    handover: false,
    primary: inSync[0] as NodeId,
    inSync,
    withoutCopy: [],
    copiesReached: 1,
    seq: 0,
  };
}

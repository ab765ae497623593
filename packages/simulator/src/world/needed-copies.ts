/** Which copies on the machines the ring counts on, by what the registry knows. */

import { RingView, type Member, type NodeId, type Ring, type RingKey } from '@ringkeep/shared';
import type { Machine } from './machine';
import type { NodeProcess } from './node-process';
import type { World } from './world';

/** The other running members in sync of the key's arc that are to stay so, as this machine is; nobody that is to leave. */
export function holdersCountedOn(world: World, key: RingKey, like: Machine): NodeProcess[] {
  const { ring } = world.registry;
  const view = new RingView(ring);
  const arc = view.arcOfKey(key);
  if (!arc) return [];
  const desired = view.desiredReplicas(arc, ring.parameters.replicationFactor);
  const machines = arc.inSync.filter((id) => desired.includes(id)).map((id) => world.machineOf(id));
  if (!machines.includes(like)) return [];
  const others = machines.filter((machine) => machine !== like && machine?.isToLeave === false);
  return others.flatMap((machine) => machine?.process ?? []);
}

/**
 * Every arc that names it, by what the registry knows and by what it would find after a crash, has a primary
 * with its copy. No proposal that is on its way takes a primary out.
 */
export function mayLoseCopies(world: World, { id: own }: Machine): boolean {
  if (own === undefined) return false;
  const { registry } = world;
  return [registry.ring, registry.storedRing].every(({ arcs, members }) =>
    arcs.every((arc) => {
      if (!arc.inSync.includes(own)) return true;
      const primary = members.find(({ id }) => id === arc.primary) as Member;
      if (arc.primary === own || arc.withoutCopy.includes(primary.id)) return false;
      return world.machineOf(primary.id)?.hasCopiesOf(primary) ?? false;
    }),
  );
}

/** The registry has declared it dead, and every arc that still names it has somebody else who has a copy. */
export function isDispensable(world: World, { id: own }: Machine): boolean {
  const { members, arcs } = world.registry.ring;
  const isLive = (id: NodeId): boolean =>
    members.some((member) => member.id === id && member.state !== 'dead');
  if (own === undefined || isLive(own)) return false;
  const hasCopies = (id: NodeId): boolean => {
    const member = members.find((each) => each.id === id);
    return member !== undefined && (world.machineOf(id)?.hasCopiesOf(member) ?? false);
  };
  return arcs.every(
    ({ inSync, withoutCopy }) =>
      !inSync.includes(own) || inSync.some((id) => isLive(id) && !withoutCopy.includes(id) && hasCopies(id)),
  );
}

/**
 * An arc names a node of that address, or none is named yet: a node without an identity may have been given the first
 * arc of the ring, or be about to, and only the claim on its disk gets it back.
 */
export function mayCountOn({ members, arcs }: Ring, { addr }: Machine): boolean {
  const here = members.filter((member) => member.addr === addr);
  return arcs.length === 0 || arcs.some(({ inSync }) => here.some(({ id }) => inSync.includes(id)));
}

/** The answer to a process that has registered: who it is, its predecessor, and the whole ring. */

import { closestMember } from '@ringkeep/routing';
import type { Member, RingView } from '@ringkeep/shared';
import type { RegisteredAnswer } from './effects';

export function welcome(view: RingView, member: Member): RegisteredAnswer {
  const { id, salt } = member;
  const owner = view.arcOfPosition(id)?.primary;
  return {
    kind: 'registered',
    identity: { id, salt, clusterId: view.ring.clusterId },
    neighbor: owner === undefined || owner === id ? view.neighbours(id)?.prev : view.member(owner),
    closest: closestTo(view, member),
    parameters: view.ring.parameters,
    ring: { kind: 'ring', ring: view.ring },
  };
}

/** The member to ask first: what a new node copies from a member close to it is close to it, too. */
function closestTo(view: RingView, { id, coordinates }: Member): Member | undefined {
  if (coordinates.length === 0) return undefined;
  const others = view.ring.members.filter((other) => other.id !== id && other.state === 'active');
  return closestMember(
    coordinates,
    others.filter((other) => other.coordinates.length === coordinates.length),
  );
}

/**
 * One look at a ring: what the registry says about it, and what its nodes say about themselves.
 *
 * For a node that does not answer here, the registry's view counts: its address may be one that only the nodes can
 * reach, as in a network of containers.
 */

import type { RingClient } from '@ringkeep/client';
import { RingView, position, type Member, type Position, type RingLook } from '@ringkeep/shared';
import type { dht } from '@ringkeep/shared/wire';
import { messageOf } from './failure';
import type { RingAccess } from './ring-access';

/** What a member said, or why it did not. */
export interface NodeAnswer {
  readonly member: Member;
  readonly said: dht.NodeDescription | { readonly problem: string };
}

export interface RingSeen {
  readonly look: RingLook;
  readonly answers: readonly NodeAnswer[];
}

export async function lookAtRing(
  access: RingAccess,
  client: RingClient,
  withinMs: number,
): Promise<RingSeen> {
  const ring = client.ring();
  const answers = await Promise.all(
    ring.members.map(async (member): Promise<NodeAnswer> => ({
      member,
      said: await access
        .describeNode(member.addr, withinMs)
        .catch((error: unknown) => ({ problem: messageOf(error) })),
    })),
  );
  const closed = closedArcs(answers, new RingView(ring));
  return { look: { ring, closed, registryTrouble: registryTroubleIn(answers) }, answers };
}

/** As the nodes hear of it: the caller may not reach the registry, and need not. */
function registryTroubleIn(answers: readonly NodeAnswer[]): string | undefined {
  for (const { said } of answers)
    if (!('problem' in said) && said.registryTrouble !== undefined) return said.registryTrouble;
  return undefined;
}

/** Arcs whose owner says that it does not serve them. */
function closedArcs(answers: readonly NodeAnswer[], view: RingView): Set<Position> {
  const closed = new Set<Position>();
  for (const { member, said } of answers) {
    if ('problem' in said) continue;
    for (const { primary, serving, start } of said.replicas) {
      const arc = view.arcAt(position(start));
      if (primary && !serving && arc?.primary === member.id) closed.add(arc.start);
    }
  }
  return closed;
}

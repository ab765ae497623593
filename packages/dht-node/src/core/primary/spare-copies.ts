/**
 * When a copy that the ring does not want may be erased: not before every desired copy is there, and none of the arc is
 * damaged here. Until then it may be the only other one, or the only one that has a damaged entry undamaged.
 */

import type { NodeId } from '@ringkeep/shared';
import type { Repairing, RingKnowledge, RuleSettings } from '../context';
import { isOfNoUse } from '../replica/wanted-copies';
import type { ArcPrimary } from './arc-primary';
import type { FollowerSession } from './follower-session';

export function isSpare(
  context: RingKnowledge & Repairing & RuleSettings,
  role: ArcPrimary,
  follower: NodeId,
): boolean {
  const { view, parameters, mending, rules } = context;
  if (!isOfNoUse(context, role.config, follower)) return false;
  const desired = view.desiredReplicas(role.config, parameters.replicationFactor);
  return rules.mayErase(areThere(role, desired) && !mending.isDamagedWithin(role.config));
}

/** Each of them is in sync and level; the primary itself is. */
export function areThere(role: ArcPrimary, desired: readonly NodeId[]): boolean {
  return desired.every(
    (id) =>
      id === role.config.primary ||
      (role.config.inSync.includes(id) && isLevel(role, role.followers.get(id))),
  );
}

/** It is live on its stream and has everything up to the commit point. */
export function isLevel({ replica }: ArcPrimary, session: FollowerSession | undefined): boolean {
  return session !== undefined && session.live && (session.acked ?? -1) >= replica.committed;
}

/**
 * When a copy that the ring does not want may be erased: not before every desired copy is there, and none of the arc is
 * damaged here. Until then it may be the only other one, or the only one that has a damaged entry undamaged.
 */

import type { NodeId } from '@ringkeep/shared';
import type { Repairing, RingKnowledge, RuleSettings } from '../context';
import { isOfNoUse } from '../replica/wanted-copies';
import type { ArcPrimary } from './arc-primary';

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
export function areThere({ config, followers, replica }: ArcPrimary, desired: readonly NodeId[]): boolean {
  const isLevel = (id: NodeId): boolean => followers.get(id)?.isLevelAt(replica.committed) === true;
  return desired.every((id) => id === config.primary || (config.inSync.includes(id) && isLevel(id)));
}

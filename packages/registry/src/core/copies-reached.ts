/**
 * The greatest number of in-sync members that an arc has had. It needs that many copies again before it takes writes,
 * up to the number that the ring requires (`minCopies`).
 *
 * An arc that has not had them yet does not need them. Otherwise a ring that grows from one node to two would stop
 * taking writes while the second one is still being copied to. The number only rises, with two exceptions: it is never
 * more than the ring wants copies, nor than it has members. A dead member is missed and counts until it is forgotten; a
 * leaving member does not count. So no arc waits for copies that nobody could make.
 */

import type { ArcConfig, ClusterParameters, Member } from '@ringkeep/shared';

/** Of members those that the ring does not want to be without. */
export function membersStaying(members: readonly Member[]): number {
  return members.filter(({ state }) => state !== 'leaving').length;
}

export function copiesReached(
  { copiesReached: before, inSync }: ArcConfig,
  staying: number,
  { replicationFactor }: ClusterParameters,
): number {
  const most = Math.max(before, inSync.length);
  return Math.max(1, Math.min(most, replicationFactor, staying));
}

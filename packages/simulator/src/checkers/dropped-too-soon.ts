/**
 * A process that has just started drops no member for being dead if that member has a copy. After a power cut the
 * others are about to come back, and nobody knows yet whose disk does not.
 */

import { formatArc, formatPosition, type ArcConfig, type NodeId, type Ring } from '@ringkeep/shared';
import type { Failure } from './failure';

/** Clocks run at different rates. */
const SHARE_OF_TIMEOUT = 0.7;

/**
 * A primary whose process runs for so long has proposed to drop members of an arc, as it knows the ring.
 *
 * @param hasCopies tells of a node that nothing has happened to what it had
 */
export function checkDropped(
  { members, parameters }: Ring,
  arc: ArcConfig,
  nodes: readonly NodeId[],
  upMs: number,
  hasCopies: (node: NodeId) => boolean,
): Failure | undefined {
  if (upMs > parameters.failureTimeoutMs * SHARE_OF_TIMEOUT) return undefined;
  const isDead = (node: NodeId): boolean => members.some(({ id, state }) => id === node && state === 'dead');
  const wronged = nodes.find((node) => isDead(node) && !arc.withoutCopy.includes(node) && hasCopies(node));
  if (wronged === undefined) return undefined;
  const text = `${formatPosition(wronged)} is dropped from ${formatArc(arc)} by a process that runs for ${Math.round(upMs)} ms`;
  return { checker: 'dropped too soon', text };
}

/**
 * What a join costs: messages until a newcomer knows its peers and is known to those that should know it. A
 * question with its answer is one message, a hop of a look-up is one.
 */

import { Random } from '@ringkeep/shared';
import { randomPosition, type LabRing } from '../lab-ring';
import type { LabScheme } from '../lab-scheme';
import { Sample } from '../sample';

const JOINS_MAX = 1_000;
/** Joins of the plain ring walk a quarter of it. */
const HOPS_BUDGET = 1e8;

export interface JoinResult {
  readonly joins: number;
  readonly joinMessagesMean: number;
  readonly joinMessagesP99: number;
}

export function measureJoins(ring: LabRing, scheme: LabScheme, seed: number): JoinResult {
  const random = new Random(seed);
  const joins = Math.max(10, Math.min(JOINS_MAX, Math.floor(HOPS_BUDGET / ring.size)));
  const messages = new Sample();
  for (let i = 0; i < joins; i++) {
    messages.add(scheme.joinMessages(randomPosition(random), random.below(ring.size)));
  }
  return { joins, joinMessagesMean: messages.mean, joinMessagesP99: messages.percentile(0.99) };
}

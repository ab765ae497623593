/**
 * How far nodes are from each other, for routing that may choose among peers. It is either a place in the unit square,
 * drawn from the claim that a node keeps on its disk so that it stays the same, or round-trip times, which nobody else
 * needs to know.
 */

import { Random } from '@ringkeep/shared';
import { randomCoordinates } from '@ringkeep/routing';
import { positionOfText } from '@ringkeep/shared/operations';

export const PROXIMITIES = ['random', 'rtt', 'none'] as const;
export type Proximity = (typeof PROXIMITIES)[number];

/** The co-ordinates that a node tells the ring. */
export function coordinatesOf(proximity: Proximity, claim: string): readonly number[] {
  if (proximity !== 'random') return [];
  // A seed has 53 bits.
  return randomCoordinates(new Random(Number(positionOfText(claim) >> 11n)));
}

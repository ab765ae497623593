/**
 * Many look-ups over one ring, and what they cost: hops, and how much longer the way is than the direct one.
 *
 * Starts and targets come from the seed alone, so that all schemes are asked the same questions. Each
 * look-up's end is compared with the owner; the laboratory does not go on after a wrong one.
 */

import { invariant, Random } from '@ringkeep/shared';
import { randomPosition, type LabRing } from './lab-ring';
import type { LabScheme } from './lab-scheme';
import { Sample } from './sample';
import { walk } from './walk';

export interface LookupResult {
  readonly lookups: number;
  readonly hopsMean: number;
  readonly hopsP50: number;
  readonly hopsP99: number;
  readonly hopsMax: number;
  readonly histogram: readonly number[];
  /** Length of all ways over that of the direct ones, under the proximity metric. */
  readonly stretch: number;
}

/**
 * Hops that may be spent on one measurement: a walk of the plain ring has a quarter of a million on a large
 * one.
 */
const HOPS_BUDGET = 3e8;

export function measureLookups(
  ring: LabRing,
  scheme: LabScheme,
  lookups: number,
  seed: number,
  onProgress: (done: number, total: number) => void = () => undefined,
): LookupResult {
  const random = new Random(seed);
  const affordable = scheme.name === 'neighbours' ? Math.ceil(HOPS_BUDGET / (ring.size / 4 + 1)) : lookups;
  const total = Math.min(lookups, affordable);
  const hops = new Sample();
  let way = 0;
  let direct = 0;
  for (let i = 0; i < total; i++) {
    const start = random.below(ring.size);
    const target = randomPosition(random);
    const walked = walk(ring, scheme, start, target);
    const destination = scheme.destination?.(target) ?? ring.owner(target);
    invariant(walked.end === destination, `a look-up of ${scheme.name} ends where it must`);
    hops.add(walked.hops);
    way += walked.distance;
    direct += ring.proximity(start, walked.end);
    if ((i & 255) === 255 || i + 1 === total) onProgress(i + 1, total);
  }
  return {
    lookups: total,
    hopsMean: hops.mean,
    hopsP50: hops.percentile(0.5),
    hopsP99: hops.percentile(0.99),
    hopsMax: hops.max,
    histogram: hops.histogram(),
    stretch: direct === 0 ? 1 : way / direct,
  };
}

/** One look-up over a ring of the laboratory, hop by hop. */

import type { LabRing } from './lab-ring';
import { NOBODY, type LabScheme, type RepairableScheme, type Tried } from './lab-scheme';

export interface LookupWalk {
  /** Where it ended; NOBODY when it went in circles. */
  readonly end: number;
  readonly hops: number;
  /** Length of the way under the proximity metric. */
  readonly distance: number;
  /** Dead peers that were tried. */
  readonly timeouts: number;
}

/** More hops than any walk without circles makes in a scheme with long links. */
const HOPS_MAX = 512;

export function walk(ring: LabRing, scheme: LabScheme, start: number, target: number): LookupWalk {
  let node = start;
  let hops = 0;
  let distance = 0;
  for (;;) {
    const next = scheme.hop(node, target);
    if (next === NOBODY) return { end: node, hops, distance, timeouts: 0 };
    distance += ring.proximity(node, next);
    node = next;
    if (++hops > ring.size + HOPS_MAX) return { end: NOBODY, hops, distance, timeouts: 0 };
  }
}

/** The same while some nodes are dead: one that does not answer is noted, and the scheme is asked again. */
export function walkAround(
  ring: LabRing,
  scheme: RepairableScheme,
  start: number,
  target: number,
  alive: Uint8Array,
): LookupWalk {
  let node = start;
  let hops = 0;
  let distance = 0;
  let timeouts = 0;
  let tried: Tried = [];
  for (;;) {
    const next = scheme.hopAround(node, target, tried);
    if (next === NOBODY) return { end: node, hops, distance, timeouts };
    if (alive[next] === 0) {
      tried.push(next);
      timeouts++;
      continue;
    }
    distance += ring.proximity(node, next);
    node = next;
    if (tried.length > 0) tried = [];
    if (++hops > HOPS_MAX) return { end: NOBODY, hops, distance, timeouts };
  }
}

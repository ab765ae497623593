/**
 * Generators of random numbers by name. Each part of a run has its own, which depends only on the seed and the part's
 * name. So a new kind of fault, or one more machine, leaves the rest of a seed's story as it was.
 */

import { Random } from '@ringkeep/shared';

export function seeded(seed: number, part: string): Random {
  let hash = 0x811c9dc5;
  for (let i = 0; i < part.length; i++) hash = Math.imul(hash ^ part.charCodeAt(i), 0x01000193);
  return new Random(seed * 2 ** 21 + (hash >>> 11));
}

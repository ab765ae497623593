/**
 * Generators of random numbers by name: each part of a run has its own, which depends on the seed and the part's
 * name alone. So a new kind of fault, or one machine more, leaves all the rest of a seed's story where it was.
 */

import { Random } from '@ringkeep/shared';

export function seeded(seed: number, part: string): Random {
  let hash = 0x811c9dc5;
  for (let i = 0; i < part.length; i++) hash = Math.imul(hash ^ part.charCodeAt(i), 0x01000193);
  return new Random(seed * 2 ** 21 + (hash >>> 11));
}

/**
 * Pauses that double and do not fall into step: each is between half and the whole of first · 2^n, and at most
 * `longest`.
 */

import type { Random } from '@ringkeep/shared';

export interface Pauses {
  readonly first: number;
  readonly longest: number;
}

/** The pause after the `failures`-th failure in a row (1 is the first). */
export function pauseMs(pauses: Pauses, failures: number, random: Random): number {
  const whole = Math.min(pauses.longest, pauses.first * 2 ** Math.min(failures - 1, 30));
  return whole * (0.5 + random.fraction() / 2);
}

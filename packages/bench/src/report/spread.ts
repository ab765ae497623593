/** The median of a few rounds, and how far apart they are. */

import { invariant } from '@ringkeep/shared';

export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

export function spreadOf(values: readonly number[]): Spread {
  invariant(values.length > 0, 'there is a round');
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] as number;
  const median = sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] as number)) / 2;
  return { median, least: sorted[0] as number, most: sorted.at(-1) as number };
}

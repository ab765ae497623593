/**
 * Draws from any discrete distribution in constant time: Walker's alias method, built by Vose ("A linear algorithm
 * for generating random numbers with a given distribution", IEEE TSE 1991). Needed for Zipf exponents of 1 and above,
 * which real caches have and YCSB's generator cannot do.
 */

import { invariant, type Random } from '@ringkeep/shared';

export class AliasTable {
  private readonly keep: Float64Array;
  private readonly alias: Uint32Array;

  constructor(
    weights: Float64Array,
    private readonly random: Random,
  ) {
    const count = weights.length;
    invariant(count > 0, 'there is something to draw');
    const mean = weights.reduce((sum, weight) => sum + weight, 0) / count;
    invariant(mean > 0, 'some weight is positive');
    this.keep = weights.map((weight) => weight / mean);
    this.alias = new Uint32Array(count);
    const poor: number[] = [];
    const rich: number[] = [];
    for (let i = 0; i < count; i++) ((this.keep[i] as number) < 1 ? poor : rich).push(i);
    while (poor.length > 0 && rich.length > 0) {
      const taker = poor.pop() as number;
      const giver = rich[rich.length - 1] as number;
      this.alias[taker] = giver;
      const left = (this.keep[giver] as number) + (this.keep[taker] as number) - 1;
      this.keep[giver] = left;
      if (left < 1) poor.push(rich.pop() as number);
    }
    // What rounding has left over would be drawn whole.
    for (const i of [...poor, ...rich]) this.keep[i] = 1;
  }

  next(): number {
    const column = this.random.below(this.keep.length);
    return this.random.fraction() < (this.keep[column] as number) ? column : (this.alias[column] as number);
  }
}

/** Weights 1 / (i + 1)^alpha. */
export function zipfWeights(count: number, alpha: number): Float64Array {
  return Float64Array.from({ length: count }, (_, rank) => (rank + 1) ** -alpha);
}

/**
 * Zipfian ranks in constant time: P(rank i) proportional to 1 / (i + 1)^theta, 0 < theta < 1.
 *
 * The method is that of Gray, Sundaresan, Englert, Baclawski, Weinberger, "Quickly Generating Billion-Record Synthetic
 * Databases", SIGMOD 1994, section 3.2, which YCSB's ZipfianGenerator uses with theta = 0.99. The first two ranks are exact,
 * the others come from a continuous approximation. The sum grows with the items, so inserts cost one term each.
 */

import { invariant, type Random } from '@ringkeep/shared';

export const YCSB_THETA = 0.99;

export class Zipfian {
  private items = 0;
  private zeta = 0;
  private eta = 0;
  private readonly alpha: number;
  private readonly secondBound: number;
  private readonly zetaOfTwo: number;

  constructor(
    items: number,
    private readonly random: Random,
    private readonly theta = YCSB_THETA,
    /** The sum 1/1^theta + … + 1/items^theta, when it is known. */
    zeta?: number,
  ) {
    invariant(theta > 0 && theta < 1, 'theta is between 0 and 1');
    this.alpha = 1 / (1 - theta);
    this.secondBound = 1 + 0.5 ** theta;
    this.zetaOfTwo = this.secondBound;
    if (zeta === undefined) this.grow(items);
    else this.settle(items, zeta);
  }

  /** From now on there are that many items, at least as many as before. */
  grow(items: number): void {
    invariant(items >= this.items && items >= 1, 'items are added only');
    let zeta = this.zeta;
    for (let i = this.items; i < items; i++) zeta += 1 / (i + 1) ** this.theta;
    this.settle(items, zeta);
  }

  /** A rank, 0 being the most popular. */
  next(): number {
    const u = this.random.fraction();
    const uz = u * this.zeta;
    if (uz < 1 || this.items === 1) return 0;
    if (uz < this.secondBound) return 1;
    return Math.min(this.items - 1, Math.floor(this.items * (this.eta * u - this.eta + 1) ** this.alpha));
  }

  private settle(items: number, zeta: number): void {
    this.items = items;
    this.zeta = zeta;
    this.eta = items <= 2 ? 0 : (1 - (2 / items) ** (1 - this.theta)) / (1 - this.zetaOfTwo / zeta);
  }
}

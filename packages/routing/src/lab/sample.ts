/** Whole numbers that were counted, and what is said about them: mean, percentiles, histogram. */

export class Sample {
  private readonly counts: number[] = [];
  private total = 0;
  private sum = 0;

  add(value: number): void {
    this.counts[value] = (this.counts[value] ?? 0) + 1;
    this.total++;
    this.sum += value;
  }

  get size(): number {
    return this.total;
  }

  get mean(): number {
    return this.total === 0 ? 0 : this.sum / this.total;
  }

  get max(): number {
    return Math.max(0, this.counts.length - 1);
  }

  /** The least value that a share of the sample does not exceed. */
  percentile(share: number): number {
    let seen = 0;
    for (let value = 0; value < this.counts.length; value++) {
      seen += this.counts[value] ?? 0;
      if (seen >= share * this.total) return value;
    }
    return this.max;
  }

  /** How often each value from 0 was seen. */
  histogram(): number[] {
    return Array.from(this.counts, (count) => count ?? 0);
  }
}

/** How this project's servers name their measures, and the bounds of their buckets. */

import type { Counter, Histogram, Level, Meter } from './meter';

/** From the time of a memory access to that of a disk in trouble. */
const DURATION_BOUNDS_S = [0.000_25, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export class Instruments {
  constructor(private readonly meter: Meter) {}

  /** `_total` is added to its name. */
  counter<const Labels extends readonly string[]>(
    name: string,
    labels: Labels,
    help: string,
  ): Counter<Labels> {
    return this.meter.counter({ name: `ringkeep_${name}_total`, help, labels });
  }

  /** `_seconds` is added to its name. */
  seconds<const Labels extends readonly string[]>(
    name: string,
    labels: Labels,
    help: string,
  ): Histogram<Labels> {
    return this.meter.histogram({ name: `ringkeep_${name}_seconds`, help, labels }, DURATION_BOUNDS_S);
  }

  gauge<const Labels extends readonly string[]>(
    name: string,
    labels: Labels,
    help: string,
    read: () => readonly Level<Labels>[],
  ): () => void {
    return this.meter.gauge({ name: `ringkeep_${name}`, help, labels }, read);
  }
}

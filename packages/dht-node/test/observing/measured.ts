/** A node's meter as tests ask it. */

import { ReadableMeter, valuesOf } from '@ringkeep/process/meter';

export class Measured {
  readonly meter = new ReadableMeter();

  /** Every series of a measure. */
  all(name: string): Readonly<Record<string, number>> {
    return valuesOf(this.meter.read(), `ringkeep_${name}`);
  }

  one(name: string, ...labels: readonly string[]): number {
    return this.all(name)[labels.join(' ')] ?? 0;
  }
}

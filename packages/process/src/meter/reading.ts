/** What a meter shows when it is read: each measure with its series, as a page of metrics lists them. */

import { RingError } from '@ringkeep/shared/ring/errors';

interface Family {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
}

export interface Amount {
  readonly labels: readonly string[];
  readonly value: number;
}

export interface Spread {
  readonly labels: readonly string[];
  readonly count: number;
  readonly sum: number;
  /** How many values were at most each bound. */
  readonly upTo: readonly number[];
}

export type MeterReading = Family &
  (
    | { readonly kind: 'counter' | 'gauge'; readonly series: readonly Amount[] }
    | { readonly kind: 'histogram'; readonly bounds: readonly number[]; readonly series: readonly Spread[] }
  );

/**
 * The series of a measure by their labels, which are joined by spaces; of a histogram, how often something was seen.
 * Throws INVALID_ARGUMENT when nothing of that name is measured.
 */
export function valuesOf(readings: readonly MeterReading[], name: string): Readonly<Record<string, number>> {
  const found = readings.find((reading) => reading.name === name);
  if (found === undefined) throw new RingError('INVALID_ARGUMENT', `nothing is measured as ${name}`);
  const series: readonly (Amount | Spread)[] = found.series;
  return Object.fromEntries(
    series.map((each) => [each.labels.join(' '), 'value' in each ? each.value : each.count]),
  );
}

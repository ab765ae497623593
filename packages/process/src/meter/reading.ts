/** What a meter shows to whoever looks: each measure with its series, as a page of metrics lists them. */

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
  /** How many were at most as much as each bound. */
  readonly upTo: readonly number[];
}

export type MeterReading = Family &
  (
    | { readonly kind: 'counter' | 'gauge'; readonly series: readonly Amount[] }
    | { readonly kind: 'histogram'; readonly bounds: readonly number[]; readonly series: readonly Spread[] }
  );

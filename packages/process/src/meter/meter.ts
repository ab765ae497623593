/**
 * The port to whoever measures: counters and histograms are told, gauges are read when somebody looks. Names, units and
 * labels are Prometheus': seconds and bytes, `_total` for what only grows.
 *
 * A histogram takes a value with the number of times that it was seen, because operations come in frames: one call for a
 * frame, not one for each of its operations.
 */

/** What is measured. Declared again in the same way it is the same one; in another way it is refused. */
export interface Measure<Labels extends readonly string[]> {
  readonly name: string;
  readonly help: string;
  readonly labels: Labels;
}

export type LabelValues<Labels extends readonly string[]> = { readonly [Index in keyof Labels]: string };

export interface Counter<Labels extends readonly string[]> {
  /** Throws INTERNAL for less than nothing: a counter only grows. */
  add(amount: number, ...labels: LabelValues<Labels>): void;
}

export interface Histogram<Labels extends readonly string[]> {
  record(value: number, times: number, ...labels: LabelValues<Labels>): void;
}

export interface Level<Labels extends readonly string[]> {
  readonly value: number;
  readonly labels: LabelValues<Labels>;
}

/**
 * Of a measure so many sets of labels are kept apart; what comes with further ones is counted together, under OTHER for
 * every label.
 */
export const SERIES_MAX = 1_000;
export const OTHER = 'other';

export interface Meter {
  counter<const Labels extends readonly string[]>(measure: Measure<Labels>): Counter<Labels>;

  /** `bounds` are the upper ends of its buckets, rising; one without end is added. */
  histogram<const Labels extends readonly string[]>(
    measure: Measure<Labels>,
    bounds: readonly number[],
  ): Histogram<Labels>;

  /**
   * `read` is called whenever somebody looks. @returns what takes the gauge back. One at a time: a second one of the name
   * is refused until then, for a meter is one server's.
   */
  gauge<const Labels extends readonly string[]>(
    measure: Measure<Labels>,
    read: () => readonly Level<Labels>[],
  ): () => void;
}

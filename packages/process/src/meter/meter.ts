/**
 * The port to systems that measure. Counters and histograms are told values; gauges are read when somebody looks.
 * Names, units and labels are those of Prometheus: seconds and bytes, and `_total` for what only grows.
 *
 * A histogram takes a value together with the number of times that it was seen, because operations come in frames: one
 * call for a frame instead of one for each of its operations.
 */

/** A measure. Declared again in the same way it is the same one; in another way it is refused. */
export interface Measure<Labels extends readonly string[]> {
  readonly name: string;
  readonly help: string;
  readonly labels: Labels;
}

export type LabelValues<Labels extends readonly string[]> = { readonly [Index in keyof Labels]: string };

export interface Counter<Labels extends readonly string[]> {
  /** Throws INTERNAL for a negative value: a counter only grows. */
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
 * This many sets of labels are kept apart for a measure. Further ones are counted together, under OTHER for every
 * label.
 */
export const SERIES_MAX = 1_000;
export const OTHER = 'other';

export interface Meter {
  counter<const Labels extends readonly string[]>(measure: Measure<Labels>): Counter<Labels>;

  /** `bounds` are the upper ends of its buckets, ascending; one without an end is added. */
  histogram<const Labels extends readonly string[]>(
    measure: Measure<Labels>,
    bounds: readonly number[],
  ): Histogram<Labels>;

  /**
   * `read` is called whenever somebody looks. @returns a function that removes the gauge. Until then a second one of
   * that name is refused, because a meter belongs to one server.
   */
  gauge<const Labels extends readonly string[]>(
    measure: Measure<Labels>,
    read: () => readonly Level<Labels>[],
  ): () => void;
}

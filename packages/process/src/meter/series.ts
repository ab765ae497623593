/** The series of one measure: one for each set of labels, and one for all further sets when there are enough. */

import { OTHER, SERIES_MAX } from './meter';

/** Separates the labels of a key; no label contains it by accident. */
const SEPARATOR = '\u0000';

export class Series<Value> {
  private readonly values = new Map<string, { readonly labels: readonly string[]; readonly value: Value }>();

  constructor(private readonly fresh: () => Value) {}

  at(labels: readonly string[]): Value {
    const key = labels.length === 1 ? (labels[0] as string) : labels.join(SEPARATOR);
    const known = this.values.get(key);
    if (known) return known.value;
    if (this.values.size < SERIES_MAX || labels.length === 0) return this.add(key, labels);
    const others = labels.map(() => OTHER);
    const rest = others.join(SEPARATOR);
    return this.values.get(rest)?.value ?? this.add(rest, others);
  }

  list(): readonly { readonly labels: readonly string[]; readonly value: Value }[] {
    return [...this.values.values()];
  }

  private add(key: string, labels: readonly string[]): Value {
    const value = this.fresh();
    this.values.set(key, { labels, value });
    return value;
  }
}

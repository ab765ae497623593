/**
 * A meter in this process, for tests and for a page of metrics.
 *
 * prom-client was tried and rejected. It has no histogram that takes a value many times, so a frame of 256 operations
 * would cost 256 × 0.8 µs, and it does not bound labels. What it has beyond this is the text of the page.
 */

import { invariant, RingError } from '@ringkeep/shared/ring/errors';
import type { Counter, Histogram, LabelValues, Level, Measure, Meter } from './meter';
import type { MeterReading, Spread } from './reading';
import { Series } from './series';

type Labels = readonly string[];

const NAME = /^[a-z][a-z0-9_]*$/;
/** The ending of a counter's name, and of no other name. */
const TOTAL = /_total$/;

export class ReadableMeter implements Meter {
  private readonly families = new Map<string, CounterFamily | HistogramFamily | GaugeFamily>();

  counter<const Names extends Labels>(measure: Measure<Names>): Counter<Names> {
    return this.declare(new CounterFamily(measure));
  }

  histogram<const Names extends Labels>(
    measure: Measure<Names>,
    bounds: readonly number[],
  ): Histogram<Names> {
    return this.declare(new HistogramFamily(measure, bounds));
  }

  gauge<const Names extends Labels>(
    measure: Measure<Names>,
    read: () => readonly Level<Names>[],
  ): () => void {
    return this.declare(new GaugeFamily(measure)).readFrom(read);
  }

  /** In the order in which they were declared. */
  read(): readonly MeterReading[] {
    return [...this.families.values()].map((family) => family.reading());
  }

  private declare<Of extends CounterFamily | HistogramFamily | GaugeFamily>(family: Of): Of {
    const { name, labels } = family.measure;
    const fault = nameFault(name, labels, family.kind);
    if (fault !== undefined) throw new RingError('INVALID_ARGUMENT', fault);
    const known = this.families.get(name);
    if (known === undefined) {
      this.families.set(name, family);
      return family;
    }
    if (known.shape !== family.shape)
      throw new RingError('INVALID_ARGUMENT', `${name} is measured already, as ${known.shape}`);
    return known as Of;
  }
}

function nameFault(name: string, labels: Labels, kind: MeterReading['kind']): string | undefined {
  const bad = [name, ...labels].find((each) => !NAME.test(each));
  if (bad !== undefined) return `'${bad}' names no measure and no label: lower case, digits and _ do`;
  if (TOTAL.test(name) === (kind === 'counter')) return undefined;
  return kind === 'counter' ? `the counter ${name} should end with _total` : `${name} is no counter`;
}

abstract class Family {
  constructor(readonly measure: Measure<Labels>) {}

  abstract readonly kind: MeterReading['kind'];

  /** Two with the same name must have the same. */
  get shape(): string {
    return `${this.kind} of ${this.measure.labels.join(', ') || 'no label'}`;
  }
}

class CounterFamily extends Family implements Counter<Labels> {
  readonly kind = 'counter';
  private readonly series = new Series(() => ({ value: 0 }));

  add(amount: number, ...labels: LabelValues<Labels>): void {
    invariant(amount >= 0, 'a counter only grows');
    this.series.at(labels).value += amount;
  }

  reading(): MeterReading {
    const series = this.series.list().map(({ labels, value: { value } }) => ({ labels, value }));
    return { ...this.measure, kind: this.kind, series };
  }
}

class HistogramFamily extends Family implements Histogram<Labels> {
  readonly kind = 'histogram';
  private readonly series: Series<{ sum: number; readonly buckets: number[] }>;

  constructor(
    measure: Measure<Labels>,
    private readonly bounds: readonly number[],
  ) {
    super(measure);
    this.series = new Series(() => ({ sum: 0, buckets: new Array<number>(bounds.length + 1).fill(0) }));
  }

  override get shape(): string {
    return `${super.shape} with the bounds ${this.bounds.join(' ')}`;
  }

  record(value: number, times: number, ...labels: LabelValues<Labels>): void {
    const spread = this.series.at(labels);
    const found = this.bounds.findIndex((bound) => value <= bound);
    const bucket = found === -1 ? this.bounds.length : found;
    spread.buckets[bucket] = (spread.buckets[bucket] as number) + times;
    spread.sum += value * times;
  }

  reading(): MeterReading {
    const series = this.series.list().map(({ labels, value: { sum, buckets } }): Spread => {
      let count = 0;
      const sums = buckets.map((times) => (count += times));
      return { labels, count, sum, upTo: sums.slice(0, -1) };
    });
    return { ...this.measure, kind: this.kind, bounds: this.bounds, series };
  }
}

class GaugeFamily extends Family {
  readonly kind = 'gauge';
  private source: (() => readonly Level<Labels>[]) | undefined;

  readFrom(read: () => readonly Level<Labels>[]): () => void {
    if (this.source !== undefined)
      throw new RingError(
        'INVALID_ARGUMENT',
        `${this.measure.name} is read from another server: give each its own meter`,
      );
    this.source = read;
    return () => {
      if (this.source === read) this.source = undefined;
    };
  }

  reading(): MeterReading {
    return { ...this.measure, kind: this.kind, series: this.source?.() ?? [] };
  }
}

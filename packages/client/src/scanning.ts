/** Scans and ranges of a client: pages asked of the owners of places, by the ring that it knows. */

import type { Ring } from '@ringkeep/shared';
import {
  Range,
  rangeTerms,
  Scan,
  scanTerms,
  type PageSource,
  type RangeOptions,
  type ScanOptions,
} from '@ringkeep/shared/scans';
import type { Asking } from './asking';
import { prefixBytes } from './operands';
import type { CallOptions, ConnectOptions } from './options';

interface RingKnowing {
  ready(options: ConnectOptions): Promise<Ring>;
  ring(): Ring;
}

export class Scanning {
  constructor(
    private readonly asking: Asking,
    private readonly client: RingKnowing,
  ) {}

  scan<Value>(options: ScanOptions & CallOptions, keysOnly: boolean): Scan<Value> {
    return new Scan<Value>(scanTerms(options, keysOnly, prefixBytes), this.pagesFor(options));
  }

  range(options: RangeOptions & CallOptions): Range {
    const arcs = (): Ring['arcs'] => this.client.ring().arcs;
    return new Range(rangeTerms(options, prefixBytes), { ...this.pagesFor(options), arcs });
  }

  private pagesFor(options: CallOptions): PageSource {
    return {
      rule: async () => (await this.client.ready(options)).parameters.positionRule,
      page: (place, query) => this.asking.page(place, query, options),
    };
  }
}

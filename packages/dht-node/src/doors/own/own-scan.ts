/** Scans and ranges that the program around a node asks for. */

import { RingError } from '@ringkeep/shared';
import {
  Range,
  rangeTerms,
  Scan,
  scanTerms,
  type RangeOptions,
  type RangeSource,
  type ScanOptions,
} from '@ringkeep/shared/scans';
import { askPage } from '../../ask/one-page';
import type { NodeHost } from '../../hosting/host';
import { DEADLINE_DEFAULT_MS } from '../deadlines';
import { bytesOf, OWN } from './own-query';

/** Throws INVALID_ARGUMENT naming the option. */
export function ownScan<Value>(host: NodeHost, options: ScanOptions, keysOnly: boolean): Scan<Value> {
  return new Scan<Value>(scanTerms(options, keysOnly, bytesOf), pagesThrough(host, OWN));
}

/** Throws INVALID_ARGUMENT naming the option. */
export function ownRange(host: NodeHost, options: RangeOptions): Range {
  return new Range(rangeTerms(options, bytesOf), pagesThrough(host, OWN));
}

/** Pages of the ring as this node knows it, asked through a door. */
export function pagesThrough(
  host: NodeHost,
  door: string,
  deadlineMs = (): number => DEADLINE_DEFAULT_MS,
): RangeSource {
  return {
    rule: () => {
      const { version, parameters } = host.core.view.ring;
      return version > 0
        ? Promise.resolve(parameters.positionRule)
        : Promise.reject(new RingError('UNAVAILABLE', 'the node does not know the ring yet'));
    },
    page: async (place, query) => {
      const { version: ringVersion } = host.core.view;
      return (await askPage(host, place, query, { door, deadlineMs: deadlineMs(), hops: 0, ringVersion }))
        .page;
    },
    arcs: () => host.core.view.ring.arcs,
  };
}

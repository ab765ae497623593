/** Scans that the program around a node asks for. */

import { RingError } from '@ringkeep/shared';
import { Scan, scanTerms, type ScanOptions } from '@ringkeep/shared/scans';
import { askPage } from '../../ask/one-page';
import type { NodeHost } from '../../hosting/host';
import { DEADLINE_DEFAULT_MS } from '../grpc/deadlines';
import { bytesOf, OWN } from './own-query';

/** Throws INVALID_ARGUMENT naming the option. */
export function ownScan<Value>(host: NodeHost, options: ScanOptions, keysOnly: boolean): Scan<Value> {
  return new Scan<Value>(scanTerms(options, keysOnly, bytesOf), {
    rule: () => {
      const { version, parameters } = host.core.view.ring;
      return version > 0
        ? Promise.resolve(parameters.positionRule)
        : Promise.reject(new RingError('UNAVAILABLE', 'the node does not know the ring yet'));
    },
    page: async (place, query) => {
      const { version: ringVersion } = host.core.view;
      const terms = { door: OWN, deadlineMs: DEADLINE_DEFAULT_MS, hops: 0, ringVersion };
      return (await askPage(host, place, query, terms)).page;
    },
  });
}

/** One page of a scan, asked through any door: an operation like any other, of the owner of the place. */

import type { RingKey } from '@ringkeep/shared';
import { bufferOfBytes, OperationType } from '@ringkeep/shared/operations';
import { invariant } from '@ringkeep/shared/ring/errors';
import { decodeScanPage, type ScanPage } from '@ringkeep/shared/scans/scan-page';
import { encodeScanQuery, type ScanQuery } from '@ringkeep/shared/scans/scan-query';
import type { NodeHost } from '../hosting/host';
import { askOne, type AskTerms } from './one-operation';

export interface PageAnswer {
  readonly page: ScanPage<Buffer>;
  readonly hops: number;
}

/** Throws RingError. */
export async function askPage(
  host: NodeHost,
  place: RingKey,
  query: ScanQuery,
  terms: AskTerms,
): Promise<PageAnswer> {
  const operands = [encodeScanQuery(query)];
  const asked = { type: OperationType.scan, key: place, operands, extras: undefined };
  const { value, hops } = await askOne(host, asked, terms);
  invariant(value !== undefined, 'a scan is answered with a page');
  return { page: decodeScanPage(bufferOfBytes(value)), hops };
}

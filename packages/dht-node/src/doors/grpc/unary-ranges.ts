/** Range: a part of a range a call, for people and for clients in any language. */

import type { ServerUnaryCall } from '@grpc/grpc-js';
import { bytesOfBuffer } from '@ringkeep/shared/operations';
import { Range, rangeTerms } from '@ringkeep/shared/scans';
import { PAGE_ENTRIES_MAX } from '@ringkeep/shared/scans/scan-query';
import type { dht } from '@ringkeep/shared/wire';
import type { NodeHost } from '../../hosting/host';
import { pagesThrough } from '../own/own-scan';
import { deadlineMsOfCall } from '../deadlines';
import { GRPC } from './name';

export async function range(
  host: NodeHost,
  call: ServerUnaryCall<dht.RangeRequest, dht.RangeAnswer>,
): Promise<dht.RangeAnswer> {
  const { from, to, tag, reverse, limit: asked } = call.request;
  const limit = Math.min(asked || PAGE_ENTRIES_MAX, PAGE_ENTRIES_MAX);
  const given = {
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
    ...(tag !== undefined && { tag }),
  };
  const terms = rangeTerms({ ...given, reverse, limit }, (part) => bytesOfBuffer(part as Buffer));
  const source = pagesThrough(host, GRPC, () => deadlineMsOfCall(call.getDeadline()));
  const entries: dht.ScannedEntry[] = [];
  for await (const { key, value, version } of new Range(terms, source)) {
    entries.push({ key: Buffer.from(key), value: Buffer.from(value), version, expiresAtMs: undefined });
    if (call.cancelled) break;
  }
  const last = entries.length < limit ? undefined : entries.at(-1)?.key;
  return { entries, next: last && (reverse ? last : Buffer.concat([last, Buffer.alloc(1)])) };
}

/** Scan: a page of a scan a call, for people and for clients in any language. */

import type { ServerUnaryCall } from '@grpc/grpc-js';
import type { Bytes, RingKey } from '@ringkeep/shared';
import { bufferOfBytes, bytesOfBuffer } from '@ringkeep/shared/operations';
import { beginningOf } from '@ringkeep/shared/scans/cursor';
import { PAGE_ENTRIES_MAX } from '@ringkeep/shared/scans/scan-query';
import type { dht } from '@ringkeep/shared/wire';
import { askPage } from '../../ask/one-page';
import type { NodeHost } from '../../hosting/host';
import { deadlineMsOfCall } from '../deadlines';
import { GRPC } from './name';

export async function scan(
  host: NodeHost,
  call: ServerUnaryCall<dht.ScanRequest, dht.ScanPage>,
): Promise<dht.ScanPage> {
  const { place, prefix, tag, keysOnly, limit } = call.request;
  const asked = { prefix: given(prefix), tag: given(tag) };
  const beginning = beginningOf(asked.prefix, asked.tag, host.core.parameters.positionRule);
  const { page, hops } = await askPage(
    host,
    place.length === 0 ? beginning.place : (bytesOfBuffer(place) as RingKey),
    { ...asked, tag: beginning.tag, keysOnly, limit: limit || PAGE_ENTRIES_MAX },
    {
      door: GRPC,
      hops: 0,
      ringVersion: 0,
      deadlineMs: deadlineMsOfCall(call.getDeadline()),
      onCancel: (giveUp) => call.on('cancelled', giveUp),
    },
  );
  const { entries, next, range, seq } = page;
  return { entries: [...entries], next: next && bufferOfBytes(next), ...range, seq, hops };
}

function given(bytes: Buffer | undefined): Bytes | undefined {
  return bytes && bytesOfBuffer(bytes);
}

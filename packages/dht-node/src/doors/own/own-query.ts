/** The operations that the program around a node asks for, rather than a call from outside. */

import type { Bytes } from '@ringkeep/shared';
import {
  bufferOfBytes,
  bytesOfBuffer,
  bytesOfText,
  OperationType,
  type OperationName,
} from '@ringkeep/shared/operations';
import { DEADLINE_DEFAULT_MS } from '../grpc/deadlines';
import { askOne } from '../../ask/one-operation';
import type { NodeHost } from '../../hosting/host';

/** What observers call this door. */
const OWN = 'own';

export type Key = string | Uint8Array;

/** What the operation is answered with. Throws RingError. */
export async function ownQuery(
  host: NodeHost,
  name: OperationName,
  key: Key,
  ...operands: readonly Key[]
): Promise<Uint8Array | undefined> {
  const asked = {
    type: OperationType[name],
    key: bytesOf(key),
    operands: operands.map(bytesOf),
    extras: undefined,
  };
  const { version: ringVersion } = host.core.view;
  const { value } = await askOne(host, asked, {
    door: OWN,
    deadlineMs: DEADLINE_DEFAULT_MS,
    hops: 0,
    ringVersion,
  });
  return value === undefined ? undefined : bufferOfBytes(value);
}

function bytesOf(text: Key): Bytes {
  return typeof text === 'string' ? bytesOfText(text) : bytesOfBuffer(text);
}

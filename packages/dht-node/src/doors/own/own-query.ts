/** The operations that the program around a node asks for, rather than a call from outside. */

import type { Bytes } from '@ringkeep/shared';
import {
  bufferOfBytes,
  bytesOfBuffer,
  bytesOfText,
  expireExtrasOf,
  expireResult,
  extrasOf,
  OperationType,
  writeResult,
  type ConditionOptions,
  type ExpireOptions,
  type Extras,
  type OperationName,
  type WriteResult,
} from '@ringkeep/shared/operations';
import { DEADLINE_DEFAULT_MS } from '../deadlines';
import { askOne } from '../../ask/one-operation';
import type { NodeHost } from '../../hosting/host';

/** What observers call this door. */
export const OWN = 'own';

export type Key = string | Uint8Array;

export interface OwnQuery {
  readonly name: OperationName;
  readonly key: Key;
  /** In the order of its row. */
  readonly operands: readonly Key[];
  readonly deadlineMs?: number | undefined;
}

/** What the operation is answered with. Throws RingError. */
export async function ownQuery(
  host: NodeHost,
  { name, key, operands, deadlineMs = DEADLINE_DEFAULT_MS }: OwnQuery,
  extras?: Extras,
): Promise<Uint8Array | undefined> {
  const asked = { type: OperationType[name], key: bytesOf(key), operands: operands.map(bytesOf), extras };
  const { version: ringVersion } = host.core.view;
  const { value } = await askOne(host, asked, {
    door: OWN,
    deadlineMs,
    hops: 0,
    ringVersion,
  });
  return value === undefined ? undefined : bufferOfBytes(value);
}

/** The same of a write, on a condition or told with its version where the options say so. Throws RingError. */
export async function ownWrite(
  host: NodeHost,
  query: OwnQuery,
  options: ConditionOptions | undefined,
): Promise<WriteResult | Uint8Array | undefined> {
  const extras = extrasOf(options, bytesOf);
  const answer = await ownQuery(host, query, extras);
  return extras === undefined ? answer : writeResult(answer);
}

/** The same of `expire` and `persist`. Throws RingError. */
export async function ownExpiry(
  host: NodeHost,
  query: OwnQuery,
  options: ExpireOptions | undefined,
): Promise<WriteResult> {
  return expireResult(await ownQuery(host, query, expireExtrasOf(options, bytesOf)));
}

export function bytesOf(text: Key): Bytes {
  return typeof text === 'string' ? bytesOfText(text) : bytesOfBuffer(text);
}

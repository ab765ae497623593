/** One operation that the program around a node asks for, rather than a call from outside. */

import {
  RingError,
  type Bytes,
  type Operation,
  type OperationResult,
  type OperationType,
} from '@ringkeep/shared';
import { bufferOfBytes, bytesOfBuffer, bytesOfText, operationOrError } from '@ringkeep/shared/wire';
import { DEADLINE_DEFAULT_MS } from './adapters/deadlines';
import type { NodeCore } from './core/node';
import type { NodeHost } from './hosting/host';

export type Key = string | Uint8Array;

/** The value that there is or was. Throws RingError. */
export async function ownQuery(
  core: NodeCore,
  host: NodeHost,
  type: OperationType,
  key: Key,
  value: Key = '',
): Promise<Uint8Array | undefined> {
  const operation = operationOrError(type, bytes(key), bytes(value), undefined, core.parameters);
  if (operation instanceof RingError) throw operation;
  const result = await new Promise<OperationResult>((resolve) => {
    const options = {
      hops: 0,
      deadlineMs: DEADLINE_DEFAULT_MS,
      ringVersion: core.view.version,
      direct: false,
      bytes: operation.key.length + value.length,
      inFrame: false,
    };
    host.query([operation satisfies Operation], options, ({ results }) =>
      resolve(results[0] as OperationResult),
    );
  });
  if (!result.ok) throw new RingError(result.code, result.text);
  return result.value === undefined ? undefined : bufferOfBytes(result.value);
}

function bytes(text: Key): Bytes {
  return typeof text === 'string' ? bytesOfText(text) : bytesOfBuffer(text);
}

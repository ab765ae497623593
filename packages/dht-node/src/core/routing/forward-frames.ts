/** Decides which operations are forwarded together: as many as a frame takes, and whole frames as they came. */

import { FRAME_BYTES_TARGET, FRAME_OPERATIONS_MAX } from '@ringkeep/shared/ring/limits';
import { operandBytes } from '@ringkeep/shared/operations/operation';
import type { PendingOperation, PendingQuery } from '../operations/pending-operation';

/** The query of which these are all operations, in order. */
export function wholeQuery(operations: readonly PendingOperation[]): PendingQuery | undefined {
  const query = operations[0]?.query;
  if (operations.length !== query?.input.operations.length) return undefined;
  return operations.every((operation, index) => operation === query.operations[index]) ? query : undefined;
}

/** Operations for one node in frames of their largest size. */
export function* frames(operations: readonly PendingOperation[]): Generator<readonly PendingOperation[]> {
  let from = 0;
  let bytes = 0;
  for (let i = 0; i < operations.length; i++) {
    const { operation } = operations[i] as PendingOperation;
    bytes += operation.key.length + operandBytes(operation);
    if (i + 1 - from >= FRAME_OPERATIONS_MAX || bytes >= FRAME_BYTES_TARGET) {
      yield operations.slice(from, i + 1);
      from = i + 1;
      bytes = 0;
    }
  }
  if (from < operations.length) yield operations.slice(from);
}

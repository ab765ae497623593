/** Operations on keys and their results, as all parts of a ring speak of them. */

import type { Bytes } from './bytes';
import type { ErrorCode } from './errors';
import type { RingKey } from './ring-key';

/** The numbers are those on the wire. */
export const OperationType = { Get: 0, Delete: 1, Set: 2 } as const;
export type OperationType = (typeof OperationType)[keyof typeof OperationType];

export type Operation =
  | { readonly type: typeof OperationType.Get; readonly key: RingKey }
  | { readonly type: typeof OperationType.Delete; readonly key: RingKey }
  | { readonly type: typeof OperationType.Set; readonly key: RingKey; readonly value: Bytes };

/**
 * What came of an operation. Get and Delete: the value, undefined when there was none.
 * Set: the value that was replaced, undefined when there was none.
 */
export type OperationResult =
  | { readonly ok: true; readonly value: Bytes | undefined }
  | { readonly ok: false; readonly code: ErrorCode; readonly text: string };

export function isWrite(operation: Operation): boolean {
  return operation.type !== OperationType.Get;
}

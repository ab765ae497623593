/** Operations on keys and their results, as all parts of a ring speak of them. */

import type { Bytes } from './bytes';
import type { ErrorCode } from './errors';
import type { RingKey } from './ring-key';

/** The numbers are those on the wire. */
export const OperationType = { Get: 0, Delete: 1, Set: 2, Put: 3 } as const;
export type OperationType = (typeof OperationType)[keyof typeof OperationType];

export type Operation =
  | { readonly type: typeof OperationType.Get; readonly key: RingKey }
  | { readonly type: typeof OperationType.Delete; readonly key: RingKey }
  | {
      readonly type: typeof OperationType.Set | typeof OperationType.Put;
      readonly key: RingKey;
      readonly value: Bytes;
    };

/** An operation with its key and the key's position (8 bytes) apart, as they travel. */
export interface LocatedOperation {
  readonly type: OperationType;
  readonly position: Bytes;
  readonly key: Bytes;
  /** Of a Set or Put. */
  readonly value: Bytes | undefined;
}

/**
 * What came of an operation. Get and Delete: the value, undefined when there was none.
 * Set: the value that was replaced, undefined when there was none. Put: always undefined.
 */
export type Outcome<Value> =
  | { readonly ok: true; readonly value: Value | undefined }
  | { readonly ok: false; readonly code: ErrorCode; readonly text: string };

export type OperationResult = Outcome<Bytes>;

/** The types of operations that bring a value. */
export function bringsValue(type: number): type is typeof OperationType.Set | typeof OperationType.Put {
  return type === OperationType.Set || type === OperationType.Put;
}

/** The value that a write leaves its key with; none after a deletion. */
export function valueOf(operation: Operation): Bytes | undefined {
  return 'value' in operation ? operation.value : undefined;
}

export function isWrite(operation: Operation): boolean {
  return operation.type !== OperationType.Get;
}

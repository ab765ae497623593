/** Operations on keys and their results, as all parts of a ring speak of them. */

import type { Bytes } from '../ring/bytes';
import type { ErrorCode } from '../ring/errors';
import type { RingKey } from '../ring/ring-key';
import { extrasBytes, type Extras } from './extras';
import {
  OperationType,
  rowOf,
  type Catalogue,
  type OperandName,
  type OperationName,
  type OperationRow,
} from './catalogue';

export type OperationOf<Name extends OperationName> = {
  readonly type: Catalogue[Name]['code'];
  readonly key: RingKey;
  readonly extras?: Extras | undefined;
} & { readonly [Operand in Catalogue[Name]['brings'][number]]: Bytes };

/** One of the catalogue, with what its row says that it brings. */
export type Operation = { [Name in OperationName]: OperationOf<Name> }[OperationName];

/** One on an entry, or on several of one position. */
export type KeyOperation = Exclude<Operation, OperationOf<'scan'>>;

/** An operation with its key and the key's position (8 bytes) apart, as they travel. */
export interface LocatedOperation {
  readonly type: OperationType;
  readonly position: Bytes;
  readonly key: Bytes;
  /** In the order of its row. */
  readonly operands: readonly Bytes[];
  readonly extras: Extras | undefined;
}

/**
 * What came of an operation; the value is what evaluate.ts says that it is answered with, undefined when there is none.
 */
export type OperationOutcome<Value> =
  | { readonly ok: true; readonly value: Value | undefined }
  | { readonly ok: false; readonly code: ErrorCode; readonly text: string };

export type OperationResult = OperationOutcome<Bytes>;

/** Those that change nothing. */
export type Read = {
  [Name in OperationName]: Catalogue[Name]['writes'] extends false ? OperationOf<Name> : never;
}[OperationName];
export type Write = Exclude<Operation, Read>;
/** Those that read the entry of their key and nothing else. */
export type LookUp = Exclude<Read, OperationOf<'scan'>>;

export function isWrite(operation: Operation): operation is Write {
  return rowOf(operation.type).writes;
}

export function isLookUp(operation: Operation): operation is LookUp {
  const { writes, ofPlace } = rowOf(operation.type);
  return !writes && ofPlace === undefined;
}

/** What done operations of nothing but that are answered with. */
const DONE: OperationResult = { ok: true, value: undefined };

export function doneWith(value: Bytes | undefined): OperationResult {
  return value === undefined ? DONE : { ok: true, value };
}

/** What becomes of an operation when the entry that it meets cannot be read: nothing, it is told so, or it has to wait. */
export function looksAt({ type, extras }: Operation): OperationRow['entry'] {
  return extras?.condition === undefined && extras?.ttl?.kind !== 'keep' ? rowOf(type).entry : 'decides';
}

/** Its meaning depends on what time it is. */
export function looksAtTime({ type, extras }: Operation): boolean {
  return type === OperationType.expire || extras?.ttl?.kind === 'duration';
}

/** Of an operand that its row says it brings. */
export function operandOf(operation: Operation, name: OperandName): Bytes {
  return (operation as Operation & Readonly<Partial<Record<OperandName, Bytes>>>)[name] as Bytes;
}

/**
 * An operation with its operands in the order of its row. Written out for what nearly all operations bring: the engine
 * then makes objects of a few shapes only.
 */
export function operationWith(
  type: OperationType,
  key: RingKey,
  operands: readonly Bytes[],
  extras?: Extras,
): Operation {
  const { brings } = rowOf(type);
  // Without extras there is no field for them: whoever compares operations, or copies them, meets none.
  if (brings.length === 0) return (extras === undefined ? { type, key } : { type, key, extras }) as Operation;
  if (brings.length === 1 && brings[0] === 'value') {
    const value = operands[0];
    return (extras === undefined ? { type, key, value } : { type, key, value, extras }) as Operation;
  }
  if (brings.length === 1 && brings[0] === 'delta' && extras === undefined)
    return { type, key, delta: operands[0] } as Operation;
  const named = brings.map((name, index) => [name, operands[index]] as const);
  return { type, key, ...Object.fromEntries(named), ...(extras && { extras }) } as Operation;
}

/** Bytes of all that it brings beside its key. */
export function operandBytes(operation: Operation): number {
  let bytes = extrasBytes(operation.extras);
  for (const name of rowOf(operation.type).brings) bytes += operandOf(operation, name).length;
  return bytes;
}

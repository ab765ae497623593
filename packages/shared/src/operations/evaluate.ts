/**
 * What an operation on one key means: the one place that says what value it leaves its key with, and what its answer is.
 *
 * The primary asks once, in the step in which a write gets its number. It passes the value that the newest numbered
 * write leaves, committed or not. The result is a plain entry: followers, log and transfer know nothing of operations.
 */

import type { Bytes } from '../ring/bytes';
import { invariant, type ErrorCode } from '../ring/errors';
import { OperationType } from './catalogue';
import { holds, versionOf } from './extras';
import { encodeFullAnswer } from './full-answer';
import { decodeDelta, integerIn, isInteger64, textOfInteger } from './integers';
import type { KeyLimits } from './check';
import { doneWith, type OperationResult } from './operation';
import { valueIn, type StoredValue } from './stored';
import type { SingleOperation } from './transaction';

/** The value that the key has afterwards; undefined if the key is erased. */
export interface Effect {
  readonly value: Bytes | undefined;
}

export interface Evaluation {
  /** Undefined if nothing changes. */
  readonly effect: Effect | undefined;
  readonly answer: OperationResult;
}

/** Of an operation that only reads: it leaves nothing. */
export const NO_VERSION = 0;

const ERASED: Effect = { value: undefined };
const NO_BYTES = '' as Bytes;

/**
 * @param latest the entry that the key has; undefined if it has none, or if the operation does not look (`looksAt`)
 * @param version of what it leaves, if it changes anything: the number that it gets
 */
export function evaluate(
  operation: SingleOperation,
  latest: StoredValue | undefined,
  version: number,
  limits: KeyLimits,
): Evaluation {
  const { extras } = operation;
  if (extras === undefined) return evaluatePlain(operation, latest, limits);
  if (!holds(extras.condition, latest)) {
    const value = extras.showsPresent ? valueOf(latest) : undefined;
    return {
      effect: undefined,
      answer: doneWith(encodeFullAnswer({ held: false, version: versionOf(latest), value })),
    };
  }
  const { effect, answer } = evaluatePlain(operation, latest, limits);
  if (!answer.ok) return { effect, answer };
  const told = { held: true, version: effect ? version : versionOf(latest), value: answer.value };
  return { effect, answer: doneWith(encodeFullAnswer(told)) };
}

function evaluatePlain(
  operation: SingleOperation,
  latest: StoredValue | undefined,
  limits: KeyLimits,
): Evaluation {
  switch (operation.type) {
    case OperationType.get:
      return { effect: undefined, answer: doneWith(valueOf(latest)) };
    case OperationType.delete:
      return { effect: latest === undefined ? undefined : ERASED, answer: doneWith(valueOf(latest)) };
    case OperationType.exchange:
      return { effect: { value: operation.value }, answer: doneWith(valueOf(latest)) };
    case OperationType.set:
      return { effect: { value: operation.value }, answer: doneWith(undefined) };
    case OperationType.add:
      return added(valueOf(latest), decodeDelta(operation.delta));
    case OperationType.append:
      return appended(valueOf(latest) ?? NO_BYTES, operation.value, limits);
    default:
      return unknown(operation);
  }
}

/** A key without a value counts as 0. */
function added(present: Bytes | undefined, delta: bigint): Evaluation {
  const before = present === undefined ? 0n : integerIn(present);
  if (before === undefined) return failed('FAILED_PRECONDITION', 'the value is not a number of 64 bits');
  const sum = before + delta;
  if (!isInteger64(sum)) {
    return failed('FAILED_PRECONDITION', `${before} and ${delta} are more than a number of 64 bits holds`);
  }
  const value = textOfInteger(sum);
  return { effect: { value }, answer: doneWith(value) };
}

/** It is answered with the length, in decimal. */
function appended(present: Bytes, suffix: Bytes, { valueBytesMax }: KeyLimits): Evaluation {
  const bytes = present.length + suffix.length;
  if (bytes > valueBytesMax) {
    return failed('INVALID_ARGUMENT', `the value would have ${bytes} bytes; ${valueBytesMax} are allowed`);
  }
  return { effect: { value: (present + suffix) as Bytes }, answer: doneWith(textOfInteger(BigInt(bytes))) };
}

/** The entry does not allow it: nothing changes. */
function failed(code: ErrorCode, text: string): Evaluation {
  return { effect: undefined, answer: { ok: false, code, text: `nothing was written: ${text}` } };
}

function valueOf(latest: StoredValue | undefined): Bytes | undefined {
  return latest === undefined ? undefined : valueIn(latest);
}

function unknown(operation: never): never {
  invariant(false, `every operation of the catalogue has its meaning: ${JSON.stringify(operation)}`);
}

/**
 * What an operation on one key means: the one place that says what value it leaves its key with, and what its answer is.
 *
 * The primary asks once, in the step in which a write gets its number. It passes the value that the newest numbered
 * write leaves, committed or not, and the ring's time; an entry whose time is over has been ended by then. The result is a plain entry: followers, log and transfer know nothing of operations.
 */

import type { Bytes } from '../ring/bytes';
import { invariant, type ErrorCode } from '../ring/errors';
import { OperationType, rowOf } from './catalogue';
import { decodeExpiry, type Expiry } from './expiry';
import { holds, versionOf, type Extras } from './extras';
import { encodeFullAnswer } from './full-answer';
import { decodeDelta, integerIn, isInteger64, textOfInteger } from './integers';
import type { KeyLimits } from './check';
import { doneWith, type OperationOf, type OperationResult } from './operation';
import { expiryIn, valueIn, type StoredValue } from './stored';
import type { SingleOperation } from './transaction';

/** What the key is left with. */
export interface Effect {
  /** Undefined if the key is erased. */
  readonly value: Bytes | undefined;
  /** Ring time at which it ends, ms; undefined if it does not. */
  readonly expiresAtMs: number | undefined;
}

/** What is the same for every operation of a step. */
export interface Circumstances {
  readonly limits: KeyLimits;
  /** The ring's time, ms; NaN where it has never been heard. */
  readonly wallMs: number;
}

export interface Evaluation {
  /** Undefined if nothing changes. */
  readonly effect: Effect | undefined;
  readonly answer: OperationResult;
}

/** Of an operation that only reads: it leaves nothing. */
export const NO_VERSION = 0;

/** How the text of the error ends where a sum does not fit; its code is that of a value that is no number. */
export const OVERFLOW = 'are more than a number of 64 bits holds';

/** Rather no answer than a wrong one. */
const TTL_UNKNOWN: OperationResult = {
  ok: false,
  code: 'UNAVAILABLE',
  text:
    'nothing was done: this node has never heard the time of the ring, so it cannot tell how long the key has to live; ' +
    'it learns it from the registry',
};
const ERASED: Effect = { value: undefined, expiresAtMs: undefined };
const NO_BYTES = '' as Bytes;

/**
 * @param latest the entry that the key has; undefined if it has none, or if the operation does not look (`looksAt`)
 * @param version of what it leaves, if it changes anything: the number that it gets
 */
export function evaluate(
  operation: SingleOperation,
  latest: StoredValue | undefined,
  version: number,
  circumstances: Circumstances,
): Evaluation {
  const { extras } = operation;
  if (extras === undefined) return evaluatePlain(operation, latest, circumstances);
  const isHeld = holds(extras.condition, latest) && isExpiryAsked(operation, latest, circumstances);
  const { effect, answer } = isHeld
    ? evaluatePlain(operation, latest, circumstances)
    : { effect: undefined, answer: doneWith(extras.showsPresent ? valueOf(latest) : undefined) };
  if (!answer.ok) return { effect, answer };
  const expiresAtMs = effect === undefined ? expiryOf(latest) : effect.expiresAtMs;
  if (extras.tellsTtl === true && expiresAtMs !== undefined && Number.isNaN(circumstances.wallMs))
    return { effect: undefined, answer: TTL_UNKNOWN };
  const told = {
    held: isHeld,
    version: effect ? version : versionOf(latest),
    value: answer.value,
    ttlMs: extras.tellsTtl === true ? ttlAt(expiresAtMs, circumstances.wallMs) : undefined,
  };
  return { effect, answer: doneWith(encodeFullAnswer(told)) };
}

function evaluatePlain(
  operation: SingleOperation,
  latest: StoredValue | undefined,
  circumstances: Circumstances,
): Evaluation {
  switch (operation.type) {
    case OperationType.get:
      return { effect: undefined, answer: doneWith(valueOf(latest)) };
    case OperationType.delete:
      return { effect: latest === undefined ? undefined : ERASED, answer: doneWith(valueOf(latest)) };
    case OperationType.exchange:
    case OperationType.set: {
      const expiresAtMs = expiryLeft(operation, latest, circumstances);
      const told = operation.type === OperationType.set ? undefined : valueOf(latest);
      return { effect: { value: operation.value, expiresAtMs }, answer: doneWith(told) };
    }
    case OperationType.add: {
      const sum = added(valueOf(latest), decodeDelta(operation.delta));
      return madeOf(sum, sum.ok ? sum.value : undefined, expiryLeft(operation, latest, circumstances));
    }
    case OperationType.append: {
      const made = appended(valueOf(latest) ?? NO_BYTES, operation.value, circumstances.limits);
      const told = made.ok ? textOfInteger(BigInt(made.value.length)) : undefined;
      return madeOf(made, told, expiryLeft(operation, latest, circumstances));
    }
    case OperationType.expire:
      return expired(operation, latest, circumstances);
    case OperationType.persist:
      return reset(latest, undefined, operation.extras);
    default:
      return unknown(operation);
  }
}

type Made = { readonly ok: true; readonly value: Bytes } | Extract<OperationResult, { ok: false }>;

function madeOf(made: Made, told: Bytes | undefined, expiresAtMs: number | undefined): Evaluation {
  if (!made.ok) return { effect: undefined, answer: made };
  return { effect: { value: made.value, expiresAtMs }, answer: doneWith(told) };
}

/** A key without a value counts as 0. */
function added(present: Bytes | undefined, delta: bigint): Made {
  const before = present === undefined ? 0n : integerIn(present);
  if (before === undefined) return failed('FAILED_PRECONDITION', 'the value is not a number of 64 bits');
  const sum = before + delta;
  if (isInteger64(sum)) return { ok: true, value: textOfInteger(sum) };
  return failed('FAILED_PRECONDITION', `${before} and ${delta} ${OVERFLOW}`);
}

/** It is answered with the length, in decimal. */
function appended(present: Bytes, suffix: Bytes, { valueBytesMax }: KeyLimits): Made {
  const bytes = present.length + suffix.length;
  if (bytes <= valueBytesMax) return { ok: true, value: (present + suffix) as Bytes };
  return failed('INVALID_ARGUMENT', `the value would have ${bytes} bytes; ${valueBytesMax} are allowed`);
}

/** The entry does not allow it: nothing changes. */
function failed(code: ErrorCode, text: string): Extract<OperationResult, { ok: false }> {
  return { ok: false, code, text: `nothing was written: ${text}` };
}

// ---- expiry ----

/** When a key ends that was written. */
function expiryLeft(
  { type, extras }: SingleOperation,
  latest: StoredValue | undefined,
  { wallMs }: Circumstances,
): number | undefined {
  const ttl = extras?.ttl;
  if (ttl?.kind === 'duration') return Math.ceil(wallMs + ttl.ms);
  return (ttl?.kind ?? rowOf(type).ttl) === 'keep' ? expiryOf(latest) : undefined;
}

/** What is over already removes the key. */
function expired(
  operation: OperationOf<'expire'>,
  latest: StoredValue | undefined,
  circumstances: Circumstances,
): Evaluation {
  const { wallMs } = circumstances;
  const expiresAtMs = momentOf(decodeExpiry(operation.expiry), wallMs);
  if (latest !== undefined && !isExpiryAsked(operation, latest, circumstances))
    return { effect: undefined, answer: doneWith('0' as Bytes) };
  if (latest !== undefined && expiresAtMs <= wallMs)
    return { effect: ERASED, answer: ofExpiry(latest, true, operation.extras) };
  return reset(latest, expiresAtMs, operation.extras);
}

function momentOf({ kind, ms }: Expiry, wallMs: number): number {
  return Math.ceil(kind === 'moment' ? ms : wallMs + ms);
}

/** Whether the present expiry is as `expire` asks. A key that does not end ends later than any other. */
function isExpiryAsked(
  operation: SingleOperation,
  latest: StoredValue | undefined,
  { wallMs }: Circumstances,
): boolean {
  if (operation.type !== OperationType.expire || latest === undefined) return true;
  const expiry = decodeExpiry(operation.expiry);
  const present = expiryIn(latest);
  switch (expiry.condition) {
    case undefined:
      return true;
    case 'none':
      return present === undefined;
    case 'some':
      return present !== undefined;
    case 'less':
      return present !== undefined && present < momentOf(expiry, wallMs);
    case 'greater':
      return present === undefined || present > momentOf(expiry, wallMs);
  }
}

/** The same value ends at another time, or never. */
function reset(
  latest: StoredValue | undefined,
  expiresAtMs: number | undefined,
  extras: Extras | undefined,
): Evaluation {
  if (latest === undefined) return { effect: undefined, answer: doneWith(undefined) };
  const isChanged = expiryIn(latest) !== expiresAtMs;
  const effect = isChanged ? { value: valueIn(latest), expiresAtMs } : undefined;
  return { effect, answer: ofExpiry(latest, isChanged, extras) };
}

/** The value, where it is to be shown; else whether anything was changed, as 1 or 0. */
function ofExpiry(latest: StoredValue, isChanged: boolean, extras: Extras | undefined): OperationResult {
  if (extras?.showsPresent === true) return doneWith(valueIn(latest));
  return doneWith((isChanged ? '1' : '0') as Bytes);
}

function expiryOf(latest: StoredValue | undefined): number | undefined {
  return latest === undefined ? undefined : expiryIn(latest);
}

function ttlAt(expiresAtMs: number | undefined, wallMs: number): number | undefined {
  return expiresAtMs === undefined ? undefined : Math.max(0, expiresAtMs - wallMs);
}

function valueOf(latest: StoredValue | undefined): Bytes | undefined {
  return latest === undefined ? undefined : valueIn(latest);
}

function unknown(operation: never): never {
  invariant(false, `every operation of the catalogue has its meaning: ${JSON.stringify(operation)}`);
}

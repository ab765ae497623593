/**
 * Checks keys, values and operations, whichever way they come in. The limits are parameters of the ring. The errors say
 * what was wrong and what is allowed.
 */

import type { Bytes } from '../ring/bytes';
import { RingError } from '../ring/errors';
import { tagOf, type PositionRule } from '../ring/position-rule';
import type { Ring } from '../ring/ring';
import { PLACE_BYTES_MAX, POSITION_BYTES, ringKey, type RingKey } from '../ring/ring-key';
import { decodeScanQuery } from '../scans/scan-query';
import { ringKeyOf } from './bytes';
import {
  CATALOGUE,
  isOperationType,
  OperationType,
  rowOf,
  type OperandName,
  type OperationRow,
} from './catalogue';
import { decodeExpiry } from './expiry';
import { decodeExtras, type Extras } from './extras';
import { DELTA_BYTES } from './integers';
import { operationWith, type Operation } from './operation';
import { decodeTransaction, type EncodedOperation } from './transaction';

export interface KeyLimits {
  readonly keyBytesMax: number;
  readonly valueBytesMax: number;
}

/** What must be known to find a key's place. */
export interface KeyTerms extends KeyLimits {
  /** Undefined as long as the ring is not known. */
  readonly positionRule: PositionRule | undefined;
}

/** What this ring says of its keys. */
export function keyTermsOf({ version, parameters }: Ring): KeyTerms {
  return version === 0 ? { ...parameters, positionRule: undefined } : parameters;
}

/** Throws INVALID_ARGUMENT when a key is empty or has too many bytes. */
export function checkKey(key: Bytes, bytesMax: number): void {
  if (key.length === 0) throw new RingError('INVALID_ARGUMENT', 'the key is empty; a key has 1 byte or more');
  if (key.length > bytesMax) {
    throw new RingError('INVALID_ARGUMENT', `the key has ${key.length} bytes; ${bytesMax} are allowed`);
  }
}

/** Throws INVALID_ARGUMENT when a value has too many bytes; `name` is that of the operand. */
export function checkValue(value: Bytes, bytesMax: number, name: 'value' | 'expected value' = 'value'): void {
  if (value.length > bytesMax) {
    throw new RingError('INVALID_ARGUMENT', `the ${name} has ${value.length} bytes; ${bytesMax} are allowed`);
  }
}

/**
 * One operation, or why it is none.
 *
 * @param operands as many as its row says that it brings
 * @param known its position, when a node has hashed the key before
 * @param ascii what is known of the key
 */
export function checkOperation(
  type: number,
  key: Bytes,
  operands: readonly Bytes[],
  known: Bytes | undefined,
  limits: KeyTerms,
  ascii?: boolean,
  extras?: Extras,
): Operation | RingError {
  try {
    if (!isOperationType(type))
      return new RingError('INVALID_ARGUMENT', `unknown ty ${type}; there are ${TYPES}`);
    const { brings, ofPlace } = rowOf(type);
    const located = ofPlace ? checkedPlace(key, known) : checkedKey(key, known, limits, ascii);
    for (let i = 0; i < brings.length; i++)
      checkOperand(brings[i] as OperandName, operands[i] as Bytes, located, limits);
    if (extras !== undefined) checkExtras(type, extras, limits);
    return operationWith(type, located, operands, extras);
  } catch (error) {
    if (error instanceof RingError) return error;
    throw error;
  }
}

function checkedKey(key: Bytes, known: Bytes | undefined, limits: KeyTerms, ascii?: boolean): RingKey {
  checkKey(key, limits.keyBytesMax);
  return known === undefined ? placed(key, limits.positionRule, ascii) : ringKey(known, key);
}

/** A place has its position in front of it, unless that came apart from it. */
function checkedPlace(key: Bytes, known: Bytes | undefined): RingKey {
  const place = known === undefined ? (key as string as RingKey) : ringKey(known, key);
  if (place.length >= POSITION_BYTES && place.length <= PLACE_BYTES_MAX) return place;
  throw new RingError(
    'INVALID_ARGUMENT',
    `a place has ${POSITION_BYTES} to ${PLACE_BYTES_MAX} bytes, got ${place.length}`,
  );
}

/** A key with its position. Throws UNAVAILABLE where that depends on a rule that is not known yet. */
export function placed(key: Bytes, rule: PositionRule | undefined, ascii?: boolean): RingKey {
  if (rule === undefined && tagOf(key) !== undefined) {
    throw new RingError(
      'UNAVAILABLE',
      'the node does not know the ring yet, nor the place of a key with a tag',
    );
  }
  return ringKeyOf(key, rule, ascii);
}

function checkOperand(name: OperandName, bytes: Bytes, located: RingKey, limits: KeyTerms): void {
  if (name === 'value') return checkValue(bytes, limits.valueBytesMax);
  if (name === 'page') return void decodeScanQuery(bytes);
  if (name === 'transaction') return checkTransaction(bytes, located, limits);
  if (name === 'expiry') return void decodeExpiry(bytes);
  if (bytes.length !== DELTA_BYTES) {
    throw new RingError('INVALID_ARGUMENT', `the ${name} has ${bytes.length} bytes; it has ${DELTA_BYTES}`);
  }
}

/** Throws INVALID_ARGUMENT, naming what is wrong of which of its parts. `at`: one of its keys, with its position. */
function checkTransaction(bytes: Bytes, at: RingKey, limits: KeyTerms): void {
  const { conditions, then, else: otherwise } = decodeTransaction(bytes);
  if (then.length + otherwise.length + conditions.length === 0)
    throw new RingError('INVALID_ARGUMENT', 'the transaction has neither conditions nor operations');
  for (const [index, { key, condition }] of conditions.entries()) {
    within(`condition ${index + 1}`, () => {
      checkSamePlace(key, at, limits);
      if (condition.kind === 'value') checkValue(condition.value, limits.valueBytesMax, 'expected value');
    });
  }
  const branches = { then, else: otherwise };
  for (const [name, operations] of Object.entries(branches))
    for (const [index, operation] of operations.entries())
      within(`operation ${index + 1} of ${name}`, () => checkWithin(operation, at, limits));
}

function checkWithin({ type, key, operands, extras }: EncodedOperation, at: RingKey, limits: KeyTerms): void {
  checkSamePlace(key, at, limits);
  const decoded = extras === undefined ? undefined : decodeExtras(extras);
  if (decoded instanceof RingError) throw decoded;
  if (decoded?.condition !== undefined)
    throw new RingError('INVALID_ARGUMENT', 'an operation in a transaction has no condition of its own');
  const checked = checkOperation(
    type,
    key,
    operands,
    at.slice(0, POSITION_BYTES) as Bytes,
    limits,
    undefined,
    decoded,
  );
  if (checked instanceof RingError) throw checked;
}

function checkSamePlace(key: Bytes, at: RingKey, limits: KeyTerms): void {
  checkKey(key, limits.keyBytesMax);
  if (placed(key, limits.positionRule).startsWith(at.slice(0, POSITION_BYTES))) return;
  throw new RingError(
    'INVALID_ARGUMENT',
    'its key has another position than those before it; the keys of a transaction have one tag, as in {order 7}status',
  );
}

function within(part: string, check: () => void): void {
  try {
    check();
  } catch (error) {
    if (error instanceof RingError)
      throw new RingError(error.code, `the transaction's ${part}: ${error.message}`);
    throw error;
  }
}

/** Throws INVALID_ARGUMENT when they do not go with the operation. */
function checkExtras(type: OperationType, { condition, ttl }: Extras, { valueBytesMax }: KeyLimits): void {
  const { wireName, ttl: usual, ofPlace, writes } = rowOf(type);
  if (ofPlace) throw new RingError('INVALID_ARGUMENT', 'an operation that is about no key has no extras');
  if (condition !== undefined && !writes) {
    throw new RingError('INVALID_ARGUMENT', 'an operation that reads has no condition');
  }
  if (condition !== undefined && type === OperationType.transact) {
    throw new RingError('INVALID_ARGUMENT', 'a transaction has its conditions within it, and none beside it');
  }
  if (ttl !== undefined && usual === undefined) {
    throw new RingError('INVALID_ARGUMENT', `${wireName} brings no time to live`);
  }
  if (condition?.kind === 'value') checkValue(condition.value, valueBytesMax, 'expected value');
}

const TYPES = (Object.values(CATALOGUE) as OperationRow[])
  .filter(({ ofPlace }) => !ofPlace)
  .map(({ wireName, code }) => `${wireName} = ${code}`)
  .join(', ');

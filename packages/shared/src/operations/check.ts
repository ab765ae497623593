/**
 * Checks keys, values and operations, whichever way they come in. The limits are parameters of the ring. The errors say
 * what was wrong and what is allowed.
 */

import type { Bytes } from '../ring/bytes';
import { RingError } from '../ring/errors';
import type { Ring } from '../ring/ring';
import { tagOf, type PositionRule } from '../ring/position-rule';
import { ringKey, type RingKey } from '../ring/ring-key';
import { ringKeyOf } from './bytes';
import { CATALOGUE, isOperationType, rowOf, type OperandName, type OperationType } from './catalogue';
import type { Extras } from './extras';
import { DELTA_BYTES } from './integers';
import type { Operation } from './operation';

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
    checkKey(key, limits.keyBytesMax);
    const located = known === undefined ? placed(key, limits.positionRule, ascii) : ringKey(known, key);
    if (!isOperationType(type))
      return new RingError('INVALID_ARGUMENT', `unknown ty ${type}; there are ${TYPES}`);
    const { brings } = rowOf(type);
    for (let i = 0; i < brings.length; i++)
      checkOperand(brings[i] as OperandName, operands[i] as Bytes, limits);
    if (extras === undefined) return operationWith(type, located, operands);
    return checkedExtras(operationWith(type, located, operands), extras, limits);
  } catch (error) {
    if (error instanceof RingError) return error;
    throw error;
  }
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

/** Written out for what nearly all operations bring: the engine then makes objects of two shapes only. */
function operationWith(type: OperationType, key: Operation['key'], operands: readonly Bytes[]): Operation {
  const { brings } = rowOf(type);
  if (brings.length === 0) return { type, key } as Operation;
  if (brings.length === 1 && brings[0] === 'value') return { type, key, value: operands[0] } as Operation;
  const named = brings.map((name, index) => [name, operands[index]] as const);
  return { type, key, ...Object.fromEntries(named) } as Operation;
}

function checkOperand(name: OperandName, bytes: Bytes, { valueBytesMax }: KeyLimits): void {
  if (name === 'value') return checkValue(bytes, valueBytesMax);
  if (bytes.length !== DELTA_BYTES) {
    throw new RingError('INVALID_ARGUMENT', `the ${name} has ${bytes.length} bytes; it has ${DELTA_BYTES}`);
  }
}

/** Throws INVALID_ARGUMENT when they do not go with the operation. */
function checkedExtras(operation: Operation, extras: Extras, { valueBytesMax }: KeyLimits): Operation {
  const { condition } = extras;
  if (condition !== undefined && !rowOf(operation.type).writes) {
    throw new RingError('INVALID_ARGUMENT', 'an operation that reads has no condition');
  }
  if (condition?.kind === 'value') checkValue(condition.value, valueBytesMax, 'expected value');
  return { ...operation, extras };
}

const TYPES = Object.values(CATALOGUE)
  .map(({ wireName, code }) => `${wireName} = ${code}`)
  .join(', ');

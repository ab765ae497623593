/**
 * Keys and values as applications hand them in: text is UTF-8, anything else is bytes. A byte array may come from
 * another realm (a vm context, a test's window), where `instanceof` does not recognise it.
 */

import { isUint8Array } from 'node:util/types';
import type { Bytes } from '@ringkeep/shared';
import { RingError } from '@ringkeep/shared/ring/errors';
import { DEFAULT_PARAMETERS } from '@ringkeep/shared/ring/parameters';
import { bytesOfBuffer, bytesOfText } from '@ringkeep/shared/operations/bytes';
import type { OperandName } from '@ringkeep/shared/operations/catalogue';
import { checkKey, checkValue } from '@ringkeep/shared/operations/check';

/** A key or a value: text, which stands for its UTF-8 bytes, or bytes. */
export type Operand = string | Uint8Array;

const EXPECTED = 'expected value';

/** The bytes of a key. Throws INVALID_ARGUMENT when no ring would take it. */
export function keyBytes(key: Operand): Bytes {
  const bytes = bytesOf(key, 'key');
  checkKey(bytes, DEFAULT_PARAMETERS.keyBytesMax);
  return bytes;
}

/** The bytes with which keys begin; none for all keys. Throws INVALID_ARGUMENT when no key can. */
export function prefixBytes(prefix: Operand, name = 'prefix'): Bytes {
  const bytes = bytesOf(prefix, name);
  if (bytes.length > 0) checkKey(bytes, DEFAULT_PARAMETERS.keyBytesMax);
  return bytes;
}

/** The bytes of what an operation brings beside the key. Throws INVALID_ARGUMENT when no ring would take it. */
export function operandBytes(operand: Operand | undefined, name: OperandName): Bytes {
  const bytes = bytesOf(operand, name);
  if (name === 'value') checkValue(bytes, DEFAULT_PARAMETERS.valueBytesMax);
  return bytes;
}

/** The bytes of a value that a condition names. Throws INVALID_ARGUMENT when no key can have it. */
export function expectedBytes(operand: Operand): Bytes {
  const bytes = bytesOf(operand, EXPECTED);
  checkValue(bytes, DEFAULT_PARAMETERS.valueBytesMax, EXPECTED);
  return bytes;
}

/** The bytes of a key, or of what an operation brings, in a transaction. */
export function transactionBytes(operand: Operand, what: 'key' | 'value'): Bytes {
  return what === 'key' ? keyBytes(operand) : operandBytes(operand, 'value');
}

function bytesOf(operand: Operand | undefined, what: string): Bytes {
  if (typeof operand === 'string') {
    // Only ASCII has as many bytes as code units, and then the text is its own byte string.
    if (Buffer.byteLength(operand) === operand.length) return operand as Bytes;
    if (/\p{Surrogate}/u.test(operand)) {
      throw new RingError('INVALID_ARGUMENT', `the ${what} has a lone surrogate, which UTF-8 cannot hold`);
    }
    return bytesOfText(operand);
  }
  if (isUint8Array(operand)) return bytesOfBuffer(operand);
  throw new RingError(
    'INVALID_ARGUMENT',
    `the ${what} must be a string or a Uint8Array, got ${kindOf(operand)}`,
  );
}

function kindOf(operand: unknown): string {
  if (typeof operand !== 'object' || operand === null) return operand === null ? 'null' : typeof operand;
  return Object.prototype.toString.call(operand).slice('[object '.length, -1);
}

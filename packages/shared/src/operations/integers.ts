/** Counters: a number is kept as its decimal text, as Redis keeps it, and travels as eight bytes where it is added. */

import type { Bytes } from '../ring/bytes';
import { RingError } from '../ring/errors';
import { bufferOfBytes } from './bytes';

export const DELTA_BYTES = 8;
export const INTEGER_MIN = -(2n ** 63n);
export const INTEGER_MAX = 2n ** 63n - 1n;

/** Exactly what `textOfInteger` makes: no sign, zero or space more. */
const INTEGER = /^(0|-?[1-9][0-9]{0,18})$/;

/** The number that a value is; undefined when it is none of 64 bits. */
export function integerIn(value: Bytes): bigint | undefined {
  if (!INTEGER.test(value)) return undefined;
  const integer = BigInt(value);
  return isInteger64(integer) ? integer : undefined;
}

export function textOfInteger(integer: bigint): Bytes {
  return integer.toString() as Bytes;
}

export function isInteger64(integer: bigint): boolean {
  return integer >= INTEGER_MIN && integer <= INTEGER_MAX;
}

/** Big-endian, signed. */
export function encodeDelta(delta: bigint): Bytes {
  const bytes = Buffer.alloc(DELTA_BYTES);
  bytes.writeBigInt64BE(delta);
  return bytes.toString('latin1') as Bytes;
}

export function decodeDelta(bytes: Bytes): bigint {
  return bufferOfBytes(bytes).readBigInt64BE(0);
}

/** What an application adds, as it travels. Throws INVALID_ARGUMENT unless it is a whole number of 64 bits. */
export function deltaBytes(delta: number | bigint): Uint8Array {
  const whole = typeof delta === 'bigint' || Number.isSafeInteger(delta);
  if (!whole || !isInteger64(BigInt(delta))) {
    throw new RingError(
      'INVALID_ARGUMENT',
      `the delta must be a whole number of 64 bits, a bigint beyond ${Number.MAX_SAFE_INTEGER}, got ${String(delta)}`,
    );
  }
  return bufferOfBytes(encodeDelta(BigInt(delta)));
}

/**
 * What a transaction is answered with: whether its conditions held, its number, and what each operation of the branch
 * that was carried out is told. It travels as the answer's value.
 *
 *   held (1) · version (LEB128) · for each operation: 0, or its value's length + 1 (LEB128) and the value
 */

import type { Bytes } from '../ring/bytes';
import { RingError } from '../ring/errors';
import { decodeVarint, encodeVarint } from './varint';

export interface TransactionAnswer<Value> {
  /** All conditions held, and `then` was carried out; otherwise `else`. */
  readonly held: boolean;
  /** The number of the transaction in its arc: the version of all that it wrote. */
  readonly version: number;
  /** By operation; undefined where there is no value. */
  readonly values: readonly (Value | undefined)[];
}

export function encodeTransactionAnswer({ held, version, values }: TransactionAnswer<Bytes>): Bytes {
  let bytes = `${held ? '\x01' : '\x00'}${encodeVarint(version)}`;
  for (const value of values) bytes += value === undefined ? '\x00' : encodeVarint(value.length + 1) + value;
  return bytes as Bytes;
}

/** The values are views of the bytes. Throws INTERNAL when no node can have sent them. */
export function decodeTransactionAnswer(bytes: Uint8Array): TransactionAnswer<Uint8Array> {
  const held = bytes[0];
  const version = decodeVarint(bytes, 1);
  if ((held !== 0 && held !== 1) || version === undefined) throw unreadable();
  const values: (Uint8Array | undefined)[] = [];
  for (let at = version.end; at < bytes.length;) {
    const size = decodeVarint(bytes, at);
    const end = size === undefined ? Infinity : size.end + Math.max(0, size.value - 1);
    if (size === undefined || end > bytes.length) throw unreadable();
    values.push(size.value === 0 ? undefined : bytes.subarray(size.end, end));
    at = end;
  }
  return { held: held === 1, version: version.value, values };
}

function unreadable(): RingError {
  return new RingError('INTERNAL', 'the answer of a transaction cannot be read');
}

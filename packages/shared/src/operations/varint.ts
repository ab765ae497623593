/** Numbers in as few bytes as they need (LEB128, unsigned, up to 2^53 − 1). */

import type { Bytes } from '../ring/bytes';

/** Bytes of the longest number. */
const VARINT_BYTES_MAX = 8;

export function encodeVarint(value: number): Bytes {
  let bytes = '';
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes += String.fromCharCode((rest % 128) + 128);
  return (bytes + String.fromCharCode(rest)) as Bytes;
}

/** The number that begins there, and where it ends; undefined when there is none. */
export function decodeVarint(
  bytes: Uint8Array,
  from: number,
): { readonly value: number; readonly end: number } | undefined {
  let value = 0;
  let weight = 1;
  for (let at = from; at < bytes.length && at < from + VARINT_BYTES_MAX; at++, weight *= 128) {
    const byte = bytes[at] as number;
    value += (byte & 127) * weight;
    if (byte < 128) return Number.isSafeInteger(value) ? { value, end: at + 1 } : undefined;
  }
  return undefined;
}

/** Numbers in as few bytes as they need (LEB128, unsigned, up to 2^53 − 1). */

import type { Bytes } from '../ring/bytes';

/** Bytes of the longest number. */
export const VARINT_BYTES_MAX = 8;

export interface Varint {
  readonly value: number;
  /** Where it ends. */
  readonly end: number;
}

/** @returns where it ends */
export function writeVarint(target: Uint8Array, from: number, value: number): number {
  let at = from;
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) target[at++] = (rest % 128) + 128;
  target[at++] = rest;
  return at;
}

export function encodeVarint(value: number): Bytes {
  let bytes = '';
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes += String.fromCharCode((rest % 128) + 128);
  return (bytes + String.fromCharCode(rest)) as Bytes;
}

/** The number that begins there; undefined when there is none. */
export function decodeVarint(bytes: Uint8Array, from: number): Varint | undefined {
  let value = 0;
  let weight = 1;
  for (let at = from; at < bytes.length && at < from + VARINT_BYTES_MAX; at++, weight *= 128) {
    const byte = bytes[at] as number;
    value += (byte & 127) * weight;
    if (byte < 128) return Number.isSafeInteger(value) ? { value, end: at + 1 } : undefined;
  }
  return undefined;
}

/** The same of a byte string. */
export function decodeVarintIn(bytes: string, from: number): Varint | undefined {
  const most = Math.min(bytes.length, from + VARINT_BYTES_MAX);
  let end = from;
  while (end < most && bytes.charCodeAt(end) >= 128) end++;
  const value = end < most ? varintAt(bytes, from) : Number.NaN;
  return Number.isSafeInteger(value) ? { value, end: end + 1 } : undefined;
}

/** The number that begins there in a byte string that is known to have one. */
export function varintAt(bytes: string, from: number): number {
  let value = 0;
  let weight = 1;
  for (let at = from; ; at++, weight *= 128) {
    const byte = bytes.charCodeAt(at);
    value += (byte & 127) * weight;
    // Behind the end is no byte, and hence none of 128 or more.
    if (!(byte >= 128)) return value;
  }
}

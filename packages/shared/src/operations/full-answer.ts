/**
 * What an operation with extras is answered with: whether its condition held, the version that its key has now, and a
 * value. It travels as the answer's value.
 *
 *   flags (1): the condition held · there is a value · a ttl  |  version (LEB128)  |  the ttl (8, ms)  |  the value
 */

import type { Bytes } from '../ring/bytes';
import { RingError } from '../ring/errors';
import { bytesOfBuffer } from './bytes';
import { decodeMs, encodeMs, MS_BYTES } from './expiry';
import { decodeVarint, encodeVarint } from './varint';

export interface FullAnswer<Value> {
  /** The condition held, or there was none: the operation was carried out. */
  readonly held: boolean;
  /**
   * Of an operation that changed its key, its own; else that of the entry that is there, 0 where there is none. An
   * operation that removes a key has a version, too.
   */
  readonly version: number;
  /** What the operation tells, or, where the condition did not hold, the value that is there if that was asked for. */
  readonly value: Value | undefined;
  /** How long the key has still to live, ms; undefined if it does not end, or if that was not asked for. */
  readonly ttlMs?: number | undefined;
}

const HELD = 1;
const HAS_VALUE = 2;
const HAS_TTL = 4;
const KNOWN_FLAGS = HELD | HAS_VALUE | HAS_TTL;

export function encodeFullAnswer({ held, version, value, ttlMs }: FullAnswer<Bytes>): Bytes {
  const flags =
    (held ? HELD : 0) | (value === undefined ? 0 : HAS_VALUE) | (ttlMs === undefined ? 0 : HAS_TTL);
  const ttl = ttlMs === undefined ? '' : encodeMs(ttlMs);
  return `${String.fromCharCode(flags)}${encodeVarint(version)}${ttl}${value ?? ''}` as Bytes;
}

/** The value is a view of the bytes. Throws INTERNAL when no node can have sent them. */
export function decodeFullAnswer(bytes: Uint8Array): FullAnswer<Uint8Array> {
  const flags = bytes[0] ?? KNOWN_FLAGS + 1;
  const version = decodeVarint(bytes, 1);
  const hasTtl = (flags & HAS_TTL) !== 0;
  const valueAt = (version?.end ?? 0) + (hasTtl ? MS_BYTES : 0);
  if ((flags & ~KNOWN_FLAGS) !== 0 || version === undefined || valueAt > bytes.length) {
    throw new RingError('INTERNAL', 'the answer of an operation with a condition cannot be read');
  }
  return {
    held: (flags & HELD) !== 0,
    version: version.value,
    value: (flags & HAS_VALUE) !== 0 ? bytes.subarray(valueAt) : undefined,
    ttlMs: hasTtl ? decodeMs(bytesOfBuffer(bytes.subarray(version.end, valueAt)), 0) : undefined,
  };
}

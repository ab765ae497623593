/**
 * What an operation with extras is answered with: whether its condition held, the version that its key has now, and a
 * value. It travels as the answer's value.
 *
 *   flags (1): the condition held · there is a value  |  version (LEB128)  |  the value
 */

import type { Bytes } from '../ring/bytes';
import { RingError } from '../ring/errors';
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
}

const HELD = 1;
const HAS_VALUE = 2;
const KNOWN_FLAGS = HELD | HAS_VALUE;

export function encodeFullAnswer({ held, version, value }: FullAnswer<Bytes>): Bytes {
  const flags = (held ? HELD : 0) | (value === undefined ? 0 : HAS_VALUE);
  return `${String.fromCharCode(flags)}${encodeVarint(version)}${value ?? ''}` as Bytes;
}

/** The value is a view of the bytes. Throws INTERNAL when no node can have sent them. */
export function decodeFullAnswer(bytes: Uint8Array): FullAnswer<Uint8Array> {
  const flags = bytes[0] ?? KNOWN_FLAGS + 1;
  const version = decodeVarint(bytes, 1);
  if ((flags & ~KNOWN_FLAGS) !== 0 || version === undefined) {
    throw new RingError('INTERNAL', 'the answer of an operation with a condition cannot be read');
  }
  return {
    held: (flags & HELD) !== 0,
    version: version.value,
    value: (flags & HAS_VALUE) !== 0 ? bytes.subarray(version.end) : undefined,
  };
}

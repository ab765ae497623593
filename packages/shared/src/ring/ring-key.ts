/**
 * Ring keys: the position of a key (8 bytes, big-endian) and the key behind it, as one byte string.
 *
 * Byte order is ring order, two keys with one position stay two entries, and an arc is one or two contiguous ranges.
 * Tables, the log and the disk use ring keys.
 */

import type { Bytes } from './bytes';
import { KEY_BYTES_MAX } from './limits';
import type { Position } from './position';

declare const ringKeyBrand: unique symbol;

/** Position and key in one byte string; ordered as the ring is. */
export type RingKey = Bytes & { readonly [ringKeyBrand]: true };

export const POSITION_BYTES = 8;

/** A place on the ring may lie just behind the longest key. */
export const PLACE_BYTES_MAX = POSITION_BYTES + KEY_BYTES_MAX + 1;

/** A position as 8 bytes, big-endian. */
export function positionBytes(value: Position): Bytes {
  let text = '';
  for (let shift = 56n; shift >= 0n; shift -= 8n)
    text += String.fromCharCode(Number((value >> shift) & 0xffn));
  return text as Bytes;
}

/** The position that 8 bytes, or the first 8 of a ring key, stand for. */
export function positionOfBytes(bytes: Bytes): Position {
  const high = word(bytes, 0);
  const low = word(bytes, 4);
  return ((BigInt(high) << 32n) | BigInt(low)) as Position;
}

function word(bytes: Bytes, at: number): number {
  return (
    ((bytes.charCodeAt(at) << 24) |
      (bytes.charCodeAt(at + 1) << 16) |
      (bytes.charCodeAt(at + 2) << 8) |
      bytes.charCodeAt(at + 3)) >>>
    0
  );
}

/** The ring key of a key whose position is known (8 bytes). */
export function ringKey(positionOfKey: Bytes, key: Bytes): RingKey {
  return (positionOfKey + key) as RingKey;
}

/** The least place behind a key. */
export function placeBehind(key: RingKey): RingKey {
  return `${key}\0` as RingKey;
}

/** The key itself. */
export function keyOf(key: RingKey): Bytes {
  return key.slice(POSITION_BYTES) as Bytes;
}

/** The position of the key. */
export function positionOf(key: RingKey): Position {
  return positionOfBytes(key);
}

/** Where a scan begins and goes on, as applications keep it: a place in hexadecimal digits. */

import type { Bytes } from '../ring/bytes';
import { RingError } from '../ring/errors';
import { quoted } from '../ring/excerpt';
import { tagOf, type PositionRule } from '../ring/position-rule';
import { PLACE_BYTES_MAX, POSITION_BYTES, type RingKey } from '../ring/ring-key';
import { bufferOfBytes, bytesOfBuffer, positionBytesOf } from '../operations/bytes';

/** Before every key. */
export const FIRST_PLACE = '\0'.repeat(POSITION_BYTES) as RingKey;

export function cursorOf(place: RingKey): string {
  return bufferOfBytes(place).toString('hex');
}

/** Throws INVALID_ARGUMENT when it is no place. */
export function placeOf(cursor: string): RingKey {
  const bytes = Buffer.from(cursor, 'hex');
  const sound = typeof cursor === 'string' && bytes.length * 2 === cursor.length;
  if (!sound || bytes.length < POSITION_BYTES || bytes.length > PLACE_BYTES_MAX) {
    throw new RingError(
      'INVALID_ARGUMENT',
      `${quoted(String(cursor))} is no place of a scan: give the one that an entry or a page of it told`,
    );
  }
  return bytesOfBuffer(bytes) as RingKey;
}

/** The place of a key's own position, where all keys of its tag are. */
export function placeOfTag(tag: Bytes): RingKey {
  return positionBytesOf(bufferOfBytes(tag)) as string as RingKey;
}

/** Where a scan begins, and the tag that all its keys have, if they have one. */
export interface Beginning {
  readonly place: RingKey;
  readonly tag: Bytes | undefined;
}

/** Keys of one tag, also those whose prefix contains it, are at one place: nobody else is asked. */
export function beginningOf(
  prefix: Bytes | undefined,
  tag: Bytes | undefined,
  rule: PositionRule,
): Beginning {
  const common = tag ?? (rule === 'tag' && prefix !== undefined ? tagOf(prefix) : undefined);
  return { place: common === undefined ? FIRST_PLACE : placeOfTag(common), tag: common };
}

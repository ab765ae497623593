/**
 * Converts byte strings from and to Buffers and text, and computes the position of a key: everything that needs Node's
 * own code.
 */

import { hash } from 'node:crypto';
import { TextDecoder } from 'node:util';
import type { Bytes, Position, RingKey } from '../ring';
import { position } from '../ring/position';
import { positionTagOf, type PositionRule } from '../ring/position-rule';
import { POSITION_BYTES, ringKey } from '../ring/ring-key';

const utf8 = new TextDecoder('utf-8', { fatal: true });

export function bytesOfBuffer(buffer: Uint8Array): Bytes {
  return Buffer.from(buffer.buffer, buffer.byteOffset, buffer.length).toString('latin1') as Bytes;
}

export function bufferOfBytes(bytes: Bytes): Buffer {
  return Buffer.from(bytes, 'latin1');
}

/** The UTF-8 bytes of a text. */
export function bytesOfText(text: string): Bytes {
  return Buffer.from(text, 'utf8').toString('latin1') as Bytes;
}

/** The text that the bytes are in UTF-8, or undefined when they are not UTF-8. */
export function textOfBytes(bytes: Bytes): string | undefined {
  try {
    return utf8.decode(bufferOfBytes(bytes));
  } catch {
    return undefined;
  }
}

/** The first 8 bytes of the SHA-256 of bytes, or of the UTF-8 of a text. */
export function positionBytesOf(content: string | Uint8Array): Bytes {
  return hash('sha256', content, 'binary').slice(0, POSITION_BYTES) as Bytes;
}

/**
 * The position of a key and the key behind it. A key in ASCII is hashed as the text that it is: that is twice as fast.
 *
 * @param rule that of the ring; new rings have the one that is taken here
 */
export function ringKeyOf(key: Bytes, rule: PositionRule = 'tag', ascii = isAsciiBytes(key)): RingKey {
  const hashed = positionTagOf(key, rule);
  return ringKey(positionBytesOf(ascii ? hashed : bufferOfBytes(hashed)), key);
}

/** Of a short text the engine looks at each character sooner than it calls into its own code. */
const SHORT = 64;

function isAsciiBytes(bytes: Bytes): boolean {
  const { length } = bytes;
  if (length > SHORT) return Buffer.byteLength(bytes) === length;
  let all = 0;
  for (let i = 0; i < length; i++) all |= bytes.charCodeAt(i);
  return all < 0x80;
}

/** The position of a text (the address and salt of a node): the first 8 bytes, big-endian, of its SHA-256. */
export function positionOfText(text: string): Position {
  return position(BigInt(`0x${hash('sha256', text, 'hex').slice(0, 16)}`));
}

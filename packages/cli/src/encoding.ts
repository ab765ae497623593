/** Converts keys and values between bytes and what people type and see. */

import { quoted, type Bytes } from '@ringkeep/shared';
import { bytesOfBuffer, textOfBytes } from '@ringkeep/shared/operations';
import { UsageError } from './failure';

export type Encoding = 'text' | 'hex' | 'base64';

/** The bytes that were typed. Throws a UsageError when they are not in the encoding. */
export function bytesTyped(typed: string, encoding: Encoding, what: string): Uint8Array {
  switch (encoding) {
    case 'hex':
      if (!/^(?:[0-9a-f]{2})*$/i.test(typed)) {
        throw new UsageError(`the ${what} must be pairs of hexadecimal digits, got ${quoted(typed)}`);
      }
      return Buffer.from(typed, 'hex');
    case 'base64':
      if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/.test(typed)) {
        throw new UsageError(`the ${what} must be base64, got ${quoted(typed)}`);
      }
      return Buffer.from(typed, 'base64');
    case 'text':
      // Node.js puts U+FFFD for what it cannot read as UTF-8; it must not be stored in its place.
      if (typed.includes('\ufffd')) {
        throw new UsageError(`the ${what} is not valid UTF-8 text; give its bytes with --hex or --base64`);
      }
      if (/\p{Surrogate}/u.test(typed)) {
        throw new UsageError(`the ${what} has a lone surrogate; give its bytes with --hex or --base64`);
      }
      return Buffer.from(typed, 'utf8');
  }
}

/** Bytes as they are shown. */
export interface Shown {
  readonly text: string;
  readonly encoding: 'utf8' | 'hex' | 'base64';
}

/** A value that is asked for as text but is not UTF-8 is shown in base64. */
export function shown(value: Uint8Array, encoding: Encoding): Shown {
  const buffer = Buffer.from(value.buffer, value.byteOffset, value.length);
  if (encoding !== 'text') return { text: buffer.toString(encoding), encoding };
  const text = textOfBytes(bytesOfBuffer(value) as Bytes);
  return text === undefined
    ? { text: buffer.toString('base64'), encoding: 'base64' }
    : { text, encoding: 'utf8' };
}

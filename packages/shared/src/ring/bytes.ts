/**
 * Byte strings: bytes held in a JavaScript string, one code unit (0 … 255) a byte.
 *
 * Why strings: they are immutable, so a value that is stored, logged and sent needs one copy and no owner. They can be
 * Map keys. V8 stores them in one byte a byte, with a header a tenth as large as a Uint8Array's. And `<` orders them as
 * bytes are ordered. At the edges, Buffers turn into them and back with the 'latin1' encoding. Rejected: Buffers
 * everywhere (aliasing of network buffers, 100–200 bytes of header each).
 */

declare const bytesBrand: unique symbol;

/** Bytes as a string of code units 0 … 255. */
export type Bytes = string & { readonly [bytesBrand]: true };

/** The bytes of an array, copied. */
export function bytesOf(array: Uint8Array): Bytes {
  let text = '';
  for (let from = 0; from < array.length; from += 8192) {
    text += String.fromCharCode(...array.subarray(from, from + 8192));
  }
  return text as Bytes;
}

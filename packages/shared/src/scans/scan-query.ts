/**
 * What is asked of the owner of a place: a page of the entries from there on, in ring order (position, then key), or in
 * the order of their keys.
 *
 * A place is a ring key, whether there is such a key or not. It means the same to every node at any time, so a scan that
 * goes on from one survives whatever happens to the ring meanwhile.
 *
 *   flags (1): keys only · by key · reverse  |  limit (LEB128)  |  which of the following there are (1)  |
 *   prefix · tag · from · to · end, each with its length (LEB128)
 */

import type { Bytes } from '../ring/bytes';
import { RingError } from '../ring/errors';
import { POSITION_BYTES } from '../ring/ring-key';
import { bufferOfBytes } from '../operations/bytes';
import { decodeVarint, encodeVarint } from '../operations/varint';

export interface ScanQuery {
  /** Only keys that begin so. */
  readonly prefix: Bytes | undefined;
  /** Only keys of this tag, from a place of its position on. */
  readonly tag: Bytes | undefined;
  readonly keysOnly: boolean;
  /** Entries of the page, at most. */
  readonly limit: number;
  /** In the order of the keys, of the stretch of the ring that begins at the place. */
  readonly byKey?: KeyOrder | undefined;
}

export interface KeyOrder {
  /** The least key that counts, and the least that is too great. */
  readonly from: Bytes | undefined;
  readonly to: Bytes | undefined;
  readonly reverse: boolean;
  /** The position before which the stretch ends (8 bytes), if not with the owner's arc. */
  readonly end: Bytes | undefined;
}

/** Entries of a page: a node reads a page in one step, a few milliseconds. */
export const PAGE_ENTRIES_MAX = 1_000;
/** Of the first page of more than a tag, so that its first entry is there soon. */
export const FIRST_PAGE_ENTRIES = 100;

const KEYS_ONLY = 1;
const BY_KEY = 2;
const REVERSE = 4;
const KNOWN_FLAGS = KEYS_ONLY | BY_KEY | REVERSE;
const PIECES = 5;

export function encodeScanQuery({ prefix, tag, keysOnly, limit, byKey }: ScanQuery): Bytes {
  const flags = (keysOnly ? KEYS_ONLY : 0) | (byKey ? BY_KEY : 0) | (byKey?.reverse ? REVERSE : 0);
  const pieces = [prefix, tag, byKey?.from, byKey?.to, byKey?.end];
  let given = 0;
  let text = '';
  for (const [index, piece] of pieces.entries()) {
    if (piece === undefined) continue;
    given |= 1 << index;
    text += encodeVarint(piece.length) + piece;
  }
  return `${String.fromCharCode(flags)}${encodeVarint(limit)}${String.fromCharCode(given)}${text}` as Bytes;
}

/** Throws INVALID_ARGUMENT when it is none. */
export function decodeScanQuery(bytes: Bytes): ScanQuery {
  const flags = bytes.charCodeAt(0);
  const buffer = bufferOfBytes(bytes);
  const limit = decodeVarint(buffer, 1);
  if (bytes.length === 0 || (flags & ~KNOWN_FLAGS) !== 0 || limit === undefined || limit.value < 1)
    throw malformed();
  const [prefix, tag, from, to, end] = piecesIn(bytes, buffer, limit.end);
  if (end !== undefined && end.length !== POSITION_BYTES)
    throw new RingError(
      'INVALID_ARGUMENT',
      `the end of a range is a position of ${POSITION_BYTES} bytes, got ${end.length}`,
    );
  const byKey = (flags & BY_KEY) === 0 ? undefined : { from, to, end, reverse: (flags & REVERSE) !== 0 };
  return {
    prefix,
    tag,
    keysOnly: (flags & KEYS_ONLY) !== 0,
    limit: Math.min(limit.value, PAGE_ENTRIES_MAX),
    byKey,
  };
}

function piecesIn(bytes: Bytes, buffer: Buffer, from: number): (Bytes | undefined)[] {
  const given = buffer[from] ?? 0;
  let at = from + 1;
  const pieces = Array.from({ length: PIECES }, (_, index) => {
    if ((given & (1 << index)) === 0) return undefined;
    const length = decodeVarint(buffer, at);
    if (length === undefined || length.end + length.value > bytes.length) throw malformed();
    at = length.end + length.value;
    return bytes.slice(length.end, at) as Bytes;
  });
  if (given >= 1 << PIECES || at !== bytes.length) throw malformed();
  return pieces;
}

function malformed(): RingError {
  return new RingError('INVALID_ARGUMENT', 'a malformed question for a page of a scan');
}

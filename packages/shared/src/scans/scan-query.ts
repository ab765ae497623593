/**
 * What is asked of the owner of a place: a page of the entries from there on, in ring order (position, then key).
 *
 * A place is a ring key, whether there is such a key or not. It means the same to every node at any time, so a scan that
 * goes on from one survives whatever happens to the ring meanwhile.
 *
 *   flags (1): keys only · a prefix · a tag  |  limit (LEB128)  |  length of the prefix (LEB128), prefix  |  the tag
 */

import type { Bytes } from '../ring/bytes';
import { RingError } from '../ring/errors';
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
}

/** Entries of a page: a node reads a page in one step, a few milliseconds. */
export const PAGE_ENTRIES_MAX = 1_000;

const KEYS_ONLY = 1;
const HAS_PREFIX = 2;
const HAS_TAG = 4;
const KNOWN_FLAGS = KEYS_ONLY | HAS_PREFIX | HAS_TAG;

export function encodeScanQuery({ prefix, tag, keysOnly, limit }: ScanQuery): Bytes {
  const flags =
    (keysOnly ? KEYS_ONLY : 0) | (prefix === undefined ? 0 : HAS_PREFIX) | (tag === undefined ? 0 : HAS_TAG);
  const withPrefix = prefix === undefined ? '' : encodeVarint(prefix.length) + prefix;
  return `${String.fromCharCode(flags)}${encodeVarint(limit)}${withPrefix}${tag ?? ''}` as Bytes;
}

/** Throws INVALID_ARGUMENT when it is none. */
export function decodeScanQuery(bytes: Bytes): ScanQuery {
  const flags = bytes.charCodeAt(0);
  if (bytes.length === 0 || (flags & ~KNOWN_FLAGS) !== 0) throw malformed();
  const buffer = bufferOfBytes(bytes);
  const limit = decodeVarint(buffer, 1);
  if (limit === undefined || limit.value < 1) throw malformed();
  let at = limit.end;
  let prefix: Bytes | undefined;
  if ((flags & HAS_PREFIX) !== 0) {
    const length = decodeVarint(buffer, at);
    if (length === undefined || length.end + length.value > bytes.length) throw malformed();
    at = length.end + length.value;
    prefix = bytes.slice(length.end, at) as Bytes;
  }
  const tag = (flags & HAS_TAG) === 0 ? undefined : (bytes.slice(at) as Bytes);
  if (tag === undefined && at !== bytes.length) throw malformed();
  return {
    prefix,
    tag,
    keysOnly: (flags & KEYS_ONLY) !== 0,
    limit: Math.min(limit.value, PAGE_ENTRIES_MAX),
  };
}

function malformed(): RingError {
  return new RingError('INVALID_ARGUMENT', 'a malformed question for a page of a scan');
}

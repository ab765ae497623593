/**
 * A page of a scan: what a stretch of the ring held at one moment. It travels as the answer of its operation.
 * scan-page-writer.ts makes it.
 *
 *   flags (1): there is a next place  |  start, end of the owner's arc (8 each)  |  number (LEB128) |
 *   length of the next place (LEB128), next place  |  count (LEB128)  |  entries, each:
 *   length of the key (LEB128), key  |  flags (1): expires · a value  |  version (LEB128)  |  expiry (8, ms) |
 *   length of the value (LEB128), value
 */

import type { Arc } from '../ring/arc';
import { RingError } from '../ring/errors';
import { position } from '../ring/position';
import { POSITION_BYTES, type RingKey } from '../ring/ring-key';
import { bytesOfBuffer } from '../operations/bytes';
import { MS_BYTES } from '../operations/expiry';
import { VARINT_BYTES_MAX } from '../operations/varint';

/** Of keys only, without a value. */
export interface ScannedEntry<Content> {
  readonly key: Content;
  readonly value: Content | undefined;
  readonly version: number;
  /** Ring time at which the key ends, ms. */
  readonly expiresAtMs: number | undefined;
}

export interface ScanPage<Content> {
  /** In ring order. */
  readonly entries: readonly ScannedEntry<Content>[];
  /** The page is whole up to this place, where the next one begins; undefined at the end of the scan. */
  readonly next: RingKey | undefined;
  /** The owner's arc, and the number up to which its operations are in the page: a watch of it goes on from there. */
  readonly range: Arc;
  readonly seq: number;
}

export const HAS_NEXT = 1;
const EXPIRES = 1;
export const HAS_VALUE = 2;

/** Keys and values are views of the bytes. Throws INTERNAL when no node can have sent them. */
export function decodeScanPage(bytes: Buffer): ScanPage<Buffer> {
  const reader = new Reader(bytes);
  const hasNext = reader.byte() === HAS_NEXT;
  const range: Arc = { start: position(reader.word()), end: position(reader.word()) };
  const seq = reader.varint();
  const next = hasNext ? (bytesOfBuffer(reader.piece(reader.varint())) as RingKey) : undefined;
  const entries: ScannedEntry<Buffer>[] = [];
  for (let left = reader.varint(); left > 0; left--) {
    const key = reader.piece(reader.varint());
    const flags = reader.byte();
    const version = reader.varint();
    const expiresAtMs = (flags & EXPIRES) === 0 ? undefined : reader.double();
    const value = (flags & HAS_VALUE) === 0 ? undefined : reader.piece(reader.varint());
    entries.push({ key, value, version, expiresAtMs });
  }
  return { entries, next, range, seq };
}

/** Reads numbers where they are: a view of each would cost more than the number. */
class Reader {
  private at = 0;

  constructor(private readonly bytes: Buffer) {}

  byte(): number {
    return this.bytes[this.pass(1)] as number;
  }

  word(): bigint {
    return this.bytes.readBigUInt64BE(this.pass(POSITION_BYTES));
  }

  double(): number {
    return this.bytes.readDoubleLE(this.pass(MS_BYTES));
  }

  varint(): number {
    const { bytes } = this;
    let value = 0;
    let weight = 1;
    for (let left = VARINT_BYTES_MAX; left > 0; left--, weight *= 128) {
      const byte = bytes[this.pass(1)] as number;
      value += (byte & 127) * weight;
      if (byte < 128 && Number.isSafeInteger(value)) return value;
    }
    throw unreadable();
  }

  piece(length: number): Buffer {
    const from = this.pass(length);
    return this.bytes.subarray(from, this.at);
  }

  /** @returns where the bytes are that it goes past */
  private pass(count: number): number {
    const from = this.at;
    this.at += count;
    if (this.at > this.bytes.length) throw unreadable();
    return from;
  }
}

function unreadable(): RingError {
  return new RingError('INTERNAL', 'a page of a scan cannot be read');
}

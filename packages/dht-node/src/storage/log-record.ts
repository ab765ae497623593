/**
 * The bytes of a log segment: a header, then records, each a multiple of 8 bytes long, then zeros.
 *
 *   header   magic "RINGLOG1" · salt (4 bytes, random) · CRC-32C of both
 *   record   CRC-32C · payload length · number (8) · durable before (8) · payload · zeros up to 8
 *
 * Little-endian. The checksum covers everything behind it and starts from the segment's salt. So no record of another
 * segment, and no record that somebody stored as a value, is taken for a record of this one.
 *
 * `durableBefore` says up to which batch the log was known to be on the disk when the record was written. It
 * distinguishes a write that a crash tore from damage: see log-recovery.ts. A mark is a record with number 0 and no
 * payload, written only for its `durableBefore`.
 */

import { crc32c } from '@ringkeep/shared/operations';

const MAGIC = Buffer.from('RINGLOG1', 'latin1');
const HEADER_CRC_AT = 12;
export const SEGMENT_HEADER_BYTES = 16;
export const RECORD_HEADER_BYTES = 24;
const ALIGNMENT = 8;

/** The number that a mark carries instead of a batch's. */
export const MARK_NUMBER = 0;

export interface SegmentRecord {
  readonly number: number;
  readonly durableBefore: number;
  readonly payload: Uint8Array;
  /** Where the next record begins. */
  readonly end: number;
}

const NAME_DIGITS = 10;
const NAME = /^\d{10}\.log$/;

/** Segments are named in the order in which they are written. */
export function segmentName(number: number): string {
  return `${String(number).padStart(NAME_DIGITS, '0')}.log`;
}

export function segmentNumberOf(name: string): number | undefined {
  return NAME.test(name) ? Number.parseInt(name, 10) : undefined;
}

export function encodeSegmentHeader(salt: number): Buffer {
  const header = Buffer.alloc(SEGMENT_HEADER_BYTES);
  MAGIC.copy(header);
  header.writeUInt32LE(salt, MAGIC.length);
  header.writeUInt32LE(crc32c(header, 0, HEADER_CRC_AT), HEADER_CRC_AT);
  return header;
}

/** The salt of a segment, or undefined when the header is damaged. */
export function decodeSegmentHeader(segment: Buffer): number | undefined {
  if (segment.length < SEGMENT_HEADER_BYTES) return undefined;
  if (!segment.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  if (segment.readUInt32LE(HEADER_CRC_AT) !== crc32c(segment, 0, HEADER_CRC_AT)) return undefined;
  return segment.readUInt32LE(MAGIC.length);
}

/** How many bytes of a segment a record with that payload takes. */
export function recordBytes(payloadBytes: number): number {
  return Math.ceil((RECORD_HEADER_BYTES + payloadBytes) / ALIGNMENT) * ALIGNMENT;
}

/** Writes a record at `at` and returns where the next one goes. */
export function encodeRecord(
  target: Buffer,
  at: number,
  salt: number,
  number: number,
  durableBefore: number,
  payload: Uint8Array,
): number {
  const end = at + recordBytes(payload.length);
  target.writeUInt32LE(payload.length, at + 4);
  writeCount(target, at + 8, number);
  writeCount(target, at + 16, durableBefore);
  const payloadAt = at + RECORD_HEADER_BYTES;
  target.set(payload, payloadAt);
  target.fill(0, payloadAt + payload.length, end);
  target.writeUInt32LE(crc32c(target, at + 4, payloadAt + payload.length, salt), at);
  return end;
}

/** The record at `at`, or undefined when there is no whole one. */
export function decodeRecord(segment: Buffer, at: number, salt: number): SegmentRecord | undefined {
  if (at + RECORD_HEADER_BYTES > segment.length) return undefined;
  const payloadAt = at + RECORD_HEADER_BYTES;
  const payloadEnd = payloadAt + segment.readUInt32LE(at + 4);
  if (payloadEnd > segment.length) return undefined;
  if (segment.readUInt32LE(at) !== crc32c(segment, at + 4, payloadEnd, salt)) return undefined;
  return {
    number: readCount(segment, at + 8),
    durableBefore: readCount(segment, at + 16),
    payload: segment.subarray(payloadAt, payloadEnd),
    end: at + recordBytes(payloadEnd - payloadAt),
  };
}

/**
 * True when somewhere from `from` on there is a whole record that was written when batch `number` was
 * already durable. Looks at every place where a record could begin, since what lies between is not readable.
 */
export function provesDurable(segment: Buffer, from: number, salt: number, number: number): boolean {
  const first = Math.ceil(from / ALIGNMENT) * ALIGNMENT;
  for (let at = first; at + RECORD_HEADER_BYTES <= segment.length; at += ALIGNMENT) {
    // The checksum is dear: ask first whether the numbers can be right.
    const durableBefore = readCount(segment, at + 16);
    if (durableBefore < number || durableBefore > Number.MAX_SAFE_INTEGER) continue;
    if (decodeRecord(segment, at, salt) !== undefined) return true;
  }
  return false;
}

function writeCount(target: Buffer, at: number, count: number): void {
  target.writeUInt32LE(count % 2 ** 32, at);
  target.writeUInt32LE(Math.floor(count / 2 ** 32), at + 4);
}

function readCount(source: Buffer, at: number): number {
  return source.readUInt32LE(at + 4) * 2 ** 32 + source.readUInt32LE(at);
}

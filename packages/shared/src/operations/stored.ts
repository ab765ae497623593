/**
 * The envelope: a value as it is kept and sent between replicas, from the moment at which its operation gets its
 * number to the moment at which it leaves in an answer.
 *
 *   flags (1) · version (1 to 8, LEB128) · expiry (8, ms, if flagged) · CRC-32C (4) · the value
 *
 * Tables, log, digests and transfers take it for a string of bytes and compare it as a whole. It is made once, by the
 * arc's primary. The checksum covers the key, too, so that a sound envelope under a wrong key is no sound entry.
 *
 * CRC-32C rather than a faster hash: it finds every burst of up to 32 bits and every few flipped bits, which is what
 * disks and memory do to bytes. A hash of 64 bits would cost four bytes for each key in memory.
 */

import type { Bytes, RingKey } from '../ring';
import { invariant } from '../ring/errors';
import { KEY_BYTES_MAX } from '../ring/limits';
import { POSITION_BYTES } from '../ring/ring-key';
import { crc32c } from './crc32c';
import { decodeMs, MS_BYTES } from './expiry';
import { varintAt, VARINT_BYTES_MAX, writeVarint } from './varint';

declare const storedBrand: unique symbol;

/** An envelope. No Bytes: nobody answers with one by mistake. */
export type StoredValue = string & { readonly [storedBrand]: true };

/** The version of entries that were written before there were versions. */
export const VERSION_BEFORE_ENVELOPES = 1;
/** Of an envelope without an expiry, of the shortest version. */
export const ENVELOPE_BYTES_MIN = 6;

const HAS_EXPIRY = 1;
const KNOWN_FLAGS = HAS_EXPIRY;

export const CHECKSUM_BYTES = 4;
const HEAD_BYTES_MAX = 1 + VARINT_BYTES_MAX + MS_BYTES + CHECKSUM_BYTES;
/** Longer values are sealed in memory of their own. */
const SCRATCH_VALUE_BYTES = 64 * 1024;
const SCRATCH_HEAD_BYTES = POSITION_BYTES + KEY_BYTES_MAX + HEAD_BYTES_MAX;

const scratch = Buffer.allocUnsafeSlow(SCRATCH_HEAD_BYTES + SCRATCH_VALUE_BYTES);

/** What an envelope says beside the value. */
export interface StoredHead {
  /** The number, in its arc, of the operation that wrote the entry. */
  readonly version: number;
  /** Ring time at which the key ends, ms. */
  readonly expiresAtMs: number | undefined;
  readonly checksum: number;
}

export function seal(key: RingKey, version: number, value: Bytes, expiresAtMs?: number): StoredValue {
  const target =
    value.length <= SCRATCH_VALUE_BYTES ? scratch : Buffer.allocUnsafe(SCRATCH_HEAD_BYTES + value.length);
  const begin = target.write(key, 0, 'latin1');
  target[begin] = expiresAtMs === undefined ? 0 : HAS_EXPIRY;
  invariant(Number.isSafeInteger(version) && version > 0, 'a version is a number of an operation');
  let at = writeVarint(target, begin + 1, version);
  if (expiresAtMs !== undefined) at = target.writeDoubleLE(expiresAtMs, at);
  const valueAt = at + CHECKSUM_BYTES;
  const end = valueAt + target.write(value, valueAt, 'latin1');
  target.writeUInt32LE(crc32c(target, valueAt, end, crc32c(target, 0, at)), at);
  return target.toString('latin1', begin, end) as StoredValue;
}

/** The value alone, as clients know it. */
export function valueIn(stored: StoredValue): Bytes {
  return stored.slice(checksumAt(stored) + CHECKSUM_BYTES) as string as Bytes;
}

export function headOf(stored: StoredValue): StoredHead {
  const at = checksumAt(stored);
  return { version: versionIn(stored), expiresAtMs: expiryIn(stored), checksum: checksumIn(stored, at) };
}

/** The number, in its arc, of the operation that wrote the entry. */
export function versionIn(stored: StoredValue): number {
  return varintAt(stored, 1);
}

/** Covers key, flags, version, expiry and value. */
export function checksumIn(stored: StoredValue, at = checksumAt(stored)): number {
  return (
    (stored.charCodeAt(at) |
      (stored.charCodeAt(at + 1) << 8) |
      (stored.charCodeAt(at + 2) << 16) |
      (stored.charCodeAt(at + 3) << 24)) >>>
    0
  );
}

/** True when an entry is exactly what its primary made. */
export function isSound(key: RingKey, stored: StoredValue): boolean {
  const bytes = key.length + stored.length;
  const target = bytes <= scratch.length ? scratch : Buffer.allocUnsafe(bytes);
  const keyBytes = target.write(key, 0, 'latin1');
  return isSoundIn(target, 0, keyBytes, keyBytes, keyBytes + target.write(stored, keyBytes, 'latin1'));
}

/** The same for bytes: the key from `keyFrom` to `keyTo`, the envelope from `from` to `to`. */
export function isSoundIn(
  bytes: Uint8Array,
  keyFrom: number,
  keyTo: number,
  from: number,
  to: number,
): boolean {
  if (from >= to || ((bytes[from] as number) & ~KNOWN_FLAGS) !== 0) return false;
  const at = checksumStart(bytes, from, to);
  const valueAt = at + CHECKSUM_BYTES;
  if (valueAt > to) return false;
  const ofKey = crc32c(bytes, keyFrom, keyTo);
  const expected = crc32c(bytes, valueAt, to, crc32c(bytes, from, at, ofKey));
  const there =
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24);
  return there >>> 0 === expected;
}

/** Where the checksum of an envelope that begins at `from` is, behind flags, version and expiry. */
export function checksumStart(bytes: Uint8Array, from: number, to = bytes.length): number {
  let at = from + 1;
  while (at < to && (bytes[at] as number) >= 128) at++;
  return (bytes[from] as number) & HAS_EXPIRY ? at + 1 + MS_BYTES : at + 1;
}

/**
 * True when a damaged envelope can only have been this sound one of the same key: they agree in two of three parts,
 * which are the head (no two entries of a key have one version), the checksum and the value.
 */
export function wasOnce(damaged: StoredValue, sound: StoredValue): boolean {
  if (damaged.length !== sound.length) return false;
  const at = checksumAt(sound);
  const valueAt = at + CHECKSUM_BYTES;
  const sameHead = damaged.slice(0, at) === sound.slice(0, at);
  const sameChecksum = damaged.slice(at, valueAt) === sound.slice(at, valueAt);
  const sameValue = damaged.slice(valueAt) === sound.slice(valueAt);
  return Number(sameHead) + Number(sameChecksum) + Number(sameValue) >= 2;
}

/** Ring time at which the key ends, ms; undefined if it does not. */
export function expiryIn(stored: StoredValue): number | undefined {
  return stored.charCodeAt(0) & HAS_EXPIRY ? decodeMs(stored, checksumAt(stored) - MS_BYTES) : undefined;
}

/** Behind flags, version and expiry. */
function checksumAt(stored: StoredValue): number {
  let at = 1;
  while (stored.charCodeAt(at) >= 128) at++;
  return stored.charCodeAt(0) & HAS_EXPIRY ? at + 1 + MS_BYTES : at + 1;
}

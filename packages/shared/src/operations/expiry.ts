/**
 * When keys end: times to live, which writes bring, and what `expire` asks for.
 *
 * A duration is turned into a moment of the ring's time by the arc's primary, in the step in which the write gets its
 * number. From then on it is a part of the entry.
 */

import type { Bytes } from '../ring/bytes';
import { RingError } from '../ring/errors';

export const MS_BYTES = 8;
/** A thousand years: whoever means longer means for ever. */
export const TTL_MS_MAX = 1_000 * 365 * 86_400_000;

/** What becomes of a key's expiry in a write. */
export type TimeToLive =
  /** The one that the key has, or none. */
  | { readonly kind: 'keep' }
  /** The key does not end. */
  | { readonly kind: 'none' }
  | { readonly kind: 'duration'; readonly ms: number };

/** What must be true of the present expiry, or nothing is changed. `less`, `greater`: than the one asked for. */
export type ExpiryCondition = 'none' | 'some' | 'less' | 'greater';

/** What `expire` brings. What is over already removes the key. */
export interface Expiry {
  /** A duration, or a moment of the ring's time, which is that of the registry's clock since 1970. */
  readonly kind: 'duration' | 'moment';
  readonly ms: number;
  readonly condition: ExpiryCondition | undefined;
}

/** By their codes. */
const EXPIRY_KINDS = ['duration', 'moment'] as const;
const CONDITIONS = [undefined, 'none', 'some', 'less', 'greater'] as const;
const CONDITION_SHIFT = 1;
export const EXPIRY_BYTES = 1 + MS_BYTES;

const scratch = Buffer.alloc(MS_BYTES);

/** Flags (1): kind (1 bit) · condition (3 bits), then the milliseconds. */
export function encodeExpiry({ kind, ms, condition }: Expiry): Bytes {
  const flags = EXPIRY_KINDS.indexOf(kind) | (CONDITIONS.indexOf(condition) << CONDITION_SHIFT);
  return `${String.fromCharCode(flags)}${encodeMs(ms)}` as Bytes;
}

/** Throws INVALID_ARGUMENT when it is not what `encodeExpiry` makes. */
export function decodeExpiry(bytes: Bytes): Expiry {
  const flags = bytes.charCodeAt(0);
  const kind = EXPIRY_KINDS[(flags & 1) as 0 | 1];
  const ms = bytes.length === EXPIRY_BYTES ? decodeMs(bytes, 1) : Number.NaN;
  if (flags >> CONDITION_SHIFT >= CONDITIONS.length || !Number.isFinite(ms) || Math.abs(ms) > TTL_MS_MAX)
    throw new RingError('INVALID_ARGUMENT', 'malformed expiry: a kind, a condition and milliseconds');
  return { kind, ms, condition: CONDITIONS[flags >> CONDITION_SHIFT] };
}

/** Little-endian. */
export function encodeMs(ms: number): Bytes {
  scratch.writeDoubleLE(ms);
  return scratch.toString('latin1') as Bytes;
}

export function decodeMs(bytes: string, from: number): number {
  for (let i = 0; i < MS_BYTES; i++) scratch[i] = bytes.charCodeAt(from + i);
  return scratch.readDoubleLE(0);
}

/** Throws INVALID_ARGUMENT unless a write may bring it; `name` is that of the option. */
export function checkTtlMs(ms: number, name = 'the time to live'): number {
  if (isTtlMs(ms)) return ms;
  throw new RingError(
    'INVALID_ARGUMENT',
    `${name} must be more than 0 and at most ${TTL_MS_MAX} ms, got ${String(ms)}`,
  );
}

/** Whether a write may bring it as a duration. */
export function isTtlMs(ms: number): boolean {
  return ms > 0 && ms <= TTL_MS_MAX;
}

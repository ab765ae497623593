/**
 * What an operation may carry beside its operands: a condition under which it is carried out, and how long the key is
 * to live. Whoever sends any is told more, too (full-answer.ts). An operation without extras costs nothing for them, on
 * the wire or in a step.
 *
 *   flags (1): kind of condition (3 bits) · shows what is present (1 bit) · kind of ttl (2 bits) · tells the ttl (1 bit)
 *   then the ttl (8, ms, if it is a duration) · then, by the condition's kind, a version (LEB128) or a value
 */

import type { Bytes } from '../ring/bytes';
import { RingError } from '../ring/errors';
import { decodeMs, encodeMs, isTtlMs, MS_BYTES, type TimeToLive } from './expiry';
import { valueIn, versionIn, type StoredValue } from './stored';
import { decodeVarintIn, encodeVarint, type Varint } from './varint';

/** What must be true of the key's newest entry, or nothing is changed. */
export type Condition =
  | { readonly kind: 'absent' }
  | { readonly kind: 'present' }
  | { readonly kind: 'version'; readonly version: number }
  | { readonly kind: 'value'; readonly value: Bytes };

export interface Extras {
  readonly condition: Condition | undefined;
  /** When the condition does not hold, the answer has the value that is there. */
  readonly showsPresent: boolean;
  /** Undefined: what is usual for the operation (catalogue.ts). */
  readonly ttl?: TimeToLive | undefined;
  /** The answer says how long the key still has to live. */
  readonly tellsTtl?: boolean | undefined;
}

/** By their codes in the flags; 0 is none. */
const KINDS = [undefined, 'absent', 'present', 'version', 'value'] as const;
const KIND_MASK = 7;
const SHOWS_PRESENT = 8;
/** By their codes in the flags; 0 is what is usual. */
const TTL_KINDS = [undefined, 'keep', 'none', 'duration'] as const;
const TTL_SHIFT = 4;
const TTL_MASK = 3 << TTL_SHIFT;
const TELLS_TTL = 64;
const KNOWN_FLAGS = KIND_MASK | SHOWS_PRESENT | TTL_MASK | TELLS_TTL;

export function encodeExtras({ condition, showsPresent, ttl, tellsTtl }: Extras): Bytes {
  const flags =
    KINDS.indexOf(condition?.kind) |
    (showsPresent ? SHOWS_PRESENT : 0) |
    (TTL_KINDS.indexOf(ttl?.kind) << TTL_SHIFT) |
    (tellsTtl === true ? TELLS_TTL : 0);
  const duration = ttl?.kind === 'duration' ? encodeMs(ttl.ms) : '';
  const rest =
    condition?.kind === 'version'
      ? encodeVarint(condition.version)
      : condition?.kind === 'value'
        ? condition.value
        : '';
  return `${String.fromCharCode(flags)}${duration}${rest}` as Bytes;
}

/** Extras, or why they are none: not what `encodeExtras` makes. */
export function decodeExtras(bytes: Bytes): Extras | RingError {
  const flags = bytes.charCodeAt(0);
  if (bytes.length === 0 || (flags & ~KNOWN_FLAGS) !== 0 || (flags & KIND_MASK) >= KINDS.length) {
    return malformed('flags that this version does not know');
  }
  const ttl = ttlIn(bytes, TTL_KINDS[(flags & TTL_MASK) >> TTL_SHIFT]);
  if (ttl instanceof RingError) return ttl;
  const condition = conditionIn(bytes, KINDS[flags & KIND_MASK], ttl?.kind === 'duration' ? 1 + MS_BYTES : 1);
  if (condition instanceof RingError) return condition;
  const showsPresent = (flags & SHOWS_PRESENT) !== 0;
  if (ttl === undefined && (flags & TELLS_TTL) === 0) return { condition, showsPresent };
  return {
    condition,
    showsPresent,
    ...(ttl && { ttl }),
    ...((flags & TELLS_TTL) !== 0 && { tellsTtl: true }),
  };
}

function ttlIn(bytes: Bytes, kind: TimeToLive['kind'] | undefined): TimeToLive | undefined | RingError {
  if (kind !== 'duration') return kind && { kind };
  if (bytes.length < 1 + MS_BYTES) return malformed('a time to live that is cut off');
  const ms = decodeMs(bytes, 1);
  return isTtlMs(ms) ? { kind, ms } : malformed('a time to live that is no number of milliseconds');
}

function conditionIn(
  bytes: Bytes,
  kind: Condition['kind'] | undefined,
  from: number,
): Condition | undefined | RingError {
  if (kind === 'value') return { kind, value: bytes.slice(from) as Bytes };
  const version: Varint | undefined =
    kind === 'version' ? decodeVarintIn(bytes, from) : { value: 0, end: from };
  if (version === undefined) return malformed('a version that is no number');
  if (bytes.length !== version.end) return malformed(`${bytes.length - version.end} bytes too many`);
  return kind === 'version' ? { kind, version: version.value } : kind && { kind };
}

/** Whether a key with this entry, or with none, is as the condition asks. */
export function holds(condition: Condition | undefined, latest: StoredValue | undefined): boolean {
  switch (condition?.kind) {
    case undefined:
      return true;
    case 'absent':
      return latest === undefined;
    case 'present':
      return latest !== undefined;
    case 'version':
      return versionOf(latest) === condition.version;
    case 'value':
      return latest !== undefined && valueIn(latest) === condition.value;
  }
}

/** Of a key without an entry it is 0. */
export function versionOf(latest: StoredValue | undefined): number {
  return latest === undefined ? 0 : versionIn(latest);
}

function malformed(why: string): RingError {
  return new RingError('INVALID_ARGUMENT', `malformed extras of an operation: ${why}`);
}

/** Bytes that they bring, for what bounds operations by their size. */
export function extrasBytes(extras: Extras | undefined): number {
  return extras?.condition?.kind === 'value' ? extras.condition.value.length : 0;
}

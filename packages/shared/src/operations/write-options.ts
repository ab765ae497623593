/**
 * How applications ask for a condition, a version or a time to live, in the client and at a node of their own, and what they are told.
 *
 * A condition that does not hold is a result, not an error: nothing was changed, and the result says what is there.
 */

import type { Bytes } from '../ring/bytes';
import { RingError } from '../ring/errors';
import { bufferOfBytes } from './bytes';
import { checkTtlMs, encodeExpiry, TTL_MS_MAX, type ExpiryCondition, type TimeToLive } from './expiry';
import type { Condition, Extras } from './extras';
import { decodeFullAnswer } from './full-answer';

/** What must be true of a key. */
export type KeyConditionOption =
  | { /** Only if the key has no value. */ readonly ifAbsent: true }
  | { /** Only if the key has a value. */ readonly ifPresent: true }
  | {
      /** Only if the key has this version; 0 is the version of a key without a value. */
      readonly ifVersion: number;
    }
  | { /** Only if the key has this value. */ readonly ifValue: string | Uint8Array };

/** One of them at least; one of the conditions at most. */
type Asked =
  | KeyConditionOption
  | { /** Whatever is there. */ readonly withVersion: true }
  | { /** The key ends after so long. */ readonly ttlMs: number }
  | { /** The key keeps the end that it has, or does not end. */ readonly ttl: 'keep' | 'none' };

/** With any of these a write is told a `WriteResult`. */
export type ConditionOptions = Asked & {
  /** If the condition does not hold, the result has the value that is there, and how long it has still to live. */
  readonly showPresent?: boolean;
} & TtlOptions;

/** What becomes of the end of a key that is written; one of them at most. */
export interface TtlOptions {
  readonly ttlMs?: number;
  readonly ttl?: 'keep' | 'none';
}

/** Of `expire` and `persist`. */
export type ExpireOptions = (Asked | object) & {
  readonly showPresent?: boolean;
  /** Only if the key's present end is so: none, some, earlier (less) or later (greater) than the new one. */
  readonly ifExpiry?: ExpiryCondition;
};

/** A value with the version of the write that it comes from. */
export interface VersionedValue {
  readonly value: Uint8Array;
  readonly version: number;
  /** How long the key has still to live; undefined if it does not end. */
  readonly ttlMs?: number | undefined;
}

export interface WriteResult {
  /** Whether the condition held, or there was none; else nothing was changed. */
  readonly done: boolean;
  /** Of a write that changed its key, its own; else that of the value that is there, 0 where there is none. */
  readonly version: number;
  /**
   * What `exchange` and `delete` found; what is there when the condition did not hold, if `showPresent` asked for it.
   */
  readonly value: Uint8Array | undefined;
  /** How long the key has still to live, if `showPresent` asked for it; undefined if it does not end. */
  readonly ttlMs?: number | undefined;
}

/** Asks for nothing but the version. */
export const VERSION_ONLY: Extras = { condition: undefined, showsPresent: false };
/** What a read asks for that is told everything. */
export const VERSION_AND_TTL: Extras = { ...VERSION_ONLY, tellsTtl: true };

const NAMES = ['ifAbsent', 'ifPresent', 'ifVersion', 'ifValue'] as const;

/**
 * What goes with an operation; undefined if the options ask for nothing. Throws INVALID_ARGUMENT naming the option.
 *
 * @param bytesOf makes bytes of the value that a condition names, or throws
 */
export function extrasOf(
  options: object | undefined,
  bytesOf: (value: string | Uint8Array) => Bytes,
): Extras | undefined {
  if (options === undefined) return undefined;
  const asked = options as Partial<Record<string, unknown>>;
  let name: (typeof NAMES)[number] | undefined;
  for (const each of NAMES) {
    if (asked[each] === undefined || asked[each] === false) continue;
    if (name !== undefined)
      throw new RingError('INVALID_ARGUMENT', `a write has one condition at most, got ${name} and ${each}`);
    name = each;
  }
  const ttl = ttlOf(asked);
  if (name === undefined && ttl === undefined)
    return asked['withVersion'] === true ? VERSION_ONLY : undefined;
  const showsPresent = asked['showPresent'] === true;
  const condition = name === undefined ? undefined : conditionOf(name, asked[name], bytesOf);
  return { condition, showsPresent, ttl, tellsTtl: showsPresent };
}

function ttlOf({ ttl, ttlMs }: Partial<Record<string, unknown>>): TimeToLive | undefined {
  if (ttl !== undefined && ttlMs !== undefined)
    throw new RingError('INVALID_ARGUMENT', 'a write has one of ttl and ttlMs, got both');
  if (ttlMs !== undefined) return { kind: 'duration', ms: checkTtlMs(ttlMs as number, 'ttlMs') };
  if (ttl === undefined || ttl === 'keep' || ttl === 'none') return ttl && { kind: ttl };
  throw new RingError('INVALID_ARGUMENT', `ttl must be keep or none, got ${String(ttl)}`);
}

/** The same for `expire` and `persist`, which are always told a result. */
export function expireExtrasOf(
  options: ExpireOptions | undefined,
  bytesOf: (value: string | Uint8Array) => Bytes,
): Extras {
  const extras = extrasOf(options, bytesOf) ?? VERSION_ONLY;
  const showsPresent = options?.showPresent === true;
  return { ...extras, showsPresent, tellsTtl: showsPresent };
}

/** What `expire` brings: milliseconds from now, or a moment. Throws INVALID_ARGUMENT. */
export function expiryBytes(end: number | Date, options: ExpireOptions | undefined): Uint8Array {
  const ms = end instanceof Date ? end.getTime() : end;
  if (typeof ms !== 'number' || !(Math.abs(ms) <= TTL_MS_MAX)) {
    throw new RingError(
      'INVALID_ARGUMENT',
      `a key ends after a number of milliseconds or at a Date, got ${String(end)}`,
    );
  }
  const condition = options?.ifExpiry;
  if (condition !== undefined && !['none', 'some', 'less', 'greater'].includes(condition)) {
    throw new RingError(
      'INVALID_ARGUMENT',
      `ifExpiry must be none, some, less or greater, got ${String(condition)}`,
    );
  }
  return bufferOfBytes(encodeExpiry({ kind: end instanceof Date ? 'moment' : 'duration', ms, condition }));
}

/** What `expire` and `persist` are told: nothing is done of a key that is not there. */
export function expireResult(answer: Uint8Array | undefined): WriteResult {
  const result = writeResult(answer);
  return { ...result, done: result.done && result.version > 0 };
}

function conditionOf(
  name: (typeof NAMES)[number],
  wanted: unknown,
  bytesOf: (value: string | Uint8Array) => Bytes,
): Condition {
  switch (name) {
    case 'ifAbsent':
    case 'ifPresent':
      if (wanted !== true) throw new RingError('INVALID_ARGUMENT', `${name} must be true or false`);
      return { kind: name === 'ifAbsent' ? 'absent' : 'present' };
    case 'ifVersion':
      if (!Number.isSafeInteger(wanted) || (wanted as number) < 0) {
        throw new RingError('INVALID_ARGUMENT', `ifVersion must be an integer from 0, got ${String(wanted)}`);
      }
      return { kind: 'version', version: wanted as number };
    case 'ifValue':
      return { kind: 'value', value: bytesOf(wanted as string | Uint8Array) };
  }
}

/** What the answer of an operation with extras says. */
export function writeResult(answer: Uint8Array | undefined): WriteResult {
  const { held, version, value, ttlMs } = decodeFullAnswer(answer ?? new Uint8Array());
  return { done: held, version, value, ttlMs };
}

/**
 * How applications ask for a condition or a version, in the client and at a node of their own, and what they are told.
 *
 * A condition that does not hold is a result, not an error: nothing was changed, and the result says what is there.
 */

import type { Bytes } from '../ring/bytes';
import { RingError } from '../ring/errors';
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

/** One of them; `withVersion` alone is no condition. */
type Asked = KeyConditionOption | { /** Whatever is there. */ readonly withVersion: true };

/** With any of these a write is told a `WriteResult`. */
export type ConditionOptions = Asked & {
  /** If the condition does not hold, the result has the value that is there. */
  readonly showPresent?: boolean;
};

/** A value with the version of the write that it comes from. */
export interface VersionedValue {
  readonly value: Uint8Array;
  readonly version: number;
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
}

/** Asks for nothing but the version. */
export const VERSION_ONLY: Extras = { condition: undefined, showsPresent: false };

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
  const names = NAMES.filter((name) => asked[name] !== undefined && asked[name] !== false);
  const [name, second] = names;
  if (second !== undefined) {
    throw new RingError('INVALID_ARGUMENT', `a write has one condition at most, got ${names.join(' and ')}`);
  }
  if (name === undefined) return asked['withVersion'] === true ? VERSION_ONLY : undefined;
  return { condition: conditionOf(name, asked[name], bytesOf), showsPresent: asked['showPresent'] === true };
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
  const { held, version, value } = decodeFullAnswer(answer ?? new Uint8Array());
  return { done: held, version, value };
}

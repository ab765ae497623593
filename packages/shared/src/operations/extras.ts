/**
 * What an operation may carry beside its operands: a condition under which it is carried out. Whoever sends any is told
 * more, too (full-answer.ts). An operation without extras costs nothing for them, on the wire or in a step.
 *
 *   flags (1): kind of condition (3 bits) · shows what is present (1 bit) · then, by kind, a version (LEB128) or a value
 */

import type { Bytes } from '../ring/bytes';
import { RingError } from '../ring/errors';
import { bufferOfBytes } from './bytes';
import { valueIn, versionIn, type StoredValue } from './stored';
import { decodeVarint, encodeVarint } from './varint';

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
}

/** By their codes in the flags; 0 is none. */
const KINDS = [undefined, 'absent', 'present', 'version', 'value'] as const;
const KIND_MASK = 7;
const SHOWS_PRESENT = 8;
const KNOWN_FLAGS = KIND_MASK | SHOWS_PRESENT;

export function encodeExtras({ condition, showsPresent }: Extras): Bytes {
  const flags = KINDS.indexOf(condition?.kind) | (showsPresent ? SHOWS_PRESENT : 0);
  const rest =
    condition?.kind === 'version'
      ? encodeVarint(condition.version)
      : condition?.kind === 'value'
        ? condition.value
        : '';
  return `${String.fromCharCode(flags)}${rest}` as Bytes;
}

/** Extras, or why they are none: not what `encodeExtras` makes. */
export function decodeExtras(bytes: Bytes): Extras | RingError {
  const flags = bytes.charCodeAt(0);
  const kind = KINDS[flags & KIND_MASK];
  if (bytes.length === 0 || (flags & ~KNOWN_FLAGS) !== 0 || (flags & KIND_MASK) >= KINDS.length) {
    return malformed('flags that this version does not know');
  }
  const showsPresent = (flags & SHOWS_PRESENT) !== 0;
  if (kind === 'value') return { condition: { kind, value: bytes.slice(1) as Bytes }, showsPresent };
  let end = 1;
  let condition: Condition | undefined;
  if (kind === 'version') {
    const found = decodeVarint(bufferOfBytes(bytes), 1);
    if (found === undefined) return malformed('a version that is no number');
    end = found.end;
    condition = { kind, version: found.value };
  } else if (kind !== undefined) {
    condition = { kind };
  }
  if (bytes.length !== end) return malformed(`${bytes.length - end} bytes too many`);
  return { condition, showsPresent };
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

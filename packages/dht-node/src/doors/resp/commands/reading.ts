/** Arguments as Redis reads them: whole numbers without a sign or a zero too many, options in any case. */

import type { Bytes } from '@ringkeep/shared';
import { integerIn, isInteger64 } from '@ringkeep/shared/operations';
import { TTL_MS_MAX } from '@ringkeep/shared/operations/expiry';
import { invalidExpireTime, NOT_AN_INTEGER } from './fault';

export function upper(argument: Bytes | undefined): string {
  return argument?.toUpperCase() ?? '';
}

/** Throws CommandFault unless it is a whole number of 64 bits. */
export function bigintIn(argument: Bytes | undefined): bigint {
  const found = argument === undefined ? undefined : integerIn(argument);
  if (found === undefined) throw NOT_AN_INTEGER;
  return found;
}

/** The same as a number; what a number does not hold exactly is none that anything could be done with here. */
export function integerArgument(argument: Bytes | undefined): number {
  return Number(bigintIn(argument));
}

const MS: Readonly<Record<TimeUnit, bigint>> = { s: 1_000n, ms: 1n };
export type TimeUnit = 's' | 'ms';

/** A time to live. Throws CommandFault unless a write may bring it. */
export function ttlMsIn(argument: Bytes | undefined, unit: TimeUnit, command: string): number {
  const ms = bigintIn(argument) * MS[unit];
  if (ms <= 0n || ms > TTL_MS_MAX) throw invalidExpireTime(command);
  return Number(ms);
}

/** A duration or a moment, which may be past. Throws CommandFault when it is beyond what a ring keeps. */
export function expiryMsIn(argument: Bytes | undefined, unit: TimeUnit, command: string): number {
  const ms = bigintIn(argument) * MS[unit];
  if (!isInteger64(ms) || ms > TTL_MS_MAX) throw invalidExpireTime(command);
  return Math.max(Number(ms), -TTL_MS_MAX);
}

/** The options behind SET key value, each at most once, and those that exclude each other not together. */

import type { Bytes } from '@ringkeep/shared';
import type { Condition, TimeToLive } from '@ringkeep/shared/operations';
import { SYNTAX_ERROR } from './fault';
import { expiryMsIn, ttlMsIn, upper } from './reading';
import { invalidExpireTime } from './fault';

export interface SetOptions {
  readonly condition: Condition | undefined;
  /** It is answered with the value before. */
  readonly tellsValue: boolean;
  readonly ttl: TimeToLive | undefined;
  /** The moment at which the key ends, ms; then there is no ttl. */
  readonly endsAtMs: number | undefined;
}

type Mutable = { -readonly [Name in keyof SetOptions]: SetOptions[Name] };

/** Throws CommandFault. */
export function setOptions(args: readonly Bytes[], from: number): SetOptions {
  const options: Mutable = { condition: undefined, tellsValue: false, ttl: undefined, endsAtMs: undefined };
  for (let at = from; at < args.length; at++) if (readOption(options, args, at)) at++;
  return options;
}

/** @returns whether it has an argument of its own */
function readOption(options: Mutable, args: readonly Bytes[], at: number): boolean {
  const name = upper(args[at]);
  switch (name) {
    case 'NX':
      condition(options, { kind: 'absent' });
      return false;
    case 'XX':
      condition(options, { kind: 'present' });
      return false;
    case 'IFEQ':
      if (args[at + 1] === undefined) throw SYNTAX_ERROR;
      condition(options, { kind: 'value', value: args[at + 1] as Bytes });
      return true;
    case 'GET':
      options.tellsValue = true;
      return false;
    case 'KEEPTTL':
      noExpiryYet(options);
      options.ttl = { kind: 'keep' };
      return false;
    default:
      return readExpiry(options, name, args[at + 1]);
  }
}

function readExpiry(options: Mutable, name: string, argument: Bytes | undefined): true {
  const unit = name.startsWith('P') ? 'ms' : 's';
  if (!['EX', 'PX', 'EXAT', 'PXAT'].includes(name) || argument === undefined) throw SYNTAX_ERROR;
  noExpiryYet(options);
  if (name.endsWith('AT')) {
    options.endsAtMs = expiryMsIn(argument, unit, 'set');
    if (options.endsAtMs <= 0) throw invalidExpireTime('set');
  } else options.ttl = { kind: 'duration', ms: ttlMsIn(argument, unit, 'set') };
  return true;
}

function condition(options: Mutable, asked: Condition): void {
  if (options.condition !== undefined) throw SYNTAX_ERROR;
  options.condition = asked;
}

function noExpiryYet({ ttl, endsAtMs }: Mutable): void {
  if (ttl !== undefined || endsAtMs !== undefined) throw SYNTAX_ERROR;
}

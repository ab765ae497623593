/**
 * Commands on values. A write that only one entry decides is one operation, decided by the primary; nothing is read
 * before it. SET with a moment and a condition, and MSETNX, look first (scripts).
 */

import type { Bytes } from '@ringkeep/shared';
import { encodeExpiry, type Extras, type KeyTerms } from '@ringkeep/shared/operations';
import { OperationType } from '@ringkeep/shared/operations/catalogue';
import { bulkOrNil, bulk, integer, nil, OK, ONE, ZERO, type Protocol, type Reply } from '../protocol/replies';
import { fullAnswerIn, SHOWS_VALUE } from './answers';
import { ONE_KEY, type Arguments, type DataCommand } from './command';
import { invalidExpireTime, SYNTAX_ERROR } from './fault';
import {
  failure,
  located,
  operationOf,
  planOf,
  planOfAll,
  type Entries,
  type Failure,
  type Plan,
  type Prepared,
} from './plan';
import { expiryMsIn, integerArgument, ttlMsIn, upper } from './reading';
import { setOptions, type SetOptions } from './set-options';

const KEY = 1;
const VALUE = 2;
const EMPTY = '' as Bytes;

/** A moment as `expire` takes it. */
export function moment(ms: number): Bytes {
  return encodeExpiry({ kind: 'moment', ms, condition: undefined });
}

// ---- SET and its like ----

function prepareSet(args: Arguments, terms: KeyTerms): Prepared {
  const key = args[KEY] as Bytes;
  const value = args[VALUE] as Bytes;
  if (args.length === 3) return planOf(operationOf(terms, 'set', key, [value]), saysOk);
  const options = setOptions(args, 3);
  const { condition, tellsValue, ttl, endsAtMs } = options;
  if (endsAtMs !== undefined) return setUntil(key, value, options, endsAtMs, terms);
  if (tellsValue) {
    const extras: Extras = { condition, ttl, showsPresent: true };
    const operation = operationOf(terms, 'exchange', key, [value], extras);
    return planOf(operation, (answer, protocol) => bulkOrNil(fullAnswerIn(answer).value, protocol));
  }
  const operation = operationOf(terms, 'set', key, [value], { condition, ttl, showsPresent: false });
  return planOf(operation, (answer, protocol) => (fullAnswerIn(answer).held ? OK : nil(protocol)));
}

/** Until a moment: a write and its end are one transaction. */
function setUntil(
  key: Bytes,
  value: Bytes,
  { condition, tellsValue }: SetOptions,
  endsAtMs: number,
  terms: KeyTerms,
): Prepared {
  const name = tellsValue ? 'exchange' : 'set';
  const expire = operationOf(terms, 'expire', key, [moment(endsAtMs)]);
  if (condition === undefined) {
    const write = operationOf(terms, name, key, [value]);
    return planOfAll(
      [write, expire],
      ([before], protocol) => (tellsValue ? bulkOrNil(before, protocol) : OK),
      true,
    );
  }
  const write = operationOf(terms, name, key, [value], { condition, showsPresent: tellsValue });
  const run = (entries: Entries, protocol: Protocol): Reply => {
    const written = entries.apply(write);
    if (!written.ok) return failure(written, true);
    const { held, value: told } = fullAnswerIn(written.value);
    if (held) entries.apply(expire);
    if (tellsValue) return bulkOrNil(told, protocol);
    return held ? OK : nil(protocol);
  };
  return { kind: 'script', keys: [write.key], run };
}

function prepareSetFor(unit: 's' | 'ms', name: string): DataCommand['prepare'] {
  return (args, terms) => {
    const ttl = { kind: 'duration', ms: ttlMsIn(args[2], unit, name) } as const;
    const extras: Extras = { condition: undefined, showsPresent: false, ttl };
    return planOf(operationOf(terms, 'set', args[KEY] as Bytes, [args[3] as Bytes], extras), saysOk);
  };
}

function prepareSetIfAbsent(args: Arguments, terms: KeyTerms): Plan {
  const extras: Extras = { condition: { kind: 'absent' }, showsPresent: false };
  const operation = operationOf(terms, 'set', args[KEY] as Bytes, [args[VALUE] as Bytes], extras);
  return planOf(operation, (answer) => (fullAnswerIn(answer).held ? ONE : ZERO));
}

function saysOk(): Reply {
  return OK;
}

// ---- reads and the rest ----

function get(
  args: Arguments,
  terms: KeyTerms,
  told: (value: Bytes | undefined, protocol: Protocol) => Reply,
): Plan {
  return planOf({ type: OperationType.get, key: located(terms, args[KEY] as Bytes) }, told);
}

function prepareGetRange(args: Arguments, terms: KeyTerms): Plan {
  const start = integerArgument(args[2]);
  const end = integerArgument(args[3]);
  return get(args, terms, (value) => bulk(rangeOf(value ?? EMPTY, start, end)));
}

/** Both ends belong to it; a negative one counts from the end. */
function rangeOf(value: Bytes, start: number, end: number): Bytes {
  const { length } = value;
  const from = Math.max(0, start < 0 ? length + start : start);
  const to = Math.min(end < 0 ? length + end : end, length - 1);
  return from > to ? EMPTY : (value.slice(from, to + 1) as Bytes);
}

function prepareAppend(args: Arguments, terms: KeyTerms): Plan {
  const operation = operationOf(terms, 'append', args[KEY] as Bytes, [args[VALUE] as Bytes]);
  return planOf(operation, (length) => `:${length}\r\n` as Reply, tooLong);
}

function tooLong(result: Failure): Reply {
  return failure(result, true);
}

/** The value, and another end of the key in the same step. */
function prepareGetEx(args: Arguments, terms: KeyTerms): Plan {
  const key = args[KEY] as Bytes;
  const saysValue = (value: Bytes | undefined, protocol: Protocol): Reply => bulkOrNil(value, protocol);
  if (args.length === 2) return get(args, terms, saysValue);
  const option = upper(args[2]);
  const saysFull = (answer: Bytes | undefined, protocol: Protocol): Reply =>
    bulkOrNil(fullAnswerIn(answer).value, protocol);
  if (option === 'PERSIST' && args.length === 3)
    return planOf(operationOf(terms, 'persist', key, [], SHOWS_VALUE), saysFull);
  if (!['EX', 'PX', 'EXAT', 'PXAT'].includes(option) || args.length !== 4) throw SYNTAX_ERROR;
  const unit = option.startsWith('P') ? 'ms' : 's';
  const isMoment = option.endsWith('AT');
  const ms = isMoment ? expiryMsIn(args[3], unit, 'getex') : ttlMsIn(args[3], unit, 'getex');
  if (ms <= 0) throw invalidExpireTime('getex');
  const expiry = encodeExpiry({ kind: isMoment ? 'moment' : 'duration', ms, condition: undefined });
  return planOf(operationOf(terms, 'expire', key, [expiry], SHOWS_VALUE), saysFull);
}

const STRING = { kind: 'data', group: 'string', keys: ONE_KEY } as const;

export const STRING_COMMANDS: readonly DataCommand[] = [
  {
    ...STRING,
    name: 'get',
    arity: 2,
    flags: ['readonly', 'fast'],
    summary: 'Returns the string value of a key.',
    since: '1.0.0',
    prepare: (args, terms) => get(args, terms, bulkOrNil),
  },
  {
    ...STRING,
    name: 'set',
    arity: -3,
    flags: ['write', 'denyoom'],
    summary: 'Sets the string value of a key, on a condition if one is given.',
    since: '1.0.0',
    prepare: prepareSet,
  },
  {
    ...STRING,
    name: 'setnx',
    arity: 3,
    flags: ['write', 'denyoom', 'fast'],
    summary: 'Sets the value of a key that does not exist.',
    since: '1.0.0',
    prepare: prepareSetIfAbsent,
  },
  {
    ...STRING,
    name: 'setex',
    arity: 4,
    flags: ['write', 'denyoom'],
    summary: 'Sets the value of a key that ends after so many seconds.',
    since: '2.0.0',
    prepare: prepareSetFor('s', 'setex'),
  },
  {
    ...STRING,
    name: 'psetex',
    arity: 4,
    flags: ['write', 'denyoom'],
    summary: 'Sets the value of a key that ends after so many milliseconds.',
    since: '2.6.0',
    prepare: prepareSetFor('ms', 'psetex'),
  },
  {
    ...STRING,
    name: 'getset',
    arity: 3,
    flags: ['write', 'denyoom', 'fast'],
    summary: 'Sets the value of a key and returns the one before.',
    since: '1.0.0',
    prepare: (args, terms) =>
      planOf(operationOf(terms, 'exchange', args[KEY] as Bytes, [args[VALUE] as Bytes]), bulkOrNil),
  },
  {
    ...STRING,
    name: 'getdel',
    arity: 2,
    flags: ['write', 'fast'],
    summary: 'Deletes a key and returns its value.',
    since: '6.2.0',
    prepare: (args, terms) => planOf(operationOf(terms, 'delete', args[KEY] as Bytes), bulkOrNil),
  },
  {
    ...STRING,
    name: 'getex',
    arity: -2,
    flags: ['write', 'fast'],
    summary: 'Returns the value of a key and changes when it ends.',
    since: '6.2.0',
    prepare: prepareGetEx,
  },
  {
    ...STRING,
    name: 'append',
    arity: 3,
    flags: ['write', 'denyoom', 'fast'],
    summary: 'Appends to the value of a key.',
    since: '2.0.0',
    prepare: prepareAppend,
  },
  {
    ...STRING,
    name: 'strlen',
    arity: 2,
    flags: ['readonly', 'fast'],
    summary: 'Returns the length of a value.',
    since: '2.2.0',
    prepare: (args, terms) => get(args, terms, (value) => integer(value?.length ?? 0)),
  },
  {
    ...STRING,
    name: 'getrange',
    arity: 4,
    flags: ['readonly'],
    summary: 'Returns a part of a value.',
    since: '2.4.0',
    prepare: prepareGetRange,
  },
];

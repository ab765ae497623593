/** Commands on keys, whatever their values are: whether they are there, and when they end. */

import type { Bytes, RingKey } from '@ringkeep/shared';
import {
  bufferOfBytes,
  encodeExpiry,
  OperationType,
  type KeyTerms,
  type Operation,
  type OperationResult,
  type ExpiryCondition,
} from '@ringkeep/shared/operations';
import { keyOf } from '@ringkeep/shared/ring/ring-key';
import { decodeScanPage, encodeScanQuery } from '@ringkeep/shared/scans';
import { bytesOfBuffer } from '@ringkeep/shared/operations/bytes';
import { integer, ONE, simple, ZERO, type Reply } from '../protocol/replies';
import { fullAnswerIn, WITH_TTL, WITH_VERSION } from './answers';
import { ALL_KEYS, ONE_KEY, type Arguments, type DataCommand } from './command';
import { fault } from './fault';
import {
  failure,
  located,
  operationOf,
  planOf,
  planOfAll,
  type Entries,
  type Plan,
  type Prepared,
} from './plan';
import { expiryMsIn, upper, type TimeUnit } from './reading';

const MS_OF: Readonly<Record<TimeUnit, number>> = { s: 1_000, ms: 1 };
const ABSENT = integer(-2);
const ENDLESS = integer(-1);

// ---- whether they are there ----

/** Each key is asked once, and counts as often as it is named. */
function prepareCount(args: Arguments, terms: KeyTerms): Plan {
  const keys = args.slice(1);
  const each = [...new Set(keys)];
  return planOfAll(
    each.map((key) => operationOf(terms, 'get', key)),
    (values) => {
      const there = new Set(each.filter((_, index) => values[index] !== undefined));
      return integer(keys.filter((key) => there.has(key)).length);
    },
  );
}

function prepareDelete(args: Arguments, terms: KeyTerms): Plan {
  const operations = [...new Set(args.slice(1))].map((key) => operationOf(terms, 'delete', key));
  return planOfAll(operations, (values) => integer(values.filter((value) => value !== undefined).length));
}

function prepareType(args: Arguments, terms: KeyTerms): Plan {
  return planOf(operationOf(terms, 'get', args[1] as Bytes), (value) =>
    simple(value === undefined ? 'none' : 'string'),
  );
}

// ---- when they end ----

function remaining(unit: TimeUnit): DataCommand['prepare'] {
  return (args, terms) =>
    planOf(operationOf(terms, 'get', args[1] as Bytes, [], WITH_TTL), (answer) => {
      const { value, ttlMs } = fullAnswerIn(answer);
      if (value === undefined) return ABSENT;
      return ttlMs === undefined ? ENDLESS : integer(Math.round(ttlMs / MS_OF[unit]));
    });
}

/** A page of one entry tells the moment itself: `get` tells what is left by the clock of whoever answers. */
function endingAt(unit: TimeUnit): DataCommand['prepare'] {
  return (args, terms) => {
    const key = located(terms, args[1] as Bytes);
    return planOf(entryAt(key), (answer) => {
      const { entries } = decodeScanPage(bufferOfBytes(answer as Bytes));
      const [entry] = entries;
      if (entry === undefined || bytesOfBuffer(entry.key) !== keyOf(key)) return ABSENT;
      return entry.expiresAtMs === undefined ? ENDLESS : integer(Math.round(entry.expiresAtMs / MS_OF[unit]));
    });
  };
}

type PageOperation = Extract<Operation, { readonly type: typeof OperationType.scan }>;

export function entryAt(place: RingKey): PageOperation {
  const page = encodeScanQuery({ prefix: undefined, tag: undefined, keysOnly: true, limit: 1 });
  return { type: OperationType.scan, key: place, page };
}

interface ExpireOptions {
  readonly condition: ExpiryCondition | undefined;
  /** XX beside LT: of a key that ends, only. */
  readonly onlyIfEnds: boolean;
}

/** How the present end must be. One that comes later than the new one is `greater`. */
const CONDITIONS: Readonly<Record<string, ExpiryCondition>> = {
  NX: 'none',
  XX: 'some',
  GT: 'less',
  LT: 'greater',
};

function expireOptions(args: Arguments): ExpireOptions {
  for (const option of args.slice(3))
    if (!Object.hasOwn(CONDITIONS, upper(option))) throw fault(`ERR Unsupported option ${option}`);
  const given = new Set(args.slice(3).map(upper));
  if (given.has('NX') && given.size > 1)
    throw fault('ERR NX and XX, GT or LT options at the same time are not compatible');
  if (given.has('GT') && given.has('LT'))
    throw fault('ERR GT and LT options at the same time are not compatible');
  // A key that does not end is never GT: XX beside it says nothing more.
  const name = ['NX', 'GT', 'LT', 'XX'].find((option) => given.has(option));
  return {
    condition: name === undefined ? undefined : CONDITIONS[name],
    onlyIfEnds: given.has('XX') && given.has('LT'),
  };
}

function expiring(name: string, unit: TimeUnit, kind: 'duration' | 'moment'): DataCommand['prepare'] {
  return (args, terms): Prepared => {
    const ms = expiryMsIn(args[2], unit, name);
    const { condition, onlyIfEnds } = expireOptions(args);
    const expiry = encodeExpiry({ kind, ms, condition });
    const operation = operationOf(terms, 'expire', args[1] as Bytes, [expiry], WITH_VERSION);
    if (!onlyIfEnds) return planOf(operation, wasSet);
    const read = operationOf(terms, 'get', args[1] as Bytes, [], WITH_TTL);
    const run = (entries: Entries): Reply => {
      const found = entries.apply(read);
      if (!found.ok) return failure(found, true);
      return fullAnswerIn(found.value).ttlMs === undefined ? ZERO : told(entries.apply(operation));
    };
    return { kind: 'script', keys: [operation.key], run };
  };
}

function told(result: OperationResult): Reply {
  return result.ok ? wasSet(result.value) : failure(result, true);
}

/** A key that ends already at that moment counts as set, as in Redis. */
function wasSet(answer: Bytes | undefined): Reply {
  const { held, value } = fullAnswerIn(answer);
  return held && value !== undefined ? ONE : ZERO;
}

const GENERIC = { kind: 'data', group: 'generic', keys: ONE_KEY } as const;
const COUNTS = { ...GENERIC, keys: ALL_KEYS, arity: -2 } as const;

export const KEY_COMMANDS: readonly DataCommand[] = [
  {
    ...COUNTS,
    name: 'del',
    flags: ['write'],
    summary: 'Deletes keys, each by itself.',
    since: '1.0.0',
    prepare: prepareDelete,
  },
  {
    ...COUNTS,
    name: 'unlink',
    flags: ['write', 'fast'],
    summary: 'Deletes keys, as DEL does.',
    since: '4.0.0',
    prepare: prepareDelete,
  },
  {
    ...COUNTS,
    name: 'exists',
    flags: ['readonly', 'fast'],
    summary: 'Counts which of the keys exist.',
    since: '1.0.0',
    prepare: prepareCount,
  },
  {
    ...COUNTS,
    name: 'touch',
    flags: ['readonly', 'fast'],
    summary: 'Counts which of the keys exist, as EXISTS does.',
    since: '3.2.1',
    prepare: prepareCount,
  },
  {
    ...GENERIC,
    name: 'type',
    arity: 2,
    flags: ['readonly', 'fast'],
    summary: 'Returns string, or none where there is no such key.',
    since: '1.0.0',
    prepare: prepareType,
  },
  {
    ...GENERIC,
    name: 'ttl',
    arity: 2,
    flags: ['readonly', 'fast'],
    summary: 'Returns how long a key has still to live, in seconds.',
    since: '1.0.0',
    prepare: remaining('s'),
  },
  {
    ...GENERIC,
    name: 'pttl',
    arity: 2,
    flags: ['readonly', 'fast'],
    summary: 'Returns how long a key has still to live, in milliseconds.',
    since: '2.6.0',
    prepare: remaining('ms'),
  },
  {
    ...GENERIC,
    name: 'expiretime',
    arity: 2,
    flags: ['readonly', 'fast'],
    summary: 'Returns when a key ends, in seconds since 1970.',
    since: '7.0.0',
    prepare: endingAt('s'),
  },
  {
    ...GENERIC,
    name: 'pexpiretime',
    arity: 2,
    flags: ['readonly', 'fast'],
    summary: 'Returns when a key ends, in milliseconds since 1970.',
    since: '7.0.0',
    prepare: endingAt('ms'),
  },
  {
    ...GENERIC,
    name: 'expire',
    arity: -3,
    flags: ['write', 'fast'],
    summary: 'Lets a key end after so many seconds.',
    since: '1.0.0',
    prepare: expiring('expire', 's', 'duration'),
  },
  {
    ...GENERIC,
    name: 'pexpire',
    arity: -3,
    flags: ['write', 'fast'],
    summary: 'Lets a key end after so many milliseconds.',
    since: '2.6.0',
    prepare: expiring('pexpire', 'ms', 'duration'),
  },
  {
    ...GENERIC,
    name: 'expireat',
    arity: -3,
    flags: ['write', 'fast'],
    summary: 'Lets a key end at a second since 1970.',
    since: '1.2.0',
    prepare: expiring('expireat', 's', 'moment'),
  },
  {
    ...GENERIC,
    name: 'pexpireat',
    arity: -3,
    flags: ['write', 'fast'],
    summary: 'Lets a key end at a millisecond since 1970.',
    since: '2.6.0',
    prepare: expiring('pexpireat', 'ms', 'moment'),
  },
  {
    ...GENERIC,
    name: 'persist',
    arity: 2,
    flags: ['write', 'fast'],
    summary: 'Lets a key end no more.',
    since: '2.2.0',
    prepare: (args, terms) =>
      planOf(operationOf(terms, 'persist', args[1] as Bytes), (changed) => (changed === '1' ? ONE : ZERO)),
  },
];

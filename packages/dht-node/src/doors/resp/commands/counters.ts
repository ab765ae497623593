/**
 * Counters. Whole numbers are added by the primary. INCRBYFLOAT looks first and writes on the condition that nothing
 * has changed (a script).
 */

import type { Bytes } from '@ringkeep/shared';
import { INTEGER_MIN } from '@ringkeep/shared/operations';
import { encodeDelta } from '@ringkeep/shared/operations/integers';
import { OVERFLOW } from '@ringkeep/shared/operations/evaluate';
import { bulk, error, type Reply } from '../protocol/replies';
import { ONE_KEY, type Arguments, type DataCommand } from './command';
import { decimalIn, isInfinite, sumOf, textOfDecimal } from './decimal';
import { fault, NOT_A_FLOAT, NOT_AN_INTEGER } from './fault';
import { failure, operationOf, planOf, type Entries, type Failure, type Script } from './plan';
import { bigintIn } from './reading';
import type { KeyTerms } from '@ringkeep/shared/operations';

const OVERFLOWS = error('ERR increment or decrement would overflow');
const NO_LIMIT = fault('ERR increment would produce NaN or Infinity');

function adding(deltaOf: (args: Arguments) => Bytes): DataCommand['prepare'] {
  return (args, terms) =>
    planOf(operationOf(terms, 'add', args[1] as Bytes, [deltaOf(args)]), saysSum, notAdded);
}

/** The same each time. */
function addingOne(delta: bigint): DataCommand['prepare'] {
  const encoded = encodeDelta(delta);
  return adding(() => encoded);
}

function saysSum(sum: Bytes | undefined): Reply {
  return `:${sum}\r\n` as Reply;
}

function notAdded(result: Failure): Reply {
  if (result.code !== 'FAILED_PRECONDITION') return failure(result, true);
  return result.text.endsWith(OVERFLOW) ? OVERFLOWS : NOT_AN_INTEGER.reply;
}

function lessIn(argument: Bytes | undefined): bigint {
  const less = bigintIn(argument);
  if (less === INTEGER_MIN) throw fault('ERR decrement would overflow');
  return -less;
}

function prepareAddFloat(args: Arguments, terms: KeyTerms): Script {
  const [, key, by] = args as [Bytes, Bytes, Bytes];
  const delta = decimalIn(by);
  if (delta === undefined) throw isInfinite(by) ? NO_LIMIT : NOT_A_FLOAT;
  const read = operationOf(terms, 'get', key);
  const run = (entries: Entries): Reply => {
    const found = entries.apply(read);
    if (!found.ok) return failure(found, true);
    const before = decimalIn(found.value ?? ('0' as Bytes));
    if (before === undefined) return NOT_A_FLOAT.reply;
    const sum = textOfDecimal(sumOf(before, delta));
    const extras = { condition: undefined, showsPresent: false, ttl: { kind: 'keep' } } as const;
    const written = entries.apply(operationOf(terms, 'set', key, [sum], extras));
    return written.ok ? bulk(sum) : failure(written, true);
  };
  return { kind: 'script', keys: [read.key], run };
}

const COUNTER = { kind: 'data', group: 'string', keys: ONE_KEY, since: '1.0.0' } as const;

export const COUNTER_COMMANDS: readonly DataCommand[] = [
  {
    ...COUNTER,
    name: 'incr',
    arity: 2,
    flags: ['write', 'denyoom', 'fast'],
    summary: 'Adds one to the number that a value is.',
    prepare: addingOne(1n),
  },
  {
    ...COUNTER,
    name: 'decr',
    arity: 2,
    flags: ['write', 'denyoom', 'fast'],
    summary: 'Takes one from the number that a value is.',
    prepare: addingOne(-1n),
  },
  {
    ...COUNTER,
    name: 'incrby',
    arity: 3,
    flags: ['write', 'denyoom', 'fast'],
    summary: 'Adds to the number that a value is.',
    prepare: adding((args) => encodeDelta(bigintIn(args[2]))),
  },
  {
    ...COUNTER,
    name: 'decrby',
    arity: 3,
    flags: ['write', 'denyoom', 'fast'],
    summary: 'Takes from the number that a value is.',
    prepare: adding((args) => encodeDelta(lessIn(args[2]))),
  },
  {
    ...COUNTER,
    name: 'incrbyfloat',
    arity: 3,
    flags: ['write', 'denyoom', 'fast'],
    summary: 'Adds to the decimal number that a value is.',
    since: '2.6.0',
    prepare: prepareAddFloat,
  },
];

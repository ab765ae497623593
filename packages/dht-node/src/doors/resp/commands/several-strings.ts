/**
 * Commands on the values of several keys. Keys of different tags have different owners, so MGET is no snapshot and MSET
 * is not atomic; each key is asked and written once. MSETNX, which is all or nothing, takes keys of one tag.
 */

import type { Bytes } from '@ringkeep/shared';
import type { KeyTerms, OperationResult } from '@ringkeep/shared/operations';
import { array, bulkOrNil, OK, ONE, ZERO, type Reply } from '../protocol/replies';
import { ALL_KEYS, KEYS_AND_VALUES, type Arguments, type DataCommand } from './command';
import { wrongArity } from './fault';
import { operationOf, planOfAll, type Entries, type Plan, type Script } from './plan';

/** The last value that is given for a key counts. */
function pairsIn(args: Arguments, name: string): ReadonlyMap<Bytes, Bytes> {
  if (args.length % 2 === 0) throw wrongArity(name);
  const pairs = new Map<Bytes, Bytes>();
  for (let at = 1; at < args.length; at += 2) pairs.set(args[at] as Bytes, args[at + 1] as Bytes);
  return pairs;
}

function writesOf(
  pairs: ReadonlyMap<Bytes, Bytes>,
  terms: KeyTerms,
): ReturnType<typeof operationOf<'set'>>[] {
  return [...pairs].map(([key, value]) => operationOf(terms, 'set', key, [value]));
}

function prepareSetAll(args: Arguments, terms: KeyTerms): Plan {
  return planOfAll(writesOf(pairsIn(args, 'mset'), terms), () => OK);
}

/** All or none: of keys with one tag. */
function prepareSetAllIfAbsent(args: Arguments, terms: KeyTerms): Script {
  const pairs = pairsIn(args, 'msetnx');
  const writes = writesOf(pairs, terms);
  const reads = [...pairs.keys()].map((key) => operationOf(terms, 'get', key));
  const run = (entries: Entries): Reply => {
    const present = reads.map((read) => entries.apply(read)).some((result) => isThere(result));
    if (present) return ZERO;
    for (const write of writes) entries.apply(write);
    return ONE;
  };
  return { kind: 'script', keys: writes.map(({ key }) => key), run };
}

function isThere(result: OperationResult): boolean {
  return result.ok && result.value !== undefined;
}

/** Each key is asked once, however often it is named. */
function prepareGetAll(args: Arguments, terms: KeyTerms): Plan {
  const keys = [...new Set(args.slice(1))];
  const operations = keys.map((key) => operationOf(terms, 'get', key));
  return planOfAll(operations, (values, protocol) => {
    if (keys.length === args.length - 1) return array(values.map((value) => bulkOrNil(value, protocol)));
    const byKey = new Map(keys.map((key, index) => [key, values[index]]));
    return array(args.slice(1).map((key) => bulkOrNil(byKey.get(key), protocol)));
  });
}

const SEVERAL = { kind: 'data', group: 'string' } as const;

export const SEVERAL_STRING_COMMANDS: readonly DataCommand[] = [
  {
    ...SEVERAL,
    name: 'mget',
    arity: -2,
    keys: ALL_KEYS,
    flags: ['readonly', 'fast'],
    summary: 'Returns the values of several keys; those of different tags are of different moments.',
    since: '1.0.0',
    prepare: prepareGetAll,
  },
  {
    ...SEVERAL,
    name: 'mset',
    arity: -3,
    keys: KEYS_AND_VALUES,
    flags: ['write', 'denyoom'],
    summary: 'Sets the values of several keys, each by itself: not as one.',
    since: '1.0.1',
    prepare: prepareSetAll,
  },
  {
    ...SEVERAL,
    name: 'msetnx',
    arity: -3,
    keys: KEYS_AND_VALUES,
    flags: ['write', 'denyoom'],
    summary: 'Sets the values of several keys of one tag if none of them exists.',
    since: '1.0.1',
    prepare: prepareSetAllIfAbsent,
  },
];

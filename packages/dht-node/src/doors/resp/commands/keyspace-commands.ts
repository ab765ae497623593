/** Commands on all keys of the ring. They ask every owner, page by page, so they are for people and for small rings. */

import type { Bytes } from '@ringkeep/shared';
import { array, bulk, bulkOrNil, bulkText, integer, OK, type Reply } from '../protocol/replies';
import { SCAN_COUNT_DEFAULT } from '../keyspace/keyspace';
import type { Arguments, KeyspaceCommand } from './command';
import { fault, NOT_AN_INTEGER, SYNTAX_ERROR } from './fault';
import { bigintIn, integerArgument, upper } from './reading';
import type { Keyspace } from '../keyspace/keyspace';
import type { Session } from '../session';

const INVALID_CURSOR = fault('ERR invalid cursor');
const FLUSH_REFUSED = fault(
  'ERR this node was started without --allow-flush (NODE_ALLOW_FLUSH), so nothing was deleted',
);
/** The greatest one is that of the last group. */
const CURSOR_MAX = 2n ** 52n;

interface ScanOptions {
  readonly pattern: Bytes | undefined;
  readonly count: number;
  /** Every value is a string: no key is of another type. */
  readonly findsStrings: boolean;
}

function scanOptions(args: Arguments): ScanOptions {
  let pattern: Bytes | undefined;
  let count = SCAN_COUNT_DEFAULT;
  let findsStrings = true;
  for (let at = 2; at < args.length; at += 2) {
    const argument = args[at + 1];
    if (argument === undefined) throw SYNTAX_ERROR;
    const option = upper(args[at]);
    if (option === 'MATCH') pattern = argument;
    else if (option === 'TYPE') findsStrings = argument.toLowerCase() === 'string';
    else if (option === 'COUNT') {
      count = integerArgument(argument);
      if (count < 1) throw SYNTAX_ERROR;
    } else throw SYNTAX_ERROR;
  }
  return { pattern, count, findsStrings };
}

function cursorIn(argument: Bytes): number {
  let cursor: bigint;
  try {
    cursor = bigintIn(argument);
  } catch (refusal) {
    throw refusal === NOT_AN_INTEGER ? INVALID_CURSOR : refusal;
  }
  if (cursor < 0n || cursor > CURSOR_MAX) throw INVALID_CURSOR;
  return Number(cursor);
}

async function scan(args: Arguments, keyspace: Keyspace): Promise<Reply> {
  const cursor = cursorIn(args[1] as Bytes);
  const { pattern, count, findsStrings } = scanOptions(args);
  if (!findsStrings) return array([bulkText('0'), array([])]);
  const { next, keys } = await keyspace.scan(cursor, pattern, count);
  return array([bulkText(String(next)), array(keys.map(bulk))]);
}

async function flush(args: Arguments, keyspace: Keyspace, { node }: Session): Promise<Reply> {
  const mode = upper(args[1]);
  if (args.length > 2 || !['', 'ASYNC', 'SYNC'].includes(mode)) throw SYNTAX_ERROR;
  if (!node.allowsFlush) throw FLUSH_REFUSED;
  await keyspace.deleteAll();
  return OK;
}

const KEYSPACE = { kind: 'keyspace', group: 'generic' } as const;
const FLUSH = {
  kind: 'keyspace',
  group: 'server',
  arity: -1,
  flags: ['write', 'no_multi'],
  run: flush,
} as const;

export const KEYSPACE_COMMANDS: readonly KeyspaceCommand[] = [
  {
    ...KEYSPACE,
    name: 'scan',
    arity: -2,
    flags: ['readonly', 'no_multi'],
    summary: 'Tells the keys of the ring, a part at a time.',
    since: '2.8.0',
    run: scan,
  },
  {
    ...KEYSPACE,
    name: 'keys',
    arity: 2,
    flags: ['readonly', 'no_multi'],
    summary: 'Tells the keys that a pattern matches, if the ring has few.',
    since: '1.0.0',
    run: async (args, keyspace) => array((await keyspace.keys(args[1] as Bytes)).map(bulk)),
  },
  {
    ...KEYSPACE,
    name: 'randomkey',
    arity: 1,
    flags: ['readonly', 'no_multi'],
    summary: 'Tells any key.',
    since: '1.0.0',
    run: async (_, keyspace, { protocol }) => bulkOrNil(await keyspace.randomKey(), protocol),
  },
  {
    ...KEYSPACE,
    name: 'dbsize',
    group: 'server',
    arity: 1,
    flags: ['readonly', 'fast', 'no_multi'],
    summary: 'Tells how many keys the ring has.',
    since: '1.0.0',
    run: async (_, keyspace) => integer(await keyspace.count()),
  },
  { ...FLUSH, name: 'flushall', summary: 'Deletes all keys, each by itself.', since: '1.0.0' },
  { ...FLUSH, name: 'flushdb', summary: 'Deletes all keys, as FLUSHALL does.', since: '1.0.0' },
];

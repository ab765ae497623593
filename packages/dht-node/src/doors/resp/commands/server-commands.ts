/** Commands on the node: what it is, how it is set, what it knows of commands, what time it is. It asks no other node. */

import type { Bytes } from '@ringkeep/shared';
import {
  array,
  bulkText,
  integer,
  map,
  nilArray,
  OK,
  set,
  simple,
  verbatim,
  type Protocol,
  type Reply,
} from '../protocol/replies';
import { matchesGlob } from '../glob';
import type { Session } from '../session';
import { keySpecOf, type Arguments, type Command, type SessionCommand } from './command';
import { fault, SYNTAX_ERROR, unknownSubcommand, wrongArity } from './fault';
import { upper } from './reading';

/** The rows that there are, by name. */
export type Rows = ReadonlyMap<string, Command>;

// ---- INFO ----

function info(args: Arguments, session: Session): Reply {
  const asked = new Set(args.slice(1).map((name) => name.toLowerCase()));
  const isAll = asked.size === 0 || ['all', 'default', 'everything'].some((name) => asked.has(name));
  const texts: string[] = [];
  for (const [name, fields] of Object.entries(session.node.info())) {
    if (!isAll && !asked.has(name)) continue;
    const title = name.charAt(0).toUpperCase() + name.slice(1);
    texts.push(`# ${title}\r\n${fields.map(([field, value]) => `${field}:${value}\r\n`).join('')}`);
  }
  return verbatim(texts.join('\r\n') as Bytes, session.protocol);
}

// ---- CONFIG ----

/** Clients set it before they subscribe; events are told whatever it is. */
const EVENTS = 'notify-keyspace-events';
const EVENT_CLASSES = /^[KEg$lshzxedtmnA]*$/;

function config(args: Arguments, session: Session): Reply {
  switch (upper(args[1])) {
    case 'GET':
      return configGet(args, session);
    case 'SET':
      return configSet(args, session);
    case 'RESETSTAT':
      return OK;
    default:
      throw unknownSubcommand('CONFIG', args[1] as Bytes);
  }
}

function configGet(args: Arguments, { node, protocol }: Session): Reply {
  if (args.length < 3) throw wrongArity('config|get');
  const patterns = args.slice(2).map((pattern) => pattern.toLowerCase());
  const found = [...node.settings].filter(([name]) => patterns.some((pattern) => matchesGlob(pattern, name)));
  return map(
    found.map(([name, value]) => [bulkText(name), bulkText(value)] as const),
    protocol,
  );
}

/** What it is set to already may be set. */
function configSet(args: Arguments, { node }: Session): Reply {
  if (args.length < 4 || args.length % 2 !== 0) throw wrongArity('config|set');
  for (let at = 2; at < args.length; at += 2) {
    const name = (args[at] as Bytes).toLowerCase();
    const value = args[at + 1] as Bytes;
    const present = node.settings.get(name);
    if (present === undefined)
      throw fault(`ERR Unknown option or number of arguments for CONFIG SET - '${args[at]}'`);
    if (value === present || (name === EVENTS && EVENT_CLASSES.test(value))) continue;
    throw fault(
      `ERR CONFIG SET failed (possibly related to argument '${args[at]}') - can't set immutable config`,
    );
  }
  return OK;
}

// ---- COMMAND ----

function command(rows: Rows, args: Arguments, protocol: Protocol): Reply {
  if (args.length === 1) return array([...rows.values()].map((row) => described(row, protocol)));
  const names = args.slice(2).map((name) => name.toLowerCase());
  switch (upper(args[1])) {
    case 'COUNT':
      return integer(rows.size);
    case 'LIST':
      return array(listed(rows, args).map(bulkText));
    case 'INFO':
      return array(
        (args.length === 2 ? [...rows.keys()] : names).map((name) => {
          const row = rows.get(name);
          return row === undefined ? nilArray(protocol) : described(row, protocol);
        }),
      );
    case 'DOCS':
      return docs(rows, args.length === 2 ? [...rows.keys()] : names, protocol);
    default:
      throw unknownSubcommand('COMMAND', args[1] as Bytes);
  }
}

function listed(rows: Rows, args: Arguments): string[] {
  const names = [...rows.keys()];
  if (args.length === 2) return names;
  if (args.length !== 5 || upper(args[2]) !== 'FILTERBY') throw SYNTAX_ERROR;
  const by = args[4] as Bytes;
  switch (upper(args[3])) {
    case 'PATTERN':
      return names.filter((name) => matchesGlob(by.toLowerCase(), name));
    case 'ACLCAT':
      return names.filter((name) => categories(rows.get(name) as Command).includes(`@${by.toLowerCase()}`));
    case 'MODULE':
      return [];
    default:
      throw SYNTAX_ERROR;
  }
}

function categories({ flags, group }: Command): string[] {
  const speed = flags.includes('fast') ? '@fast' : '@slow';
  const access = flags.includes('write') ? ['@write'] : flags.includes('readonly') ? ['@read'] : [];
  return [...access, group === 'generic' ? '@keyspace' : `@${group}`, speed];
}

/** As COMMAND INFO tells it: name, arity, flags, keys, categories, and three lists that Redis fills further. */
function described(row: Command, protocol: Protocol): Reply {
  const keys = keySpecOf(row).map(integer);
  return array([
    bulkText(row.name),
    integer(row.arity),
    set(row.flags.map(simple), protocol),
    ...keys,
    set(categories(row).map(simple), protocol),
    array([]),
    array([]),
    array([]),
  ]);
}

function docs(rows: Rows, names: readonly string[], protocol: Protocol): Reply {
  const found = names.flatMap((name) => rows.get(name) ?? []);
  return map(
    found.map(({ name, summary, since, group }) => [
      bulkText(name),
      map(
        [
          [bulkText('summary'), bulkText(summary)],
          [bulkText('since'), bulkText(since)],
          [bulkText('group'), bulkText(group)],
        ],
        protocol,
      ),
    ]),
    protocol,
  );
}

// ---- TIME ----

function time(session: Session): Reply {
  const us = Math.floor(session.node.wallMs() * 1_000);
  return array([bulkText(String(Math.floor(us / 1e6))), bulkText(String(us % 1e6))]);
}

const SERVER = { kind: 'session', group: 'server' } as const;

/** `rows`: those of all commands, these included. */
export function serverCommands(rows: () => Rows): readonly SessionCommand[] {
  return [
    {
      ...SERVER,
      name: 'info',
      arity: -1,
      flags: ['loading'],
      summary: 'Tells what this node knows of itself.',
      since: '1.0.0',
      run: info,
    },
    {
      ...SERVER,
      name: 'config',
      arity: -2,
      flags: ['admin', 'loading'],
      summary: 'Tells some settings in the names of Redis; sets none to another value.',
      since: '2.0.0',
      run: config,
    },
    {
      ...SERVER,
      name: 'command',
      arity: -1,
      flags: ['loading'],
      summary: 'Tells of the commands.',
      since: '2.8.13',
      run: (args, { protocol }) => command(rows(), args, protocol),
    },
    {
      ...SERVER,
      name: 'time',
      arity: 1,
      flags: ['loading', 'fast'],
      summary: 'Tells the ring’s time.',
      since: '2.6.0',
      run: (_, session) => time(session),
    },
  ];
}

/** Commands on the connection itself. A node without users answers AUTH as a Redis without a password does. */

import type { Bytes } from '@ringkeep/shared';
import {
  array,
  bulk,
  bulkText,
  integer,
  map,
  nil,
  OK,
  PONG,
  verbatim,
  type Reply,
} from '../protocol/replies';
import type { Session } from '../session';
import type { Arguments, SessionCommand } from './command';
import { fault, NOT_AN_INTEGER, SYNTAX_ERROR, unknownSubcommand, wrongArity } from './fault';
import { bigintIn, upper } from './reading';

const NO_PASSWORD = fault(
  'ERR AUTH <password> called without any password configured for the default user. ' +
    'Are you sure your configuration is correct?',
);
const WRONG_PASSWORD = fault('WRONGPASS invalid username-password pair or user is disabled.');

function ping(args: Arguments, session: Session): Reply {
  if (args.length > 2) throw wrongArity('ping');
  if (session.onlyListens) return array([bulkText('pong'), bulk(args[1] ?? ('' as Bytes))]);
  return args[1] === undefined ? PONG : bulk(args[1]);
}

/** The one user there is needs no password, and takes any. */
function authenticate(args: Arguments): Reply {
  if (args.length > 3) throw SYNTAX_ERROR;
  if (args.length === 2) throw NO_PASSWORD;
  if (args[1] !== 'default') throw WRONG_PASSWORD;
  return OK;
}

function hello(args: Arguments, session: Session): Reply {
  const { protocol = session.protocol, name } = helloOptions(args);
  session.protocol = protocol;
  if (name !== undefined) session.name = name;
  return map(
    [
      [bulkText('server'), bulkText('ringkeep')],
      [bulkText('version'), bulkText(session.node.version)],
      [bulkText('proto'), integer(protocol)],
      [bulkText('id'), integer(session.id)],
      [bulkText('mode'), bulkText('standalone')],
      [bulkText('role'), bulkText('master')],
      [bulkText('modules'), array([])],
    ],
    protocol,
  );
}

interface HelloOptions {
  readonly protocol?: 2 | 3;
  readonly name?: Bytes | undefined;
}

function helloOptions(args: Arguments): HelloOptions {
  if (args[1] === undefined) return {};
  const version = bigintIfAny(args[1]);
  if (version === undefined) throw fault('ERR Protocol version is not an integer or out of range');
  if (version !== 2n && version !== 3n) throw fault('NOPROTO unsupported protocol version');
  let name: Bytes | undefined;
  for (let at = 2; at < args.length; at++) {
    const option = upper(args[at]);
    const rest = args.length - at - 1;
    if (option === 'AUTH' && rest >= 2) {
      authenticate([args[0] as Bytes, args[at + 1] as Bytes, args[at + 2] as Bytes]);
      at += 2;
    } else if (option === 'SETNAME' && rest >= 1) {
      name = checkedName(args[++at] as Bytes);
    } else throw fault(`ERR Syntax error in HELLO option '${args[at]}'`);
  }
  return { protocol: version === 3n ? 3 : 2, name };
}

function bigintIfAny(argument: Bytes): bigint | undefined {
  try {
    return bigintIn(argument);
  } catch (refusal) {
    if (refusal === NOT_AN_INTEGER) return undefined;
    throw refusal;
  }
}

function select(args: Arguments): Reply {
  const index = bigintIfAny(args[1] as Bytes);
  if (index === undefined) throw fault('ERR invalid DB index');
  if (index !== 0n) throw fault('ERR DB index is out of range');
  return OK;
}

// ---- CLIENT ----

const PRINTABLE = /^[!-~]*$/;

function checkedName(name: Bytes): Bytes {
  if (PRINTABLE.test(name)) return name;
  throw fault('ERR Client names cannot contain spaces, newlines or special characters.');
}

const CLIENT: Readonly<Record<string, { arity: number; run: SessionCommand['run'] }>> = {
  ID: { arity: 2, run: (_, session) => integer(session.id) },
  GETNAME: {
    arity: 2,
    run: (_, { name, protocol }) => (name === '' ? nil(protocol) : bulk(name)),
  },
  SETNAME: {
    arity: 3,
    run: (args, session) => {
      session.name = checkedName(args[2] as Bytes);
      return OK;
    },
  },
  SETINFO: { arity: 4, run: setInfo },
  INFO: { arity: 2, run: (_, session) => verbatim(lineOf(session), session.protocol) },
  LIST: { arity: -2, run: listClients },
  'NO-EVICT': { arity: 3, run: (args) => onOrOff(args[2] as Bytes) },
  'NO-TOUCH': { arity: 3, run: (args) => onOrOff(args[2] as Bytes) },
};

function client(args: Arguments, session: Session): Reply {
  const subcommand = CLIENT[upper(args[1])];
  if (subcommand === undefined) throw unknownSubcommand('CLIENT', args[1] as Bytes);
  const { arity, run } = subcommand;
  if (arity >= 0 ? args.length !== arity : args.length < -arity) throw wrongArity(`client|${args[1]}`);
  return run(args, session);
}

function setInfo(args: Arguments, session: Session): Reply {
  const [, , attribute, value] = args as [Bytes, Bytes, Bytes, Bytes];
  const name = upper(attribute);
  if (name !== 'LIB-NAME' && name !== 'LIB-VER') throw fault(`ERR Unrecognized option '${attribute}'`);
  if (!PRINTABLE.test(value))
    throw fault(`ERR ${attribute} cannot contain spaces, newlines or special characters.`);
  if (name === 'LIB-NAME') session.libName = value;
  else session.libVersion = value;
  return OK;
}

function listClients(args: Arguments, session: Session): Reply {
  const option = upper(args[2]);
  if (args.length > 2 && option !== 'ID' && option !== 'TYPE') throw SYNTAX_ERROR;
  if (args.length === 3 || (option === 'TYPE' && args.length > 4)) throw SYNTAX_ERROR;
  const ids = option === 'ID' ? new Set(args.slice(3).map((id) => Number(bigintIn(id)))) : undefined;
  const type = option === 'TYPE' ? upper(args[3]) : undefined;
  const lines: string[] = [];
  for (const each of session.node.sessions()) {
    if (ids !== undefined && !ids.has(each.id)) continue;
    if (type === undefined || typeOf(each) === type) lines.push(lineOf(each));
  }
  return verbatim(lines.join('') as Bytes, session.protocol);
}

function typeOf({ subscriptions }: Session): string {
  return subscriptions > 0 ? 'PUBSUB' : 'NORMAL';
}

function lineOf(session: Session): Bytes {
  const { node, transaction } = session;
  const seconds = (sinceMs: number): number => Math.floor((node.nowMs() - sinceMs) / 1_000);
  const fields = {
    id: session.id,
    addr: session.remote,
    laddr: session.local,
    name: session.name,
    age: seconds(session.sinceMs),
    idle: seconds(session.lastAtMs),
    flags: transaction ? 'x' : session.subscriptions > 0 ? 'P' : 'N',
    db: 0,
    sub: session.channels.size,
    psub: session.patterns.size,
    ssub: 0,
    multi: transaction?.queued.length ?? -1,
    watch: session.watched.size,
    cmd: session.lastCommand,
    user: 'default',
    resp: session.protocol,
    'lib-name': session.libName,
    'lib-ver': session.libVersion,
  };
  const text = Object.entries(fields)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
  return `${text}\n` as Bytes;
}

function onOrOff(argument: Bytes): Reply {
  if (upper(argument) === 'ON' || upper(argument) === 'OFF') return OK;
  throw SYNTAX_ERROR;
}

const CONNECTION = { kind: 'session', group: 'connection' } as const;

export const CONNECTION_COMMANDS: readonly SessionCommand[] = [
  {
    ...CONNECTION,
    name: 'ping',
    arity: -1,
    flags: ['fast'],
    summary: 'Answers PONG, or what it was given.',
    since: '1.0.0',
    run: ping,
  },
  {
    ...CONNECTION,
    name: 'echo',
    arity: 2,
    flags: ['fast'],
    summary: 'Answers what it was given.',
    since: '1.0.0',
    run: (args) => bulk(args[1] as Bytes),
  },
  {
    ...CONNECTION,
    name: 'hello',
    arity: -1,
    flags: ['loading', 'fast', 'no_multi'],
    summary: 'Chooses the protocol, and tells who answers.',
    since: '6.0.0',
    run: hello,
  },
  {
    ...CONNECTION,
    name: 'auth',
    arity: -2,
    flags: ['loading', 'fast', 'no_multi'],
    summary: 'Says who the client is.',
    since: '1.0.0',
    run: authenticate,
  },
  {
    ...CONNECTION,
    name: 'select',
    arity: 2,
    flags: ['loading', 'fast'],
    summary: 'Chooses the database, of which there is one: 0.',
    since: '1.0.0',
    run: select,
  },
  {
    ...CONNECTION,
    name: 'client',
    arity: -2,
    flags: ['loading'],
    summary: 'What is known of this connection, and of others.',
    since: '2.4.0',
    run: client,
  },
];

/**
 * A command as a row: its name, how many arguments it takes, which of them are keys, what kind it is, and what it does.
 * The same rows answer COMMAND, so that what is said of a command is what it does.
 */

import type { Bytes } from '@ringkeep/shared';
import type { KeyTerms } from '@ringkeep/shared/operations';
import type { Reply } from '../protocol/replies';
import type { Prepared } from './plan';
import type { Keyspace } from '../keyspace/keyspace';
import type { Session } from '../session';

export type Flag = 'readonly' | 'write' | 'fast' | 'admin' | 'loading' | 'no_multi' | 'pubsub' | 'denyoom';

export type Group = 'string' | 'generic' | 'connection' | 'server' | 'transactions' | 'pubsub';

/** Which arguments are keys: the first, the last (−1: the last one that there is), and how far apart. */
export type KeySpec = readonly [first: number, last: number, step: number];

export const NO_KEYS: KeySpec = [0, 0, 0];
export const ONE_KEY: KeySpec = [1, 1, 1];
export const ALL_KEYS: KeySpec = [1, -1, 1];
export const KEYS_AND_VALUES: KeySpec = [1, -1, 2];

export type Arguments = readonly Bytes[];

interface RowBase {
  /** In lower case. */
  readonly name: string;
  /** As Redis counts: with the name; at least so many if negative. */
  readonly arity: number;
  readonly flags: readonly Flag[];
  readonly group: Group;
  readonly summary: string;
  readonly since: string;
}

/** On keys: what it asks of the ring is known when it is read. Throws CommandFault. */
export interface DataCommand extends RowBase {
  readonly kind: 'data';
  readonly keys: KeySpec;
  prepare(args: Arguments, terms: KeyTerms): Prepared;
}

/** On the connection or the node: answered at once. Throws CommandFault. */
export interface SessionCommand extends RowBase {
  readonly kind: 'session';
  run(args: Arguments, session: Session): Reply;
}

/** On all keys of the ring: whatever came before it is answered first, and whatever comes after it waits. */
export interface KeyspaceCommand extends RowBase {
  readonly kind: 'keyspace';
  run(args: Arguments, keyspace: Keyspace, session: Session): Promise<Reply>;
}

/** Those that decide what becomes of others: MULTI and its like, and subscriptions. The connection carries them out. */
export interface ControlCommand extends RowBase {
  readonly kind: 'control';
  readonly keys?: KeySpec;
}

export type Command = DataCommand | SessionCommand | KeyspaceCommand | ControlCommand;

export function keySpecOf(command: Command): KeySpec {
  return (command.kind === 'data' || command.kind === 'control' ? command.keys : undefined) ?? NO_KEYS;
}

/** The keys among the arguments. */
export function keysIn([first, last, step]: KeySpec, args: Arguments): readonly Bytes[] {
  if (step === 0) return [];
  const end = last < 0 ? args.length + last : last;
  if (first === end) return [args[first] as Bytes];
  const keys: Bytes[] = [];
  for (let at = first; at <= end; at += step) keys.push(args[at] as Bytes);
  return keys;
}

export function acceptsCount({ arity }: Command, count: number): boolean {
  return arity >= 0 ? count === arity : count >= -arity;
}

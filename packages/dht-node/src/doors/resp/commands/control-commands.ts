/** Commands that the connection itself carries out (connection.ts): they decide what becomes of others. */

import { ALL_KEYS, type ControlCommand } from './command';

const TRANSACTIONS = { kind: 'control', group: 'transactions' } as const;
const PUBSUB = { kind: 'control', group: 'pubsub', since: '2.0.0' } as const;

export type ControlName =
  | 'multi'
  | 'exec'
  | 'discard'
  | 'watch'
  | 'unwatch'
  | 'quit'
  | 'reset'
  | 'subscribe'
  | 'psubscribe'
  | 'unsubscribe'
  | 'punsubscribe';

export const CONTROL_COMMANDS: readonly (ControlCommand & { readonly name: ControlName })[] = [
  {
    ...TRANSACTIONS,
    name: 'multi',
    arity: 1,
    flags: ['loading', 'fast', 'no_multi'],
    summary: 'Begins a transaction on keys of one tag.',
    since: '1.2.0',
  },
  {
    ...TRANSACTIONS,
    name: 'exec',
    arity: 1,
    flags: ['loading', 'no_multi'],
    summary: 'Carries out the commands of a transaction.',
    since: '1.2.0',
  },
  {
    ...TRANSACTIONS,
    name: 'discard',
    arity: 1,
    flags: ['loading', 'fast', 'no_multi'],
    summary: 'Gives a transaction up.',
    since: '2.0.0',
  },
  {
    ...TRANSACTIONS,
    name: 'watch',
    arity: -2,
    keys: ALL_KEYS,
    flags: ['loading', 'fast', 'no_multi'],
    summary: 'Lets the next transaction do nothing if one of the keys has changed by then.',
    since: '2.2.0',
  },
  {
    ...TRANSACTIONS,
    name: 'unwatch',
    arity: 1,
    flags: ['loading', 'fast'],
    summary: 'Forgets the watched keys.',
    since: '2.2.0',
  },
  {
    kind: 'control',
    group: 'connection',
    name: 'quit',
    arity: -1,
    flags: ['loading', 'fast', 'no_multi'],
    summary: 'Closes the connection when everything before it is answered.',
    since: '1.0.0',
  },
  {
    kind: 'control',
    group: 'connection',
    name: 'reset',
    arity: 1,
    flags: ['loading', 'fast', 'no_multi'],
    summary: 'Makes the connection as it was in the beginning.',
    since: '6.2.0',
  },
  {
    ...PUBSUB,
    name: 'subscribe',
    arity: -2,
    flags: ['pubsub', 'no_multi'],
    summary: 'Listens to the changes of a key, or to changes of one kind.',
  },
  {
    ...PUBSUB,
    name: 'psubscribe',
    arity: -2,
    flags: ['pubsub', 'no_multi'],
    summary: 'Listens to the changes of keys that a pattern matches.',
  },
  {
    ...PUBSUB,
    name: 'unsubscribe',
    arity: -1,
    flags: ['pubsub', 'no_multi'],
    summary: 'Listens to channels no longer.',
  },
  {
    ...PUBSUB,
    name: 'punsubscribe',
    arity: -1,
    flags: ['pubsub', 'no_multi'],
    summary: 'Listens to patterns no longer.',
  },
];

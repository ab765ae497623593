/** How a transaction of a ring is recorded in a history: a record for each key that it looks at or changes. */

import type { Bytes, RingKey } from '@ringkeep/shared';
import {
  decodeDelta,
  decodeFullAnswer,
  decodeTransactionAnswer,
  keysOf,
  OperationType,
  transactionOf,
  type OperationOf,
  type SingleOperation,
  type Transaction,
} from '@ringkeep/shared/operations';
import { bufferOfBytes, bytesOfBuffer } from '@ringkeep/shared/operations/bytes';
import { POSITION_BYTES } from '@ringkeep/shared/ring/ring-key';
import { conditionOf } from './history-condition';
import type { Action } from './history';
import type { Observation } from './recorder';
import type { Part, Told } from './transaction-part';

/** What is recorded of one key of an operation. */
export interface KeyRecord {
  readonly key: string;
  readonly action: Action;
  /** What its answer says of the key; `undefined` where it has no value. */
  readonly observed: (answer: Bytes | undefined) => Observation;
}

/** `name`: that of no other transaction of the history. */
export function recordsOfTransaction(
  operation: OperationOf<'transact'>,
  name: string,
  mayEndFromMs: (ttlMs: number) => number = () => -Infinity,
): KeyRecord[] {
  const transaction = transactionOf(operation);
  return [...keysOf(transaction)].map((key) => ({
    key: key.slice(POSITION_BYTES),
    action: partOf(transaction, key, name, mayEndFromMs),
    observed: (answer) => observedOf(transaction, key, answer),
  }));
}

function partOf(
  { conditions, then, else: otherwise }: Transaction,
  key: RingKey,
  name: string,
  mayEndFromMs: (ttlMs: number) => number,
): Action {
  const own = conditions.filter((condition) => condition.key === key);
  const parts = (operations: readonly SingleOperation[]): Part[] =>
    operations
      .filter((operation) => operation.key === key)
      .map((operation) => partIn(operation, mayEndFromMs));
  return {
    op: 'transact',
    transaction: name,
    conditions: own.map(({ condition }) => conditionOf(condition)),
    elsewhere: own.length < conditions.length,
    then: parts(then),
    else: parts(otherwise),
  };
}

function partIn(operation: SingleOperation, mayEndFromMs: (ttlMs: number) => number): Part {
  const ttl = operation.extras?.ttl;
  const end = {
    ...(ttl?.kind === 'duration' && { mayEndFromMs: mayEndFromMs(ttl.ms) }),
    ...(ttl?.kind === 'keep' && { keepsEnd: true }),
  };
  switch (operation.type) {
    case OperationType.get:
      return { do: 'get' };
    case OperationType.delete:
      return { do: 'delete' };
    case OperationType.exchange:
      return { do: 'exchange', value: operation.value, ...end };
    case OperationType.set:
      return { do: 'set', value: operation.value, ...end };
    case OperationType.append:
      return { do: 'append', value: operation.value, ...end };
    case OperationType.add:
      return { do: 'add', delta: decodeDelta(operation.delta).toString(), ...end };
    // The value stays as it is.
    case OperationType.expire:
    case OperationType.persist:
      return { do: 'get' };
  }
}

function observedOf(transaction: Transaction, key: RingKey, answer: Bytes | undefined): Observation {
  const { held, version, values } = decodeTransactionAnswer(bufferOfBytes(answer ?? ('' as Bytes)));
  const told: Told[] = [];
  for (const [index, operation] of (held ? transaction.then : transaction.else).entries())
    if (operation.key === key) told.push(toldOf(operation, values[index]));
  return { held, version, told };
}

function toldOf({ type, extras }: SingleOperation, answer: Uint8Array | undefined): Told {
  if (type === OperationType.expire || type === OperationType.persist) return {};
  const full = extras === undefined ? undefined : decodeFullAnswer(answer ?? new Uint8Array());
  const value = full === undefined ? answer : full.value;
  // A plain set is told nothing.
  const said = type === OperationType.set ? {} : { value: value === undefined ? null : bytesOfBuffer(value) };
  return full === undefined ? said : { ...said, version: full.version };
}

/** How each operation of a ring is recorded in a history: one row for each of the catalogue. */

import { decodeDelta, decodeFullAnswer, nameOf } from '@ringkeep/shared/operations';
import type { OperationName, OperationOf, SingleOperation } from '@ringkeep/shared/operations';
import { bufferOfBytes, bytesOfBuffer } from '@ringkeep/shared/operations/bytes';
import type { Bytes } from '@ringkeep/shared';
import { conditionOf } from './history-condition';
import type { Action, Value } from './history';
import type { Observation } from './recorder';

interface Row<Name extends SingleName> {
  readonly action: (operation: OperationOf<Name>) => Action;
  /** What the value of its answer says; `null` when it has none. */
  readonly observed: (answer: Value) => Observation;
}

/** Transactions are on several keys. */
type SingleName = Exclude<OperationName, 'transact'>;

const ROWS: { readonly [Name in SingleName]: Row<Name> } = {
  get: { action: () => ({ op: 'get' }), observed: (value) => ({ value }) },
  delete: { action: () => ({ op: 'delete' }), observed: (previous) => ({ previous }) },
  exchange: { action: ({ value }) => ({ op: 'set', value }), observed: (previous) => ({ previous }) },
  set: { action: ({ value }) => ({ op: 'set', value }), observed: () => ({}) },
  add: {
    action: ({ delta }) => ({ op: 'add', delta: decodeDelta(delta).toString() }),
    observed: (result) => (result === null ? {} : { result }),
  },
  append: {
    action: ({ value }) => ({ op: 'append', value }),
    observed: (length) => (length === null ? {} : { length: Number(length) }),
  },
};

export function actionOf(operation: SingleOperation): Action {
  const { action } = ROWS[nameOf(operation.type) as SingleName] as {
    action: (operation: SingleOperation) => Action;
  };
  const condition = operation.extras?.condition;
  return condition === undefined
    ? action(operation)
    : ({ ...action(operation), condition: conditionOf(condition) } as Action);
}

/** `answer`: as it came, `undefined` where it has no value. */
export function observationOf({ type, extras }: SingleOperation, answer: Bytes | undefined): Observation {
  const { observed } = ROWS[nameOf(type) as SingleName];
  if (extras === undefined) return observed(answer ?? null);
  const { held, version, value } = decodeFullAnswer(bufferOfBytes(answer ?? ('' as Bytes)));
  const told = value === undefined ? null : bytesOfBuffer(value);
  if (extras.condition === undefined) return { ...observed(told), version };
  if (held) return { ...observed(told), version, held };
  // A key without a value has version 0, whether or not values are shown.
  return { ...((extras.showsPresent || version === 0) && { previous: told }), version, held };
}

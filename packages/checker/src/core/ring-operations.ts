/** How each operation of a ring is recorded in a history: one row for each of the catalogue. */

import type { Operation, OperationName, OperationOf } from '@ringkeep/shared/operations';
import { nameOf } from '@ringkeep/shared/operations';
import type { Action, Value } from './history';
import type { Observation } from './recorder';

interface Row<Name extends OperationName> {
  readonly action: (operation: OperationOf<Name>) => Action;
  /** What the value of its answer says; `null` when it has none. */
  readonly observed: (answer: Value, operation: OperationOf<Name>) => Observation;
}

const ROWS: { readonly [Name in OperationName]: Row<Name> } = {
  get: { action: () => ({ op: 'get' }), observed: (value) => ({ value }) },
  delete: { action: () => ({ op: 'delete' }), observed: (previous) => ({ previous }) },
  exchange: { action: ({ value }) => ({ op: 'set', value }), observed: (previous) => ({ previous }) },
  set: { action: ({ value }) => ({ op: 'set', value }), observed: () => ({}) },
  compareAndSet: {
    action: ({ expected, value }) => ({ op: 'cas', expected, value }),
    observed: (previous, { expected }) => ({ previous, swapped: previous === expected }),
  },
};

export function actionOf(operation: Operation): Action {
  const { action } = ROWS[nameOf(operation.type)] as { action: (operation: Operation) => Action };
  return action(operation);
}

export function observationOf(operation: Operation, answer: Value): Observation {
  const { observed } = ROWS[nameOf(operation.type)] as {
    observed: (answer: Value, operation: Operation) => Observation;
  };
  return observed(answer, operation);
}

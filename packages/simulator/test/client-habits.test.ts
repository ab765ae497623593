/** What simulated clients ask for: the whole catalogue, with operands that can find what they are compared with. */

import { DEFAULT_PARAMETERS, Random, type Bytes, type RingKey } from '@ringkeep/shared';
import {
  CATALOGUE,
  evaluate,
  evaluateTransaction,
  OperationType,
  transactionOf,
  nameOf,
  seal,
  type OperationName,
  type StoredValue,
} from '@ringkeep/shared/operations';
import { ClientValues, drawOperation } from '../src/world/client-habits';

const HABITS = {
  keys: ['a', '{a}b', 'c'].map((key) => key as Bytes),
  positionRule: 'tag' as const,
  thinkMs: 10,
  patienceMs: 1_000,
  onlyWrites: false,
};

test('every operation is drawn, each write changes something now and then, and each condition holds or does not', () => {
  const random = new Random(1);
  const values = new ClientValues(7);
  const stored = new Map<string, StoredValue>();
  const drawn = new Set<OperationName>();
  const effective = new Set<OperationName>();
  const conditions = new Set<string>();
  for (let i = 0; i < 1_000; i++) {
    const operation = drawOperation(random, HABITS, values);
    if (operation.type === OperationType.transact) {
      const look = (key: RingKey) => stored.get(key);
      const { effects, answer } = evaluateTransaction(transactionOf(operation), look, i + 1, {
        wallMs: 0,
        limits: DEFAULT_PARAMETERS,
      });
      for (const { key, value } of effects) {
        if (value === undefined) stored.delete(key);
        else stored.set(key, value);
      }
      if (answer.ok) values.answered(operation, answer.value);
      drawn.add('transact');
      if (effects.length > 1) effective.add('transact');
      continue;
    }
    const { key, extras } = operation;
    const { effect, answer } = evaluate(operation, stored.get(key), i + 1, {
      wallMs: 0,
      limits: DEFAULT_PARAMETERS,
    });
    if (effect?.value !== undefined) stored.set(key, seal(key, i + 1, effect.value, effect.expiresAtMs));
    else if (effect) stored.delete(key);
    if (answer.ok) values.answered(operation, answer.value);
    drawn.add(nameOf(operation.type));
    if (effect) effective.add(nameOf(operation.type));
    if (extras?.condition) conditions.add(`${extras.condition.kind} ${effect ? 'held' : 'not'}`);
  }
  const names = (Object.keys(CATALOGUE) as OperationName[]).filter((name) => name !== 'scan');
  expect([...drawn].sort()).toEqual([...names].sort());
  const kinds = ['absent', 'present', 'value', 'version'];
  expect([...conditions].sort()).toEqual(kinds.flatMap((kind) => [`${kind} held`, `${kind} not`]));
  expect([...effective].sort()).toEqual(names.filter((name) => CATALOGUE[name].writes).sort());
});

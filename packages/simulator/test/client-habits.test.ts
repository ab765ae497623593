/** What simulated clients ask for: the whole catalogue, with operands that can find what they are compared with. */

import { Random, type Bytes } from '@ringkeep/shared';
import { CATALOGUE, evaluate, nameOf, type OperationName } from '@ringkeep/shared/operations';
import { ClientValues, drawOperation } from '../src/world/client-habits';

const HABITS = {
  keys: ['a', 'b', 'c'].map((key) => key as Bytes),
  thinkMs: 10,
  patienceMs: 1_000,
  onlyWrites: false,
};

test('every operation is drawn, and each write changes something now and then', () => {
  const random = new Random(1);
  const values = new ClientValues('client');
  const stored = new Map<string, Bytes | undefined>();
  const drawn = new Set<OperationName>();
  const effective = new Set<OperationName>();
  for (let i = 0; i < 500; i++) {
    const operation = drawOperation(random, HABITS, values);
    const { effect, answer } = evaluate(operation, stored.get(operation.key));
    if (effect) stored.set(operation.key, effect.value);
    values.answered(operation, answer);
    drawn.add(nameOf(operation.type));
    if (effect) effective.add(nameOf(operation.type));
  }
  const names = Object.keys(CATALOGUE) as OperationName[];
  expect([...drawn].sort()).toEqual([...names].sort());
  expect([...effective].sort()).toEqual(names.filter((name) => CATALOGUE[name].writes).sort());
});

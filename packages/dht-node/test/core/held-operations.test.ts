/** Where operations wait: how many, in which order, and who is told that there is no room. */

import type { QueryInput } from '../../src/core';
import { HELD_OPERATIONS_MAX } from '../../src/core/limits';
import { HeldOperations } from '../../src/core/operations/held-operations';
import { PendingQuery, type PendingOperation } from '../../src/core/operations/pending-operation';
import type { OperationResult } from '@ringkeep/shared/operations';
import { get } from './stepped-node';

const asked: QueryInput = {
  kind: 'query',
  request: 1,
  operations: [get('key')],
  hops: 0,
  direct: false,
  deadlineAtMs: 1_000,
  ringVersion: 1,
};

/** An operation that waits, and what it is answered. */
function operation(): { pending: PendingOperation; told: OperationResult[] } {
  const told: OperationResult[] = [];
  const query = new PendingQuery(asked, (_query, results) => told.push(...results));
  return { pending: query.wait(0), told };
}

test('operations go on in the order in which they came, and each once', () => {
  const held = new HeldOperations('no room');
  const all = [operation(), operation(), operation()].map(({ pending }) => pending);
  for (const pending of all) held.add(pending);
  expect(held.takeAll()).toEqual(all);
  expect(held.takeAll()).toEqual([]);
});

test('one that is held again while those held go on waits for the next time', () => {
  const held = new HeldOperations('no room');
  held.add(operation().pending);
  held.add(operation().pending);
  let rounds = 0;
  for (const pending of held.takeAll()) {
    rounds++;
    held.add(pending);
  }
  expect([rounds, held.size]).toEqual([2, 2]);
});

test('those that were answered meanwhile take no room any longer', () => {
  const held = new HeldOperations('no room');
  const [first, second] = [operation(), operation()];
  held.add(first.pending);
  held.add(second.pending);
  first.pending.expire();
  held.forgetDone();
  expect(held.takeAll()).toEqual([second.pending]);
});

test('one more than the limit is told so at once, and the others stay', () => {
  const held = new HeldOperations('too many wait');
  const { pending } = operation();
  for (let count = 0; count < HELD_OPERATIONS_MAX; count++) expect(held.add(pending)).toBe(true);
  const refused = operation();
  expect(held.add(refused.pending)).toBe(false);
  expect(refused.told).toEqual([{ ok: false, code: 'RESOURCE_EXHAUSTED', text: 'too many wait' }]);
  expect(held.size).toBe(HELD_OPERATIONS_MAX);
});

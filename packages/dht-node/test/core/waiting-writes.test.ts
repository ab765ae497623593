import type { PendingOperation } from '../../src/core/operations/pending-operation';
import { WaitingWrites } from '../../src/core/primary/waiting-writes';

const [a, b, c] = ['a', 'b', 'c'].map(
  (name, index) => ({ name, answerBytes: 10 ** index }) as unknown as PendingOperation,
) as [PendingOperation, PendingOperation, PendingOperation];

/** Somebody waits for 5, 6 and 8. */
function some(): WaitingWrites {
  const writes = new WaitingWrites();
  writes.add(5, a);
  writes.add(6, b);
  writes.add(8, c);
  return writes;
}

const at = (writes: WaitingWrites): unknown[] => [4, 5, 6, 7, 8, 9].map((seq) => writes.at(seq));

test('each is found under its number, and nobody where nobody waits', () => {
  expect(at(some())).toEqual([undefined, a, b, undefined, c, undefined]);
});

test('what is forgotten or taken is gone, the rest keeps its numbers', () => {
  const writes = some();
  writes.forgetThrough(3);
  writes.forgetThrough(5);
  expect(at(writes)).toEqual([undefined, undefined, b, undefined, c, undefined]);
  expect(writes.takeFrom(7)).toEqual([c]);
  expect(at(writes)).toEqual([undefined, undefined, b, undefined, undefined, undefined]);
  expect(writes.takeAll()).toEqual([b]);
  expect(writes.takeAll()).toEqual([]);
});

test('a queue that has run empty goes on with any later number', () => {
  const writes = some();
  writes.forgetThrough(12);
  writes.add(20, a);
  expect([writes.at(13), writes.at(19), writes.at(20)]).toEqual([undefined, undefined, a]);
});

test('the next term has all of it, the one before nothing', () => {
  const writes = some();
  const next = writes.handOver();
  expect(at(next)).toEqual([undefined, a, b, undefined, c, undefined]);
  expect(writes.takeAll()).toEqual([]);
});

test('answers count while their writes wait, with whichever queue has them', () => {
  const writes = some();
  expect(writes.answerBytes).toBe(111);
  writes.forgetThrough(5);
  expect(writes.answerBytes).toBe(110);
  writes.takeFrom(8);
  expect(writes.answerBytes).toBe(10);
  const next = writes.handOver();
  expect([writes.answerBytes, next.answerBytes]).toEqual([0, 10]);
  next.takeAll();
  expect(next.answerBytes).toBe(0);
});

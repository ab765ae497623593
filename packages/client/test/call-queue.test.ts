import { OperationType } from '@ringkeep/shared/operations';
import { CallQueue } from '../src/core/call-queue';
import { TestCall } from './session-driver';

const late = (deadlineAtMs: number, key = 'key'): TestCall =>
  new TestCall(OperationType.exchange, key, deadlineAtMs);

function queueOf(...calls: readonly TestCall[]): CallQueue {
  const queue = new CallQueue();
  for (const call of calls) queue.push(call);
  return queue;
}

test('calls whose deadline has passed are taken out, however they are ordered, and the others in time', () => {
  const [first, second, third] = [late(300), late(100), late(200)];
  const queue = queueOf(first, second, third);
  expect(queue.expire(99)).toEqual([]);
  expect(queue.expire(100)).toEqual([second]);
  expect(queue.expire(199)).toEqual([]);
  expect(queue.expire(200)).toEqual([third]);
  expect(queue.expire(300)).toEqual([first]);
  expect(queue.isEmpty).toBe(true);
});

test('what is in it is counted in calls and bytes, also after some were taken out', () => {
  const [kept, gone] = [late(300, 'a long key'), late(100)];
  const queue = queueOf(kept, gone);
  expect([queue.length, queue.bytes]).toEqual([2, kept.bytes + gone.bytes]);
  queue.expire(100);
  expect([queue.length, queue.bytes]).toEqual([1, kept.bytes]);
  expect(queue.cut(256, 1_000)).toEqual([kept]);
  expect([queue.length, queue.bytes]).toEqual([0, 0]);
});

test('a call that has its result already is neither late nor sent', () => {
  const [settled, other] = [late(100), late(100)];
  const queue = queueOf(settled, other);
  settled.settle({ ok: true, value: undefined });
  expect(queue.expire(100)).toEqual([other]);
  expect(queueOf(settled).cut(256, 1_000)).toEqual([]);
  expect(queueOf(settled).drain()).toEqual([]);
});

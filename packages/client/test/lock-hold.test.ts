/** How long a holder relies on its lock, and on which clock. */

import { ElapsedTime } from '../src/adapters/elapsed-time';
import { LockHold } from '../src/core';

test('a lock is lost a clock skew before its time to live is over, counted from before the request was sent', () => {
  const hold = new LockHold(10_000, 1_000, 500);
  expect(hold.isLost(9_499)).toBe(false);
  expect(hold.isLost(9_500)).toBe(true);
});

test('it is renewed at a third of its time, and only an answered renewal counts, from when that was sent', () => {
  const hold = new LockHold(9_000, 1_000, 0);
  expect(hold.nextRenewalAtMs).toBe(3_000);
  hold.unanswered(3_500);
  expect(hold.nextRenewalAtMs).toBe(3_875);
  expect(hold.lostAtMs).toBe(8_000);
  hold.renewed(3_875);
  expect([hold.lostAtMs, hold.nextRenewalAtMs]).toEqual([11_875, 6_875]);
});

test('an answer to an earlier request takes no time away', () => {
  const hold = new LockHold(9_000, 1_000, 0);
  hold.renewed(4_000);
  hold.renewed(3_000);
  expect(hold.lostAtMs).toBe(12_000);
});

test('time that the machine slept counts', () => {
  let [running, up] = [100, 50_000];
  const clock = new ElapsedTime(
    () => running,
    () => up,
  );
  running += 1_000;
  up += 1_010;
  expect(clock.now()).toBe(1_100);
  up += 60_000;
  expect(clock.now()).toBe(61_110);
  running += 5;
  up += 10;
  expect(clock.now()).toBe(61_115);
});

/** The time of a ring, as a node learns it from answers that take their time. */

import { Random } from '@ringkeep/shared';
import { RingTime } from '../../src/core/membership/ring-time';

const DRIFT = 0.001;
/** What the registry's clock shows when this node's shows 0. */
const AHEAD = 5_000_000;

test('nothing is known before an answer has come, and after a sleep', () => {
  const time = new RingTime(DRIFT);
  expect(time.doubtMs(0)).toBe(Infinity);
  expect(time.at(0)).toBeNaN();
  time.heard(AHEAD + 10, 0, 20);
  expect(time.doubtMs(20)).toBe(10);
  time.forget();
  expect(time.doubtMs(20)).toBe(Infinity);
  // What it was last is nearer than nothing.
  expect(time.at(20)).toBe(AHEAD + 20);
});

test('an answer is as good as it was quick, and grows older', () => {
  const time = new RingTime(DRIFT);
  time.heard(AHEAD + 50, 0, 100);
  expect(time.at(100)).toBe(AHEAD + 100);
  expect(time.doubtMs(100)).toBe(50);
  expect(time.doubtMs(1_100)).toBeCloseTo(51);
  time.heard(AHEAD + 1_101, 1_100, 1_102);
  expect(time.doubtMs(2_000)).toBeLessThan(10);
});

test('a slower answer takes nothing away from what is known', () => {
  const time = new RingTime(DRIFT);
  time.heard(AHEAD + 1, 0, 2);
  time.heard(AHEAD + 100, 10, 1_000);
  expect(time.doubtMs(1_000)).toBeLessThan(5);
  expect(Math.abs(time.at(1_000) - AHEAD - 1_000)).toBeLessThan(5);
});

test('the time is slewed and never stepped; a registry whose clock was set makes it doubtful until it is caught up', () => {
  const time = new RingTime(DRIFT);
  time.heard(AHEAD + 1, 0, 2);
  const jumped = 400;
  let before = time.at(2);
  let doubtful = 0;
  for (let now = 10; now <= 4_000; now += 10) {
    if (now % 100 === 0) time.heard(AHEAD + jumped + now - 1, now - 2, now);
    const at = time.at(now);
    expect(at - before).toBeGreaterThan(7);
    expect(at - before).toBeLessThan(13);
    before = at;
    if (now >= 100 && time.doubtMs(now) > 50) doubtful = now;
  }
  expect(doubtful).toBeGreaterThan(1_000);
  expect(doubtful).toBeLessThan(2_000);
  expect(Math.abs(before - (AHEAD + jumped + 4_000))).toBeLessThan(5);
});

test('with clocks that drift and answers that are slow, the truth is within the doubt', () => {
  for (let seed = 0; seed < 50; seed++) {
    const random = new Random(seed);
    const time = new RingTime(DRIFT);
    const rate = 1 + DRIFT * 0.95 * (2 * random.fraction() - 1);
    const truth = (now: number): number => AHEAD + now * rate;
    for (let now = 0; now < 100_000;) {
      const sentAt = now;
      now += random.between(1, 300);
      const saidAt = sentAt + random.fraction() * (now - sentAt);
      if (random.chance(0.7)) time.heard(truth(saidAt), sentAt, now);
      now += random.between(100, 3_000);
      const doubtMs = time.doubtMs(now);
      if (doubtMs !== Infinity)
        expect(Math.abs(time.at(now) - truth(now))).toBeLessThanOrEqual(doubtMs + 1e-6);
    }
  }
});

/** The loops that issue operations, with a target that answers when it is told to and a clock set by hand. */

import { Random } from '@ringkeep/shared';
import { ClosedLoop } from '../src/load/closed-loop';
import { OpenLoop } from '../src/load/open-loop';
import { delaysBetween } from '../src/load/stamped-times';
import { Recorder } from '../src/load/recorder';
import { Workload } from '../src/load/workload';
import type { Target } from '../src/targets/target';
import { plainWorkload } from '../src/workloads';

/** Keeps what it is asked until the test answers. */
class HandTarget implements Target {
  readonly asked: { key: string; answer: (value: unknown) => void; fail: (error: unknown) => void }[] = [];
  issued = 0;

  get(key: string): Promise<unknown> {
    this.issued++;
    return new Promise((answer, fail) => this.asked.push({ key, answer, fail }));
  }

  set(key: string): Promise<unknown> {
    return this.get(key);
  }

  delete(key: string): Promise<unknown> {
    return this.get(key);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  answerAll(value: unknown = 'value'): void {
    for (const { answer } of this.asked.splice(0)) answer(value);
  }
}

const gets = (): Workload => new Workload(plainWorkload('get', { keys: 10 }), 1);

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

async function settle(): Promise<void> {
  await jest.advanceTimersByTimeAsync(0);
}

test('a closed loop keeps as many outstanding as it was told, and never more', async () => {
  const target = new HandTarget();
  const loop = new ClosedLoop(target, gets(), new Recorder(), 3);
  expect(target.asked).toHaveLength(3);
  for (let i = 0; i < 5; i++) {
    target.asked.shift()?.answer('value');
    await settle();
    expect(target.asked).toHaveLength(3);
  }
  expect(target.issued).toBe(8);
  const stopped = loop.stop();
  target.answerAll();
  await stopped;
  expect(target.issued).toBe(8);
});

test('a refusal is counted by its code, and the place is taken again', async () => {
  const target = new HandTarget();
  const recorder = new Recorder();
  recorder.open(performance.now());
  const loop = new ClosedLoop(target, gets(), recorder, 1);
  target.asked.shift()?.fail(Object.assign(new Error('too much'), { code: 'RESOURCE_EXHAUSTED' }));
  await jest.advanceTimersByTimeAsync(1);
  expect(target.asked).toHaveLength(1);
  recorder.close(performance.now());
  const stopped = loop.stop();
  target.answerAll();
  await stopped;
  expect(recorder.outcomes().failures).toEqual({ RESOURCE_EXHAUSTED: 1 });
});

test('an open loop issues at its rate, whether it is answered or not', async () => {
  const target = new HandTarget();
  const options = { ratePerSecond: 1_000, random: new Random(1) };
  const recorder = new Recorder();
  recorder.open(performance.now());
  const loop = new OpenLoop(target, gets(), recorder, options);
  await jest.advanceTimersByTimeAsync(10_000);
  recorder.close(performance.now());
  expect(recorder.outcomes()).toMatchObject({ issued: target.issued, completed: 0 });
  // Four standard deviations of a Poisson count around 10,000.
  expect(Math.abs(target.issued - 10_000)).toBeLessThan(400);
  expect(target.asked).toHaveLength(target.issued);
  const stopped = loop.stop();
  target.answerAll();
  await stopped;
});

test('a stall shows in every operation that was due meanwhile', async () => {
  const target = new HandTarget();
  const recorder = new Recorder();
  recorder.open(performance.now());
  const done: string[] = [];
  const options = { ratePerSecond: 100, random: new Random(1), onDone: (key: string) => done.push(key) };
  const loop = new OpenLoop(target, gets(), recorder, options);
  await jest.advanceTimersByTimeAsync(1_000);
  recorder.close(performance.now());
  const stopped = loop.stop();
  target.answerAll();
  await stopped;
  // All were answered at the end of the second: latencies are spread evenly over it.
  expect(recorder.latencies.totalCount).toBe(target.issued);
  expect(recorder.latencies.maxValue).toBeGreaterThan(950_000);
  expect(recorder.latencies.mean).toBeGreaterThan(400_000);
  expect(recorder.latencies.mean).toBeLessThan(600_000);
  expect(done).toHaveLength(target.issued);
});

test('an operation counts for the throughput of its completion and for the latencies of its due time', () => {
  const recorder = new Recorder();
  recorder.open(1_000);
  recorder.done(900, 1_100, true);
  recorder.done(1_200, 1_300, false);
  recorder.close(2_000);
  recorder.done(1_900, 2_500, true);
  recorder.failed(2_100, 2_200, 'LATE');
  expect(recorder.outcomes()).toEqual({ completed: 2, seconds: 1, issued: 0, missing: 1, failures: {} });
  expect(recorder.latencies.totalCount).toBe(2);
  expect(recorder.latencies.maxValue).toBeGreaterThanOrEqual(600_000);
});

test('the delay of an event is counted from the acknowledgement of the write of the same value, and is never below 0', () => {
  const written = [1, 11, 2, 12, 3, 13];
  const told = [2, 14.5, 1, 10, 9, 99];
  expect(delaysBetween(written, told)).toEqual([2.5, 0]);
});

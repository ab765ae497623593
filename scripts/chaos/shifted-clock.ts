/**
 * Loaded into a node before its own program (`node --require`): shifts the clocks that the node sees when it is told
 * to, over the channel to its parent. The programs themselves know nothing of it.
 *
 * A machine that sleeps is a process that does nothing and whose monotonic clock has stood still, while its wall clock
 * has gone on and is right at once. Timers of the event loop are the system's and see the sleep. That only makes them
 * early, which a program has to bear.
 */

import os from 'node:os';

/** Sets the wall clock by so much, or has the machine sleep. */
export type ClockOrder =
  { readonly setMs: number } | { readonly sleepMs: number; readonly uptimeGoesOn: boolean };

let wallAheadMs = 0;
let monotonicBehindMs = 0;
let uptimeBehindMs = 0;

const RealDate = Date;
const realNow = Date.now.bind(Date);
const realPerformanceNow = performance.now.bind(performance);
const realUptime = os.uptime.bind(os);
const realHrtime = process.hrtime.bind(process);
const realHrtimeBigint = process.hrtime.bigint.bind(process.hrtime);

const wallNow = (): number => realNow() + wallAheadMs;
const NANOSECONDS = 1_000_000;

globalThis.Date = new Proxy(RealDate, {
  construct: (target, args, newTarget) =>
    Reflect.construct(target, args.length === 0 ? [wallNow()] : args, newTarget) as object,
  apply: () => new RealDate(wallNow()).toString(),
  get: (target, name) => (name === 'now' ? wallNow : (Reflect.get(target, name) as unknown)),
});
performance.now = () => realPerformanceNow() - monotonicBehindMs;
os.uptime = () => realUptime() - uptimeBehindMs / 1_000;

const hrtimeBigint = (): bigint => realHrtimeBigint() - BigInt(Math.round(monotonicBehindMs * NANOSECONDS));
const hrtime = (since?: [number, number]): [number, number] => {
  if (since === undefined && monotonicBehindMs === 0) return realHrtime();
  const second = 1_000n * BigInt(NANOSECONDS);
  const nowNs = hrtimeBigint();
  const passedNs = since === undefined ? nowNs : nowNs - (BigInt(since[0]) * second + BigInt(since[1]));
  return [Number(passedNs / second), Number(passedNs % second)];
};
process.hrtime = Object.assign(hrtime, { bigint: hrtimeBigint });

process.on('message', (order: ClockOrder) => {
  if ('setMs' in order) {
    wallAheadMs += order.setMs;
    return;
  }
  const startedMs = realPerformanceNow();
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, order.sleepMs);
  const sleptMs = realPerformanceNow() - startedMs;
  monotonicBehindMs += sleptMs;
  if (!order.uptimeGoesOn) uptimeBehindMs += sleptMs;
});
// Listening must not keep the process alive.
process.channel?.unref();

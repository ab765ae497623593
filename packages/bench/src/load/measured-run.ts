/** One run: a loop that is warmed up, then a window in which everything is counted. */

import { setTimeout as pause } from 'node:timers/promises';
import { encodeIntoCompressedBase64 } from 'hdr-histogram-js';
import { Random } from '@ringkeep/shared';
import type { Target } from '../targets/target';
import { ClosedLoop } from './closed-loop';
import type { RunSpec, Sample } from './generator-protocol';
import { OpenLoop } from './open-loop';
import { cpuMicroseconds } from '@ringkeep/local-ring';
import { Recorder } from './recorder';
import { StampedTimes } from './stamped-times';
import { Workload } from './workload';

export interface RunListener {
  /** Each operation of an open loop that succeeded, warm-up included. */
  readonly onDone?: (key: string, index: number) => void;
  /** Each write of an open loop that succeeded, by the time at which its value was made. */
  readonly onWritten?: (stampMs: number) => void;
}

export async function measuredRun(target: Target, run: RunSpec, listener: RunListener = {}): Promise<Sample> {
  const recorder = new Recorder();
  const written = run.workload.stamped === true ? new StampedTimes() : undefined;
  const loop = startLoop(target, run, recorder, { ...listener, onWritten: (ms) => written?.note(ms) });
  await pause(run.warmUpMs);
  const before = cpuTimes(run.serverPids);
  recorder.open(performance.now());
  await pause(run.measureMs);
  recorder.close(performance.now());
  const after = cpuTimes(run.serverPids);
  await loop.stop();
  return {
    ...recorder.outcomes(),
    clientCpuUs: after.client - before.client,
    serverCpuUs:
      before.server === undefined || after.server === undefined ? undefined : after.server - before.server,
    latencies: encodeIntoCompressedBase64(recorder.latencies),
    failureLatencies: encodeIntoCompressedBase64(recorder.failureLatencies),
    ...(written && { writtenAt: written.list }),
  };
}

function startLoop(
  target: Target,
  { workload: spec, loop, seed }: RunSpec,
  recorder: Recorder,
  listener: RunListener,
): { stop(): Promise<void> } {
  const workload = new Workload(spec, seed);
  if (loop.kind === 'closed') return new ClosedLoop(target, workload, recorder, loop.concurrency);
  const options = { ratePerSecond: loop.ratePerSecond, random: new Random(seed), ...listener };
  return new OpenLoop(target, workload, recorder, options);
}

function cpuTimes(serverPids: readonly number[]): { client: number; server: number | undefined } {
  const { user, system } = process.cpuUsage();
  return { client: user + system, server: cpuMicroseconds(serverPids) };
}

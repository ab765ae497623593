/**
 * A fixed number of operations outstanding at all times: when one is answered, the next is issued at once.
 *
 * This shows how much a system can do. A slow answer delays the operations that would have come after it, so these
 * latencies flatter; those of an open loop (open-loop.ts) do not.
 */

import type { Target } from '../targets/target';
import { attempt, failureCode, found } from './attempt';
import type { Recorder } from './recorder';
import type { Workload, WorkloadOperation } from './workload';

export class ClosedLoop {
  private running = true;
  private readonly slots: Promise<void>[];

  constructor(
    private readonly target: Target,
    private readonly workload: Workload,
    private readonly recorder: Recorder,
    concurrency: number,
  ) {
    this.slots = Array.from({ length: concurrency }, () => this.slot());
  }

  /** Issues nothing more, and waits for what is outstanding. */
  async stop(): Promise<void> {
    this.running = false;
    await Promise.all(this.slots);
  }

  /** Callbacks instead of an async function: their cost is part of every figure. */
  private slot(): Promise<void> {
    return new Promise((ended) => {
      const { target, workload, recorder } = this;
      let operation: WorkloadOperation;
      let issuedAtMs = 0;
      const issue = (nowMs: number): void => {
        if (!this.running) return ended();
        issuedAtMs = nowMs;
        operation = workload.next();
        attempt(target, workload, operation).then(done, failed);
      };
      const done = (value: unknown): void => {
        const nowMs = performance.now();
        recorder.done(issuedAtMs, nowMs, found(operation, value));
        issue(nowMs);
      };
      const failed = (error: unknown): void => {
        const nowMs = performance.now();
        recorder.failed(issuedAtMs, nowMs, failureCode(error));
        // A target that refuses at once must not keep the event loop for itself.
        setImmediate(() => issue(performance.now()));
      };
      issue(performance.now());
    });
  }
}

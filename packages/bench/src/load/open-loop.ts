/**
 * Operations at given times, whatever happens to earlier ones: arrivals of a Poisson process of a given rate.
 *
 * Latency counts from the time at which an operation was due, not from when it could be issued, so a stall shows in
 * every operation that it delayed (no coordinated omission). Due operations are issued once a millisecond, the
 * precision of timers, and that wait is part of their latency. A generator that cannot keep up continues as fast as it
 * can, and lets the event loop handle answers in between. The number of issued operations shows this.
 */

import type { Random } from '@ringkeep/shared';
import type { Target } from '../targets/target';
import { attempt, failureCode, found } from './attempt';
import type { Recorder } from './recorder';
import type { Workload } from './workload';

const TURN_MS = 1;
/** Operations issued before the event loop has its turn. */
const ISSUED_MAX = 256;

export interface OpenLoopOptions {
  readonly ratePerSecond: number;
  readonly random: Random;
  /** Told of each operation that succeeded. */
  readonly onDone?: (key: string, index: number) => void;
  /** Told of each write that succeeded when its value was made, where values say so. */
  readonly onWritten?: (stampMs: number) => void;
}

export class OpenLoop {
  private running = true;
  private outstanding = 0;
  private dueAtMs = performance.now();
  private settled: () => void = () => undefined;

  constructor(
    private readonly target: Target,
    private readonly workload: Workload,
    private readonly recorder: Recorder,
    private readonly options: OpenLoopOptions,
  ) {
    this.turn();
  }

  async stop(): Promise<void> {
    this.running = false;
    if (this.outstanding > 0) await new Promise<void>((resolve) => (this.settled = resolve));
  }

  private turn(): void {
    const nowMs = performance.now();
    let issued = 0;
    while (this.running && this.dueAtMs <= nowMs && issued < ISSUED_MAX) {
      this.recorder.issued(nowMs);
      this.issue(this.dueAtMs);
      issued++;
      this.dueAtMs += (-Math.log(1 - this.options.random.fraction()) / this.options.ratePerSecond) * 1_000;
    }
    if (!this.running) return;
    if (this.dueAtMs <= nowMs) setImmediate(() => this.turn());
    else setTimeout(() => this.turn(), TURN_MS);
  }

  private issue(dueAtMs: number): void {
    const operation = this.workload.next();
    this.outstanding++;
    const attempted = attempt(this.target, this.workload, operation);
    const stampMs = this.workload.lastStampMs;
    attempted.then(
      (value) => {
        this.recorder.done(dueAtMs, performance.now(), found(operation, value));
        this.options.onDone?.(operation.key, operation.index);
        this.options.onWritten?.(stampMs);
        this.answered();
      },
      (error: unknown) => {
        this.recorder.failed(dueAtMs, performance.now(), failureCode(error));
        this.answered();
      },
    );
  }

  private answered(): void {
    this.outstanding--;
    if (this.outstanding === 0 && !this.running) this.settled();
  }
}

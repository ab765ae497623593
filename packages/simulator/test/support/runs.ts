/**
 * Runs of the simulator in a thread of their own, as it was compiled: `npm test` builds it before. In a test environment,
 * where each look at a global is a call, the same runs take twice the time.
 */

import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Adjustments, RunResult } from '../../src';
import type { WorldOptions } from '../../src/simulated-world';

type RunOptions = Pick<WorldOptions, 'leftOut' | 'keepTrace'>;

interface Waiting {
  readonly resolve: (result: RunResult) => void;
  readonly reject: (error: Error) => void;
}

export class SimulatorThread {
  private readonly worker = new Worker(join(__dirname, 'thread.mjs'));
  private readonly waiting = new Map<number, Waiting>();
  private last = 0;

  constructor() {
    this.worker.on('message', ({ number, result }: { number: number; result: RunResult }) => {
      this.waiting.get(number)?.resolve(result);
      this.waiting.delete(number);
    });
    this.worker.on('error', (error) => {
      for (const { reject } of this.waiting.values()) reject(error);
      this.waiting.clear();
    });
  }

  /** Runs the scenario of a seed. A run that throws rejects. */
  run(seed: number, adjustments: Adjustments = {}, options: RunOptions = {}): Promise<RunResult> {
    const number = ++this.last;
    return new Promise((resolve, reject) => {
      this.waiting.set(number, { resolve, reject });
      this.worker.postMessage({ number, seed, adjustments, options });
    });
  }

  async end(): Promise<void> {
    await this.worker.terminate();
  }
}

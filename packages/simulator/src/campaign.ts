/** Runs many seeds in several worker processes. Each worker takes a few seeds at a time, and shrinks what fails. */

import { fork, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import type { Rule } from './left-out';
import type { Adjustments } from './scenario';

/** Seeds handed to a worker at once. */
const SEEDS_AT_ONCE = 10;

/** To a worker: run these. */
export interface SeedRange {
  readonly from: number;
  readonly count: number;
  readonly adjustments: Adjustments;
  readonly leftOut: Rule | undefined;
}

/** From a worker, for each seed. */
export interface SeedReport {
  readonly seed: number;
  /** The line of a failure; absent when all is well. */
  readonly failure?: string;
  readonly recoveredAfterMs: number;
  readonly operations: number;
}

export interface CampaignOptions extends SeedRange {
  readonly workers: number;
  readonly onReport: (report: SeedReport) => void;
}

/** Resolves when every seed was run. Rejects when a worker dies. */
export async function runCampaign({
  from,
  count,
  adjustments,
  leftOut,
  workers,
  onReport,
}: CampaignOptions): Promise<void> {
  let next = from;
  const end = from + count;
  const hand = (worker: ChildProcess): void => {
    if (next >= end) return void worker.disconnect();
    const range: SeedRange = { from: next, count: Math.min(SEEDS_AT_ONCE, end - next), adjustments, leftOut };
    next += range.count;
    worker.send(range);
  };
  const running = Array.from({ length: Math.min(workers, Math.ceil(count / SEEDS_AT_ONCE)) }, () => {
    const worker = fork(join(__dirname, 'worker.js'), { stdio: 'inherit' });
    return new Promise<void>((resolve, reject) => {
      let waiting = 0;
      worker.on('message', (report: SeedReport) => {
        onReport(report);
        if (--waiting === 0) start();
      });
      worker.on('exit', (code) =>
        code === 0 && waiting === 0
          ? resolve()
          : reject(new Error(`a worker ended with code ${code} before its seeds`)),
      );
      const start = (): void => {
        waiting = Math.min(SEEDS_AT_ONCE, end - next);
        hand(worker);
      };
      start();
    });
  });
  await Promise.all(running);
}

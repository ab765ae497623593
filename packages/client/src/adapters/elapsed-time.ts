/**
 * Milliseconds that only grow, and that go on while the machine sleeps: Node's monotonic clock does not, and a lock held
 * elsewhere ends all the same. The system's uptime goes on; it is read in hundredths of a second, so it counts only where
 * it has got ahead by more than that.
 */

import { uptime } from 'node:os';
import { performance } from 'node:perf_hooks';

/** Two readings in hundredths of a second, and some room. */
const UPTIME_DOUBT_MS = 30;

export class ElapsedTime {
  private aheadMs = 0;
  private readonly startedMs: number;

  constructor(
    private readonly running: () => number = () => performance.now(),
    private readonly up: () => number = () => uptime() * 1_000,
  ) {
    this.startedMs = up() - running();
  }

  now(): number {
    const running = this.running();
    const sleptMs = this.up() - running - this.startedMs;
    if (sleptMs - this.aheadMs > UPTIME_DOUBT_MS) this.aheadMs = sleptMs;
    return running + this.aheadMs;
  }
}

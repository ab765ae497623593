/**
 * The clock of a process: milliseconds that only grow, and whether the machine slept meanwhile.
 *
 * Node's monotonic clock stands still while the machine is suspended, but leases held elsewhere run out.
 * The system's uptime goes on. When the two move apart, time was slept through, and whoever counts on a
 * lease must take it for expired.
 */

import { uptime } from 'node:os';

/** Uptime comes in hundredths of a second; two of them, read at two moments, and some room. */
const SUSPENSION_MS_MIN = 50;

export class MonotonicClock {
  private apartMs: number;

  constructor(
    private readonly running: () => number = () => performance.now(),
    private readonly elapsed: () => number = () => uptime() * 1000,
  ) {
    this.apartMs = elapsed() - running();
  }

  /** Milliseconds since some moment in the past. */
  now(): number {
    return this.running();
  }

  /** True once for each time that the machine slept since the last call. Costs some microseconds. */
  suspended(): boolean {
    const apartMs = this.elapsed() - this.running();
    const slept = apartMs - this.apartMs > SUSPENSION_MS_MIN;
    if (slept) this.apartMs = apartMs;
    return slept;
  }
}

/**
 * The ring's time, as the registry tells it: the wall clock of when it started, going on by the monotonic one. So it does
 * not jump when somebody sets the wall clock. After the machine has slept it is read anew, and it never goes back.
 */

import { MonotonicClock } from '@ringkeep/process/running';

export class RingClock {
  private offsetMs: number;
  private latestMs = 0;

  constructor(
    private readonly clock = new MonotonicClock(),
    private readonly wall: () => number = Date.now,
  ) {
    this.offsetMs = wall() - clock.now();
  }

  /** Milliseconds since 1970. */
  readonly nowMs = (): number => {
    if (this.clock.suspended()) this.offsetMs = Math.max(this.offsetMs, this.wall() - this.clock.now());
    this.latestMs = Math.max(this.latestMs, this.clock.now() + this.offsetMs);
    return this.latestMs;
  };
}

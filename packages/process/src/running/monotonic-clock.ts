/**
 * The clock of a process: milliseconds that only grow, and whether the machine slept meanwhile.
 *
 * Node's monotonic clock stands still while the machine is suspended, but leases held elsewhere run out. Two other
 * clocks go on. The system's uptime goes on in a sleep. The wall clock goes on in a sleep too, and it is ahead, once
 * somebody has set it right, after the pause of a virtual machine, in which uptime also stands still. When either gets
 * ahead of the monotonic clock, the machine slept, and whoever relies on a lease must take it for expired. A wall clock
 * that is set forward for another reason looks the same: that costs a lease and nothing else. One that is set back says
 * nothing.
 *
 * Reading the uptime reads a file, so it is not done at each step: the wall clock shows at once that there is reason to
 * look. Since the wall clock may be set back at just that moment, the uptime is read now and then anyway.
 */

import { uptime } from 'node:os';

/** Uptime comes in hundredths of a second; two of them, read at two moments, and some room. */
const SUSPENSION_MS_MIN = 50;
/** How fast a clock may gain on the monotonic one without being set: twice what NTP slews at most. */
const SLEW_MAX = 1e-3;
/** How far the wall clock may move from the monotonic one before the uptime is read. */
const WALL_JUMP_MS = 20;
/** The uptime is read at least this often. */
const LOOK_MS = 10;

/** How far a clock that goes on in sleep is ahead of the running one. */
class Lead {
  private ms: number;

  constructor(
    readMs: number,
    private lookedAtMs: number,
  ) {
    this.ms = readMs - lookedAtMs;
  }

  /**
   * The clock was read between two readings of the running one. A process that was not scheduled between the two did
   * not sleep. Small gains add up, except for what slewing explains.
   *
   * @returns how far it has leapt ahead; well below zero when it was set back
   */
  leapt(readMs: number, fromMs: number, toMs: number): number {
    const slewedMs = this.ms + SLEW_MAX * (toMs - this.lookedAtMs);
    const leapMs = readMs - toMs - slewedMs;
    this.ms = leapMs > SUSPENSION_MS_MIN ? readMs - toMs : Math.min(readMs - fromMs, slewedMs);
    this.lookedAtMs = toMs;
    return leapMs;
  }
}

export class MonotonicClock {
  private readonly uptimeLead: Lead;
  private readonly wallLead: Lead;
  private lookedAtMs: number;

  constructor(
    private readonly running: () => number = () => performance.now(),
    private readonly elapsed: () => number = () => uptime() * 1000,
    private readonly wall: () => number = Date.now,
  ) {
    this.lookedAtMs = running();
    this.uptimeLead = new Lead(elapsed(), this.lookedAtMs);
    this.wallLead = new Lead(wall(), this.lookedAtMs);
  }

  /** Milliseconds since some moment in the past. */
  now(): number {
    return this.running();
  }

  /** True once for each time that the machine slept, or may have slept, since the last call. */
  suspended(): boolean {
    const fromMs = this.running();
    const wallMs = this.wall();
    const nowMs = this.running();
    const wallLeaptMs = this.wallLead.leapt(wallMs, fromMs, nowMs);
    if (Math.abs(wallLeaptMs) < WALL_JUMP_MS && nowMs - this.lookedAtMs < LOOK_MS) return false;
    this.lookedAtMs = nowMs;
    const uptimeMs = this.elapsed();
    const uptimeLeaptMs = this.uptimeLead.leapt(uptimeMs, nowMs, this.running());
    return wallLeaptMs > SUSPENSION_MS_MIN || uptimeLeaptMs > SUSPENSION_MS_MIN;
  }
}

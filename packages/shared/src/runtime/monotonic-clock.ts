/**
 * The clock of a process: milliseconds that only grow, and whether the machine slept meanwhile.
 *
 * Node's monotonic clock stands still while the machine is suspended, but leases held elsewhere run out.
 * The system's uptime goes on. When the two move apart, time was slept through, and whoever counts on a
 * lease must take it for expired.
 *
 * Asking for the uptime reads a file, so it is not asked at each step: the wall clock goes on in sleep as well
 * and tells at once that there is something to ask about. As it may be set back just then, the uptime is
 * asked now and then all the same.
 */

import { uptime } from 'node:os';

/** Uptime comes in hundredths of a second; two of them, read at two moments, and some room. */
const SUSPENSION_MS_MIN = 50;

/** How far the wall clock may move from the monotonic one before the uptime is asked. */
const WALL_JUMP_MS = 20;
/** The uptime is asked at least so often. */
const LOOK_MS = 10;

export class MonotonicClock {
  private apartMs: number;
  private wallApartMs: number;
  private lookedAtMs: number;

  constructor(
    private readonly running: () => number = () => performance.now(),
    private readonly elapsed: () => number = () => uptime() * 1000,
    private readonly wall: () => number = Date.now,
  ) {
    this.lookedAtMs = running();
    this.apartMs = elapsed() - this.lookedAtMs;
    this.wallApartMs = wall() - this.lookedAtMs;
  }

  /** Milliseconds since some moment in the past. */
  now(): number {
    return this.running();
  }

  /** True once for each time that the machine slept since the last call. */
  suspended(): boolean {
    const nowMs = this.running();
    const wallApartMs = this.wall() - nowMs;
    const jumped = Math.abs(wallApartMs - this.wallApartMs) >= WALL_JUMP_MS;
    if (!jumped && nowMs - this.lookedAtMs < LOOK_MS) return false;
    this.lookedAtMs = nowMs;
    this.wallApartMs = wallApartMs;
    const apartMs = this.elapsed() - nowMs;
    const slept = apartMs - this.apartMs > SUSPENSION_MS_MIN;
    if (slept) this.apartMs = apartMs;
    return slept;
  }
}

/**
 * A machine's clock: it started at some time of its own and runs a little too fast or too slow.
 *
 * Only leases depend on clocks, and only on their rates. How far two rates may differ follows from the margin. A holder
 * relies on lease − margin of its own time, and the granter waits for a lease of its own, so the two are safe while
 * fast / slow ≤ lease / (lease − margin).
 */

import type { Random } from '@ringkeep/shared';
import type { Timeline } from './timeline';

/** Share of the drift that the margin covers which clocks really have. */
const USED_DRIFT = 0.9;

/** By how much two clocks may get apart in a time, as a part of it: more than those that are drawn ever do. */
export function driftBetween({ leaseMs, leaseMarginMs }: ClockBounds): number {
  return leaseMs / (leaseMs - leaseMarginMs) - 1;
}

/** From when on a time to live that begins now may be over, whatever the clocks by which it is measured. */
export function mayEndFromMs(
  nowMs: number,
  ttlMs: number,
  bounds: ClockBounds & { readonly clockSkewMs: number },
): number {
  return nowMs + (ttlMs - bounds.clockSkewMs) / (1 + driftBetween(bounds));
}

interface ClockBounds {
  readonly leaseMs: number;
  readonly leaseMarginMs: number;
}

export class DriftingClock {
  constructor(
    private readonly timeline: Timeline,
    private offsetMs: number,
    private readonly rate: number,
  ) {}

  static draw(timeline: Timeline, random: Random, leaseMs: number, leaseMarginMs: number): DriftingClock {
    const ratio = leaseMs / (leaseMs - leaseMarginMs);
    const most = ((ratio - 1) / (ratio + 1)) * USED_DRIFT;
    const rate = 1 + most * (2 * random.fraction() - 1);
    return new DriftingClock(timeline, random.fraction() * 1e6, rate);
  }

  /** The machine slept for a while; the clock did not count it. */
  sleep(forMs: number): void {
    this.offsetMs -= forMs * this.rate;
  }

  get now(): number {
    return this.offsetMs + this.timeline.now * this.rate;
  }

  /** How much true time goes by until this clock shows `time`. */
  trueDelayUntil(time: number): number {
    return (time - this.now) / this.rate;
  }
}

/**
 * The ring's time, by which keys end: this machine's monotonic clock and an offset that the registry's answers tell.
 *
 * Somewhere between a question and its answer the registry's clock showed what the answer says. So each answer bounds
 * the offset, and the bounds move apart as fast as two clocks may differ (Marzullo's and Cristian's ways, as in NTP).
 * While it is known it is slewed and never stepped: whoever relies on a duration sees it pass. It is forgotten when the
 * machine has slept, for then the monotonic clock says nothing.
 */

/** The part of an elapsed time by which the offset may move meanwhile. */
const SLEW_MAX = 1 / 4;

interface Bounds {
  readonly low: number;
  readonly high: number;
  /** When they were as far apart as this. */
  readonly at: number;
}

export class RingTime {
  private bounds: Bounds | undefined;
  private offsetMs = Number.NaN;
  private movedAt = 0;

  /** @param driftMax by how much two clocks may get apart in a time, as a part of it */
  constructor(private readonly driftMax: number) {}

  /** The registry has said what time it was. Times are this machine's. */
  heard(registryMs: number, sentAt: number, now: number): void {
    const told: Bounds = { low: registryMs - now, high: registryMs - sentAt, at: now };
    const known = this.boundsAt(now);
    if (known === undefined) {
      this.bounds = told;
      this.offsetMs = (told.low + told.high) / 2;
      this.movedAt = now;
      return;
    }
    this.offsetMs = this.offsetAt(now);
    this.movedAt = now;
    const low = Math.max(known.low, told.low);
    const high = Math.min(known.high, told.high);
    // A registry whose clock was set is believed, and followed slowly.
    this.bounds = low <= high ? { low, high, at: now } : told;
  }

  /** The monotonic clock has not counted a time. */
  forget(): void {
    this.bounds = undefined;
  }

  /** What it is, as well as it is known; NaN before it has been heard for the first time. */
  at(now: number): number {
    return now + this.offsetAt(now);
  }

  /** By how much it may be wrong, ms. */
  doubtMs(now: number): number {
    const bounds = this.boundsAt(now);
    if (bounds === undefined) return Number.POSITIVE_INFINITY;
    const offsetMs = this.offsetAt(now);
    return Math.max(bounds.high - offsetMs, offsetMs - bounds.low);
  }

  private boundsAt(now: number): Bounds | undefined {
    if (this.bounds === undefined) return undefined;
    const { low, high, at } = this.bounds;
    const driftMs = this.driftMax * (now - at);
    return { low: low - driftMs, high: high + driftMs, at: now };
  }

  private offsetAt(now: number): number {
    if (this.bounds === undefined) return this.offsetMs;
    const wanted = (this.bounds.low + this.bounds.high) / 2;
    const mostMs = SLEW_MAX * (now - this.movedAt);
    return this.offsetMs + Math.max(-mostMs, Math.min(mostMs, wanted - this.offsetMs));
  }
}

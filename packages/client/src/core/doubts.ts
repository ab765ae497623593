/**
 * Sources of news of the ring that are avoided for a while: they were silent, heard nothing from the registry
 * themselves, or ended the watch. Each doubt in a row lasts twice as long as the one before, so that a ring whose
 * registry is down for hours is not asked over and over.
 */

import { DOUBT_LEASES } from './limits';

interface Doubt {
  readonly untilMs: number;
  readonly inARow: number;
}

export class Doubts {
  private readonly doubts = new Map<string, Doubt>();

  raise(address: string, nowMs: number, leaseMs: number): void {
    const inARow = (this.doubts.get(address)?.inARow ?? 0) + 1;
    const leases = Math.min(DOUBT_LEASES.longest, DOUBT_LEASES.first * 2 ** (inARow - 1));
    this.doubts.set(address, { untilMs: nowMs + leases * leaseMs, inARow });
  }

  /** The source has shown that there is no reason for doubt. */
  dispel(address: string): void {
    if (this.doubts.size > 0) this.doubts.delete(address);
  }

  holds(address: string, nowMs: number): boolean {
    return (this.doubts.get(address)?.untilMs ?? -Infinity) > nowMs;
  }

  /** When the first of those that still hold ends; Infinity when none does. */
  nextEndMs(nowMs: number): number {
    let first = Infinity;
    for (const { untilMs } of this.doubts.values()) if (untilMs > nowMs) first = Math.min(first, untilMs);
    return first;
  }

  /** Forgets all but those addresses. */
  retain(isKnown: (address: string) => boolean): void {
    for (const address of this.doubts.keys()) if (!isKnown(address)) this.doubts.delete(address);
  }
}

/**
 * For how long a holder may take a lock for its own, by its own clock.
 *
 * The key lives for at least `ttlMs − clockSkewMs` from the moment at which its owner has set the end. That moment lies
 * behind the sending of the request, and the holder knows only when it sent. So it counts from before the last request
 * that was answered was sent. What was sent and not answered may not have arrived.
 */

import { invariant } from '@ringkeep/shared/ring/errors';

/** Renewals in a time to live: two may fail. */
const RENEWALS_PER_TTL = 3;
/** After a renewal that failed the next one follows after this share of the pause between two. */
const RETRY_SHARE = 1 / 8;

export class LockHold {
  private renewAtMs: number;

  /** @param sentAtMs before the request was sent that has acquired it */
  constructor(
    private readonly ttlMs: number,
    private readonly clockSkewMs: number,
    private sentAtMs: number,
  ) {
    invariant(ttlMs > clockSkewMs, 'a lock outlives the doubt about its end');
    this.renewAtMs = sentAtMs + this.pauseMs;
  }

  /** From then on it may be somebody else's. */
  get lostAtMs(): number {
    return this.sentAtMs + this.ttlMs - this.clockSkewMs;
  }

  /** When to ask for more time. */
  get nextRenewalAtMs(): number {
    return this.renewAtMs;
  }

  /** How long a renewal may take. */
  get pauseMs(): number {
    return this.ttlMs / RENEWALS_PER_TTL;
  }

  /** The renewal that was sent at that time, or later, was done. */
  renewed(sentAtMs: number): void {
    this.sentAtMs = Math.max(this.sentAtMs, sentAtMs);
    this.renewAtMs = sentAtMs + this.pauseMs;
  }

  /** What has become of a renewal is not known. */
  unanswered(nowMs: number): void {
    this.renewAtMs = nowMs + this.pauseMs * RETRY_SHARE;
  }

  isLost(nowMs: number): boolean {
    return nowMs >= this.lostAtMs;
  }
}

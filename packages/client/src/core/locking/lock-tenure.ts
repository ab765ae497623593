/**
 * A lock while somebody has it: renewed at a third of its time, until it is released or lost.
 *
 * Renewals and the release are conditions on the id of the claim, so neither touches a lock that another holder has
 * acquired meanwhile. A renewal that finds another value says that the lock is lost.
 *
 * It has no clock, client or promise: answers and the time go in, effects come out.
 */

import type { RingError } from '@ringkeep/shared/ring/errors';
import { LOCK_LOOK_MS } from '../limits';
import { CLIENT_RULES, type ClientRules } from '../rules';
import type { LockHold } from './lock-hold';

export type LockTenureEffect =
  /** The key is to end a time to live from now, if this value is there. */
  | { readonly kind: 'renew'; readonly ifValue: string | undefined; readonly deadlineMs: number }
  /** The key is to be deleted if the id is there. */
  | { readonly kind: 'clear'; readonly deadlineMs: number }
  /** It may be somebody else's. */
  | { readonly kind: 'lost'; readonly why: string }
  /** With an error where it is not certain that the key is gone: it ends by itself. */
  | { readonly kind: 'released'; readonly error: RingError | undefined };

export interface LockTenureConfig {
  readonly id: string;
  readonly ttlMs: number;
  readonly rules?: ClientRules;
}

export class LockTenure {
  private effects: LockTenureEffect[] = [];
  private phase: 'held' | 'releasing' | 'over' = 'held';
  private renewalSentAtMs: number | undefined;
  private readonly rules: ClientRules;

  constructor(
    private readonly config: LockTenureConfig,
    private readonly hold: LockHold,
  ) {
    this.rules = config.rules ?? CLIENT_RULES;
  }

  /** Whoever asks may take it for its own. */
  isHeld(nowMs: number): boolean {
    return this.phase === 'held' && !this.hold.isLost(nowMs);
  }

  /** It is released or lost. */
  get isOver(): boolean {
    return this.phase === 'over';
  }

  // ---- inputs ----

  tick(nowMs: number): void {
    if (this.phase !== 'held') return;
    if (this.hold.isLost(nowMs)) return this.lose('it could not be renewed in time');
    if (nowMs < this.hold.nextRenewalAtMs || this.renewalSentAtMs !== undefined) return;
    this.renewalSentAtMs = nowMs;
    const ifValue = this.rules.renewedIf(this.config.id);
    this.effects.push({ kind: 'renew', ifValue, deadlineMs: this.hold.pauseMs });
  }

  /** @param done false where another value was there, or none */
  renewed(done: boolean): void {
    const sentAtMs = this.renewalEnded();
    if (this.phase !== 'held') return;
    if (done) this.hold.renewed(sentAtMs);
    else this.lose('somebody else has it, or it has ended');
  }

  renewalFailed(error: RingError, nowMs: number): void {
    this.renewalEnded();
    if (error.code === 'CANCELLED') this.lose('the client is closed');
    this.hold.unanswered(nowMs);
  }

  /** Where it is lost there is nothing to release. */
  release(): void {
    if (this.phase === 'releasing') return;
    if (this.phase === 'over') return void this.effects.push({ kind: 'released', error: undefined });
    this.phase = 'releasing';
    this.effects.push({ kind: 'clear', deadlineMs: this.config.ttlMs });
  }

  cleared(error: RingError | undefined): void {
    this.phase = 'over';
    this.effects.push({ kind: 'released', error });
  }

  // ---- outputs ----

  /** When it wants the next tick: timers stand still while a machine sleeps, so it looks at the clock often. */
  nextTickAtMs(nowMs: number): number {
    if (this.phase !== 'held') return Infinity;
    const { lostAtMs, nextRenewalAtMs } = this.hold;
    const next = this.renewalSentAtMs === undefined ? Math.min(lostAtMs, nextRenewalAtMs) : lostAtMs;
    return Math.min(next, nowMs + LOCK_LOOK_MS);
  }

  /** The effects since the last call, in order. */
  take(): readonly LockTenureEffect[] {
    const { effects } = this;
    this.effects = [];
    return effects;
  }

  // ---- what becomes of it ----

  /** @returns when the renewal was sent */
  private renewalEnded(): number {
    const sentAtMs = this.renewalSentAtMs ?? -Infinity;
    this.renewalSentAtMs = undefined;
    return sentAtMs;
  }

  private lose(why: string): void {
    if (this.phase !== 'held') return;
    this.phase = 'over';
    this.effects.push({ kind: 'lost', why });
  }
}

/**
 * The way to a lock: from the first attempt until somebody has it or has given up, and has left nothing behind.
 *
 *   1. An attempt writes the claim's own id on condition that the key is absent. An attempt whose outcome is not known
 *      may have done so: then the next one finds the id, and the lock is this claim's since the first such attempt.
 *   2. Who finds it taken opens a watch, and tries again as soon as that has begun: no end of the lock is missed. It
 *      tries again at each end, where changes were lost, and when the time that the lock had left has passed.
 *   3. Who gives up waits for the answer of the attempt that is under way: a deletion could arrive before it. What it
 *      brought, or what an attempt of unknown outcome may have, is deleted, on condition that it is this claim's.
 *
 * It has no clock, client or promise: answers and the time go in, effects come out.
 */

import { RingError } from '@ringkeep/shared/ring/errors';
import { LOCK_AGAIN_MS, LOCK_LEAVE_MS_MAX, LOCK_OVER_MS } from '../limits';
import { LockHold } from './lock-hold';

export type LockClaimEffect =
  /** The id is to be written if nothing is there, for the lock's time to live, and what is there is to be told. */
  | { readonly kind: 'attempt'; readonly deadlineMs: number }
  /** The key is to be deleted if the id is there. */
  | { readonly kind: 'clear'; readonly deadlineMs: number }
  | { readonly kind: 'watch' }
  | { readonly kind: 'stop-watching' }
  | { readonly kind: 'acquired'; readonly token: number; readonly hold: LockHold }
  | { readonly kind: 'given-up'; readonly error: RingError };

export interface LockClaimConfig {
  /** That of no other claim. */
  readonly id: string;
  readonly ttlMs: number;
  /** 0 tries once, Infinity as long as it takes. */
  readonly waitMs: number;
  readonly clockSkewMs: number;
}

/** What an attempt is answered with. */
export interface AttemptAnswer {
  readonly done: boolean;
  /** Of what is there. */
  readonly version: number;
  readonly value: string | undefined;
  /** How long what is there has still to live, if that is known. */
  readonly ttlMs: number | undefined;
}

export class LockClaim {
  private effects: LockClaimEffect[] = [];
  private phase: 'claiming' | 'leaving' | 'over' = 'claiming';
  private watch: 'none' | 'opening' | 'open' | 'closed' = 'none';
  /** When the attempt was sent that is under way. */
  private sentAtMs: number | undefined;
  /** Since when a write of the id may be there. */
  private doubtfulSinceMs: number | undefined;
  private untilMs = Infinity;
  private tryAtMs = Infinity;
  /** Of the lock, while an attempt is under way. */
  private endSeen = false;
  /** Why there will be no lock, until that is said. */
  private refusal: RingError | undefined;

  constructor(private readonly config: LockClaimConfig) {}

  // ---- inputs ----

  start(nowMs: number): void {
    this.untilMs = nowMs + this.config.waitMs;
    this.attempt(nowMs);
  }

  answered({ done, version, value, ttlMs }: AttemptAnswer, nowMs: number): void {
    const sentAtMs = this.attemptEnded(nowMs);
    if (!done && value !== this.config.id) return this.found(ttlMs, nowMs);
    const sinceMs = done ? sentAtMs : (this.doubtfulSinceMs ?? sentAtMs);
    if (this.phase === 'leaving') {
      this.doubtfulSinceMs = sinceMs;
      return this.clear();
    }
    this.phase = 'over';
    this.stopWatching();
    const hold = new LockHold(this.config.ttlMs, this.config.clockSkewMs, sinceMs);
    this.effects.push({ kind: 'acquired', token: version, hold });
  }

  attemptFailed(error: RingError, nowMs: number): void {
    const sentAtMs = this.attemptEnded(nowMs);
    const mayBeDone = error.code === 'OUTCOME_UNKNOWN' || error.code === 'CANCELLED';
    if (mayBeDone) this.doubtfulSinceMs ??= sentAtMs;
    if (this.phase === 'leaving') return this.clear();
    if (error.code === 'OUTCOME_UNKNOWN' || error.code === 'UNAVAILABLE')
      return this.found(LOCK_AGAIN_MS, nowMs);
    this.giveUp(error, nowMs);
  }

  /** What it may have left is gone, or cannot be removed and ends by itself. */
  cleared(): void {
    this.phase = 'over';
    this.sayRefusal();
  }

  /** The watch misses no change from now on. */
  watching(nowMs: number): void {
    if (this.watch !== 'opening') return;
    this.watch = 'open';
    if (this.isIdle) this.attempt(nowMs);
  }

  watchFailed(error: RingError, nowMs: number): void {
    if (this.watch === 'closed') return;
    this.watch = 'closed';
    this.giveUp(error, nowMs);
  }

  /** The lock has ended, or changes of it were lost. */
  ended(nowMs: number): void {
    this.endSeen = true;
    if (this.isIdle) this.attempt(nowMs);
  }

  giveUp(error: RingError, nowMs: number): void {
    if (this.phase !== 'claiming') return;
    this.phase = 'leaving';
    this.refusal = error;
    this.untilMs = nowMs + LOCK_LEAVE_MS_MAX;
    this.stopWatching();
    if (this.sentAtMs === undefined) this.clear();
  }

  tick(nowMs: number): void {
    if (this.phase === 'leaving' && nowMs >= this.untilMs) this.sayRefusal();
    if (!this.isIdle) return;
    if (nowMs >= this.untilMs) this.giveUp(tooLate(), nowMs);
    else if (nowMs >= this.tryAtMs) this.attempt(nowMs);
  }

  // ---- outputs ----

  /** When it wants the next tick, if nothing comes in before. */
  nextTickAtMs(): number {
    if (this.phase === 'leaving') return this.refusal === undefined ? Infinity : this.untilMs;
    return this.isIdle ? Math.min(this.untilMs, this.tryAtMs) : Infinity;
  }

  /** Nothing more comes of it. */
  get isOver(): boolean {
    return this.phase === 'over';
  }

  /** The effects since the last call, in order. */
  take(): readonly LockClaimEffect[] {
    const { effects } = this;
    this.effects = [];
    return effects;
  }

  // ---- attempts ----

  /** It waits for something to happen. */
  private get isIdle(): boolean {
    return this.phase === 'claiming' && this.sentAtMs === undefined;
  }

  private attempt(nowMs: number): void {
    this.sentAtMs = nowMs;
    this.tryAtMs = Infinity;
    this.endSeen = false;
    this.effects.push({ kind: 'attempt', deadlineMs: this.config.ttlMs });
  }

  /** @returns when it was sent */
  private attemptEnded(nowMs: number): number {
    const { sentAtMs = nowMs } = this;
    this.sentAtMs = undefined;
    return sentAtMs;
  }

  /** It is somebody else's, or nobody knows, for so long. */
  private found(leftMs: number | undefined, nowMs: number): void {
    if (this.phase === 'leaving') return this.clear();
    if (nowMs >= this.untilMs) return this.giveUp(tooLate(), nowMs);
    if (this.watch === 'none') {
      this.watch = 'opening';
      this.effects.push({ kind: 'watch' });
    } else if (this.endSeen) {
      return this.attempt(nowMs);
    }
    // The watch says when to try, but where that cannot be opened the time does.
    this.tryAtMs = leftMs === undefined ? Infinity : nowMs + leftMs + LOCK_OVER_MS;
  }

  // ---- giving up ----

  private clear(): void {
    if (this.doubtfulSinceMs === undefined) return this.cleared();
    this.effects.push({ kind: 'clear', deadlineMs: this.config.ttlMs });
  }

  private sayRefusal(): void {
    if (this.refusal === undefined) return;
    this.effects.push({ kind: 'given-up', error: this.refusal });
    this.refusal = undefined;
  }

  private stopWatching(): void {
    if (this.watch === 'opening' || this.watch === 'open') this.effects.push({ kind: 'stop-watching' });
    this.watch = 'closed';
  }
}

function tooLate(): RingError {
  return new RingError('DEADLINE_EXCEEDED', 'the lock is somebody else’s for longer than `waitMs`');
}

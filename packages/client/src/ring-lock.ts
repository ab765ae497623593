/**
 * A lock on a name: a key that is there while somebody holds it.
 *
 *   1. Its value is an id of this acquisition and of no other. Renewals and the release are conditions on it, so neither
 *      can touch a lock that another holder has acquired meanwhile.
 *   2. The token is the version of the write that acquired it: of two holders the later one has the greater token.
 *   3. A waiter opens its watch before it tries, so no end of the lock is missed. It tries again at each end, where
 *      changes were lost, and when the time that the lock had left has passed.
 *
 * A holder whose process stood still learns too late that it has lost the lock. `lost` is a courtesy; only a resource
 * that refuses smaller tokens is safe.
 */

import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Ring } from '@ringkeep/shared';
import { RingError } from '@ringkeep/shared/ring/errors';
import type { WriteResult } from '@ringkeep/shared/operations/write-options';
import { ElapsedTime } from './adapters/elapsed-time';
import { LockHold } from './core';
import type { Operand } from './operands';
import { checkDuration, checkWait, type ConnectOptions, type WriteOptions } from './options';
import type { RingChanges } from './ring-changes';

export interface LockOptions {
  /** How long it is held when the holder is gone: above the ring's `clockSkewMs`. */
  readonly ttlMs: number;
  /** How long to wait for it; 0 tries once. By default as long as it takes. */
  readonly waitMs?: number;
  readonly signal?: AbortSignal | undefined;
}

/** What of a client a lock is made of. */
interface LockingClient {
  set(key: Operand, value: Operand, options: WriteOptions): Promise<WriteResult>;
  expire(key: Operand, end: number, options: WriteOptions): Promise<WriteResult>;
  delete(key: Operand, options: WriteOptions): Promise<WriteResult>;
  watch(options: { readonly key: Operand; readonly signal?: AbortSignal | undefined }): RingChanges;
  ready(options: ConnectOptions): Promise<Ring>;
}

/** How often a holder looks at the clock, at least: timers stand still while the machine sleeps. */
const LOOK_MS = 250;
/** A waiter that was told that the lock should be over looks a little later. */
const OVER_MS = 20;
/** Pause before an attempt whose outcome is not known is made again. */
const AGAIN_MS = 50;

export class RingLock implements AsyncDisposable {
  private readonly ending = new AbortController();
  private released = false;
  private timer: NodeJS.Timeout | undefined;
  private renewing = false;

  /** @param token of two holders of the name the later one has the greater one */
  constructor(
    private readonly client: LockingClient,
    readonly name: Operand,
    readonly token: number,
    private readonly id: string,
    private readonly ttlMs: number,
    private readonly hold: LockHold,
    private readonly clock: ElapsedTime,
  ) {
    this.look();
  }

  /** Aborted when the lock may be somebody else's. */
  get lost(): AbortSignal {
    return this.ending.signal;
  }

  /** Gives it up; the next waiter gets it at once. Where that fails it ends by itself. */
  async release(): Promise<void> {
    if (this.released) return;
    this.released = true;
    clearTimeout(this.timer);
    if (!this.lost.aborted) await this.client.delete(this.name, { ifValue: this.id, deadlineMs: this.ttlMs });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release();
  }

  private look(): void {
    if (this.released || this.lost.aborted) return;
    const nowMs = this.clock.now();
    if (this.hold.isLost(nowMs)) return this.lose('it could not be renewed in time');
    if (nowMs >= this.hold.nextRenewalAtMs && !this.renewing) void this.renew();
    const nextMs = Math.min(this.hold.lostAtMs, Math.max(nowMs, this.hold.nextRenewalAtMs)) - nowMs;
    this.timer = setTimeout(() => this.look(), Math.max(1, Math.min(LOOK_MS, nextMs)));
  }

  private async renew(): Promise<void> {
    this.renewing = true;
    const { hold, clock } = this;
    const sentAtMs = clock.now();
    try {
      const terms = { ifValue: this.id, deadlineMs: hold.pauseMs };
      const { done } = await this.client.expire(this.name, this.ttlMs, terms);
      if (done) hold.renewed(sentAtMs);
      else this.lose('somebody else has it, or it has ended');
    } catch (error) {
      if (!(error instanceof RingError)) throw error;
      if (error.code === 'CANCELLED') this.lose('the client is closed');
      hold.unanswered(clock.now());
    } finally {
      this.renewing = false;
    }
  }

  private lose(why: string): void {
    if (this.released || this.lost.aborted) return;
    clearTimeout(this.timer);
    this.ending.abort(new RingError('FAILED_PRECONDITION', `the lock is lost: ${why}`));
  }
}

/** Throws DEADLINE_EXCEEDED when it is somebody else's for too long, CANCELLED when the signal says so. */
export async function acquireLock(
  client: LockingClient,
  name: Operand,
  { ttlMs, waitMs, signal }: LockOptions,
): Promise<RingLock> {
  checkDuration('ttlMs', ttlMs);
  if (waitMs !== undefined) checkWait('waitMs', waitMs);
  const { clockSkewMs } = (await client.ready({ signal })).parameters;
  if (ttlMs <= clockSkewMs)
    throw new RingError(
      'INVALID_ARGUMENT',
      `ttlMs must be above the ring's clock skew, ${clockSkewMs}, got ${ttlMs}`,
    );
  const attempt = new Attempt(client, name, ttlMs, clockSkewMs, signal);
  const first = await attempt.once();
  if (first instanceof RingLock) return first;
  if (waitMs === 0) throw tooLate();
  return attempt.wait(waitMs === undefined ? Infinity : attempt.clock.now() + waitMs);
}

/** What there is of the lock: how long somebody else's lives on, if that is known. */
interface Taken {
  readonly leftMs: number | undefined;
}

class Attempt {
  readonly clock = new ElapsedTime();
  private readonly id = randomUUID();
  /** Since when a write of this id may be there. */
  private firstSentAtMs: number | undefined;

  constructor(
    private readonly client: LockingClient,
    private readonly name: Operand,
    private readonly ttlMs: number,
    private readonly clockSkewMs: number,
    private readonly signal: AbortSignal | undefined,
  ) {}

  async once(): Promise<RingLock | Taken> {
    const { client, name, id, ttlMs, signal } = this;
    const sentAtMs = this.clock.now();
    try {
      const terms = { ifAbsent: true, ttlMs, showPresent: true, deadlineMs: ttlMs, signal } as const;
      return this.judged(await client.set(name, id, terms), sentAtMs);
    } catch (error) {
      if (signal?.aborted) throw await this.givenUp();
      if (!(error instanceof RingError)) throw error;
      if (error.code !== 'OUTCOME_UNKNOWN' && error.code !== 'UNAVAILABLE') throw error;
      if (error.code === 'OUTCOME_UNKNOWN') this.firstSentAtMs ??= sentAtMs;
      return { leftMs: AGAIN_MS };
    }
  }

  /** The write may have been done: what nobody is going to hold is not left for its time. */
  private async givenUp(): Promise<RingError> {
    await this.client.delete(this.name, { ifValue: this.id, deadlineMs: this.ttlMs }).catch(() => undefined);
    return new RingError('CANCELLED', undefined, { cause: this.signal?.reason });
  }

  async wait(untilMs: number): Promise<RingLock> {
    await using changes = this.client.watch({ key: this.name, signal: this.signal });
    const next = new NextEnd(changes);
    await this.before(untilMs, changes.ready);
    for (;;) {
      const tried = await this.once();
      if (tried instanceof RingLock) return tried;
      const { leftMs } = tried;
      const soon = leftMs === undefined ? Infinity : this.clock.now() + leftMs + OVER_MS;
      if (this.clock.now() >= untilMs) throw tooLate();
      await this.before(Math.min(soon, untilMs), next.comes());
    }
  }

  /** The write may have been done though its answer was lost: then the value that is there is this one's. */
  private judged({ done, version, value, ttlMs }: WriteResult, sentAtMs: number): RingLock | Taken {
    const isOwn = done || (value !== undefined && Buffer.from(value).toString() === this.id);
    if (!isOwn) return { leftMs: ttlMs };
    const since = done ? sentAtMs : (this.firstSentAtMs ?? sentAtMs);
    const hold = new LockHold(this.ttlMs, this.clockSkewMs, since);
    return new RingLock(this.client, this.name, version, this.id, this.ttlMs, hold, this.clock);
  }

  /** Waits for something, but not longer than that. */
  private async before(untilMs: number, something: Promise<unknown>): Promise<void> {
    const over = new AbortController();
    const leftMs = untilMs - this.clock.now();
    const late = leftMs === Infinity ? [] : [pause(Math.max(0, leftMs), undefined, { signal: over.signal })];
    try {
      await Promise.race([something, ...late.map((each) => each.catch(() => undefined))]);
    } finally {
      over.abort();
    }
  }
}

function tooLate(): RingError {
  return new RingError('DEADLINE_EXCEEDED', 'the lock is somebody else’s for longer than `waitMs`');
}

/** Tells of each end of the lock, and of changes that are missing. */
class NextEnd {
  private waiting: Promise<void> | undefined;

  constructor(private readonly changes: RingChanges) {}

  /** The next one that was not told yet. */
  comes(): Promise<void> {
    this.waiting ??= this.find().finally(() => (this.waiting = undefined));
    return this.waiting;
  }

  private async find(): Promise<void> {
    for (;;) {
      const { done, value } = await this.changes.next();
      if (done || value.kind !== 'put') return;
    }
  }
}

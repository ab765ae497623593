/**
 * A lock on a name: a key that is there while somebody holds it.
 *
 *   1. Its value is an id of this acquisition and of no other. Renewals and the release are conditions on it, so neither
 *      can touch a lock that another holder has acquired meanwhile.
 *   2. The token is the version of the write that acquired it: of two holders the later one has the greater token.
 *   3. A holder whose process stood still learns too late that it has lost the lock. `lost` is a courtesy; only a
 *      resource that refuses smaller tokens is safe.
 *
 * What to ask when is decided by two cores (core/locking), which this asks for by the client's calls and one timer each.
 */

import { randomUUID } from 'node:crypto';
import type { Ring } from '@ringkeep/shared';
import { RingError } from '@ringkeep/shared/ring/errors';
import type { WriteResult } from '@ringkeep/shared/operations/write-options';
import { ElapsedTime } from './adapters/elapsed-time';
import { LockClaim, LockTenure, type LockClaimEffect, type LockHold, type LockTenureEffect } from './core';
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
  watch(options: { readonly key: Operand }): RingChanges;
  ready(options: ConnectOptions): Promise<Ring>;
}

interface Claimed {
  readonly client: LockingClient;
  readonly name: Operand;
  readonly id: string;
  readonly ttlMs: number;
  readonly clock: ElapsedTime;
}

export class RingLock implements AsyncDisposable {
  private readonly ending = new AbortController();
  private readonly tenure: LockTenure;
  private timer: NodeJS.Timeout | undefined;
  private releasing: Promise<void> | undefined;
  private released: (error: RingError | undefined) => void = () => undefined;

  /** @param token of two holders of the name the later one has the greater one */
  constructor(
    private readonly claimed: Claimed,
    readonly token: number,
    hold: LockHold,
  ) {
    this.tenure = new LockTenure(claimed, hold);
    this.advance();
  }

  get name(): Operand {
    return this.claimed.name;
  }

  /** Aborted when the lock may be somebody else's. */
  get lost(): AbortSignal {
    return this.ending.signal;
  }

  /** Gives it up; the next waiter gets it at once. Where that fails it ends by itself. */
  release(): Promise<void> {
    this.releasing ??= new Promise((resolve, reject) => {
      this.released = (error) => (error === undefined ? resolve() : reject(error));
      this.tenure.release();
      this.advance();
    });
    return this.releasing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release();
  }

  private advance(): void {
    const { clock } = this.claimed;
    clearTimeout(this.timer);
    this.tenure.tick(clock.now());
    for (const effect of this.tenure.take()) this.perform(effect);
    const nowMs = clock.now();
    const nextMs = this.tenure.nextTickAtMs(nowMs);
    if (nextMs < Infinity) this.timer = setTimeout(() => this.advance(), Math.max(1, nextMs - nowMs));
  }

  private perform(effect: LockTenureEffect): void {
    const { client, name, id, ttlMs, clock } = this.claimed;
    switch (effect.kind) {
      case 'renew': {
        const { ifValue = id, deadlineMs } = effect;
        return this.settle(client.expire(name, ttlMs, { ifValue, deadlineMs }), (told) => {
          if (told instanceof RingError) this.tenure.renewalFailed(told, clock.now());
          else this.tenure.renewed(told.done);
        });
      }
      case 'clear':
        return this.settle(client.delete(name, { ifValue: id, deadlineMs: effect.deadlineMs }), (told) =>
          this.tenure.cleared(told instanceof RingError ? told : undefined),
        );
      case 'lost':
        return this.ending.abort(new RingError('FAILED_PRECONDITION', `the lock is lost: ${effect.why}`));
      case 'released':
        return this.released(effect.error);
    }
  }

  private settle(asked: Promise<WriteResult>, told: (result: WriteResult | RingError) => void): void {
    void settled(asked).then((result) => {
      told(result);
      this.advance();
    });
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
  const claimed = { client, name, id: randomUUID(), ttlMs, clock: new ElapsedTime() };
  const config = { id: claimed.id, ttlMs, clockSkewMs, waitMs: waitMs ?? Infinity };
  return new Claim(claimed, new LockClaim(config)).acquire(signal);
}

class Claim {
  private timer: NodeJS.Timeout | undefined;
  private changes: RingChanges | undefined;
  private acquired: (lock: RingLock) => void = () => undefined;
  private refused: (error: RingError) => void = () => undefined;

  constructor(
    private readonly claimed: Claimed,
    private readonly core: LockClaim,
  ) {}

  async acquire(signal: AbortSignal | undefined): Promise<RingLock> {
    const giveUp = (): void =>
      this.advance((nowMs) =>
        this.core.giveUp(new RingError('CANCELLED', undefined, { cause: signal?.reason }), nowMs),
      );
    if (signal?.aborted) throw new RingError('CANCELLED', undefined, { cause: signal.reason });
    signal?.addEventListener('abort', giveUp);
    try {
      return await new Promise((resolve, reject) => {
        this.acquired = resolve;
        this.refused = reject;
        this.advance((nowMs) => this.core.start(nowMs));
      });
    } finally {
      signal?.removeEventListener('abort', giveUp);
    }
  }

  /** Something has happened, or it is time. */
  private advance(happened: (nowMs: number) => void): void {
    const { core } = this;
    const { clock } = this.claimed;
    clearTimeout(this.timer);
    happened(clock.now());
    core.tick(clock.now());
    for (const effect of core.take()) this.perform(effect);
    const nextMs = core.nextTickAtMs();
    if (nextMs === Infinity) return;
    const leftMs = Math.min(TIMER_MS_MAX, Math.max(1, nextMs - clock.now()));
    this.timer = setTimeout(() => this.advance(() => undefined), leftMs);
  }

  private perform(effect: LockClaimEffect): void {
    const { client, name, id, ttlMs } = this.claimed;
    switch (effect.kind) {
      case 'attempt': {
        const { deadlineMs } = effect;
        const terms = { ifAbsent: true, ttlMs, showPresent: true, deadlineMs } as const;
        return this.settle(client.set(name, id, terms), (told, nowMs) => {
          if (told instanceof RingError) this.core.attemptFailed(told, nowMs);
          else this.core.answered({ ...told, value: textOf(told.value), ttlMs: told.ttlMs }, nowMs);
        });
      }
      case 'clear':
        return this.settle(client.delete(name, { ifValue: id, deadlineMs: effect.deadlineMs }), () =>
          this.core.cleared(),
        );
      case 'watch':
        return this.watch();
      case 'stop-watching':
        return void this.changes?.return();
      case 'acquired':
        return this.acquired(new RingLock(this.claimed, effect.token, effect.hold));
      case 'given-up':
        return this.refused(effect.error);
    }
  }

  private settle(
    asked: Promise<WriteResult>,
    told: (result: WriteResult | RingError, nowMs: number) => void,
  ): void {
    void settled(asked).then((result) => this.advance((nowMs) => told(result, nowMs)));
  }

  private watch(): void {
    const changes = this.claimed.client.watch({ key: this.claimed.name });
    this.changes = changes;
    // Where it fails the iterator says so, too.
    changes.ready.then(
      () => this.advance((nowMs) => this.core.watching(nowMs)),
      () => undefined,
    );
    void this.follow(changes);
  }

  /** Tells of each end of the lock, and of changes that are missing. */
  private async follow(changes: RingChanges): Promise<void> {
    let failure = new RingError('CANCELLED', 'the client is closed');
    try {
      for await (const { kind } of changes)
        if (kind !== 'put') this.advance((nowMs) => this.core.ended(nowMs));
    } catch (error) {
      if (!(error instanceof RingError)) throw error;
      failure = error;
    }
    this.advance((nowMs) => this.core.watchFailed(failure, nowMs));
  }
}

/** What a timer can hold. */
const TIMER_MS_MAX = 2 ** 31 - 1;

async function settled(asked: Promise<WriteResult>): Promise<WriteResult | RingError> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof RingError) return error;
    throw error;
  }
}

function textOf(value: Uint8Array | undefined): string | undefined {
  return value && Buffer.from(value).toString();
}

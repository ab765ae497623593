/**
 * A lock that somebody has: the client library's tenure of it, on the simulated network.
 *
 * Its holder writes to what the lock is for under its token, stands still now and then for longer than it holds the
 * lock, and then writes as if nothing had happened.
 */

import { RingError, type Random } from '@ringkeep/shared';
import { LockTenure, type LockHold, type LockTenureEffect } from '@ringkeep/client/core';
import type { Holder, LockHolders } from '../checkers/lock-holders';
import { mayEndFromMs } from './drifting-clock';
import type { LockCalls, Told } from './lock-calls';
import type { WakeUps } from './wake-ups';
import type { World } from './world';

/** It is held so many times to live at most. */
const HELD_TTLS_MAX = 2;
/** So long its holder stands still at most. */
const STILL_TTLS_MAX = 2;
const STAND_STILL_CHANCE = 0.15;
const WRITE_EVERY_MS = 400;
const PATIENCE_MS = 3_000;

/** The lock that somebody is about to have or has. */
export interface Turn {
  readonly id: string;
  readonly ttlMs: number;
}

/** Whoever has it. */
export interface Somebody {
  readonly world: World;
  readonly name: string;
  readonly asked: LockCalls;
  readonly wakeUps: WakeUps;
  readonly random: Random;
  readonly judge: LockHolders;
}

export class HeldLock {
  private readonly tenure: LockTenure;
  private readonly holder: Holder;
  private readonly alarm: (atMs: number) => void;

  constructor(
    private readonly by: Somebody,
    private readonly turn: Turn,
    private readonly token: number,
    hold: LockHold,
    private readonly over: (what: string) => void,
  ) {
    const { name, world, wakeUps } = by;
    const { timeline, rules, parameters } = world;
    const tenure = new LockTenure({ ...turn, rules: rules.clients }, hold);
    this.tenure = tenure;
    this.holder = {
      name,
      token,
      claimedAtMs: hold.lostAtMs - mayEndFromMs(0, turn.ttlMs, parameters),
      acquiredAtMs: timeline.now,
      isHeld: () => tenure.isHeld(timeline.now),
    };
    this.alarm = wakeUps.alarm(() => this.advance());
  }

  begin(): void {
    const { wakeUps, random, judge } = this.by;
    this.judged(judge.hold(this.holder));
    wakeUps.after(random.fraction() * HELD_TTLS_MAX * this.turn.ttlMs, () => this.release());
    this.write();
    this.advance();
  }

  release(): void {
    if (this.tenure.isOver) return;
    this.tenure.release();
    this.advance();
  }

  private advance(): void {
    const { tenure } = this;
    const { timeline } = this.by.world;
    tenure.tick(timeline.now);
    for (const effect of tenure.take()) this.perform(effect);
    this.alarm(tenure.nextTickAtMs(timeline.now));
  }

  private perform(effect: LockTenureEffect): void {
    const { asked } = this.by;
    const { id, ttlMs } = this.turn;
    switch (effect.kind) {
      case 'renew':
        return asked.renew(
          effect.ifValue,
          ttlMs,
          effect.deadlineMs,
          this.renewed(this.by.world.timeline.now),
        );
      case 'clear':
        return asked.clear(id, effect.deadlineMs, (told) =>
          this.later(() => this.tenure.cleared(told instanceof RingError ? told : undefined)),
        );
      case 'lost':
        return this.over(`has lost the lock: ${effect.why}`);
      case 'released':
        return this.over('has released the lock');
    }
  }

  private renewed(sentAtMs: number): Told {
    const { tenure, holder } = this;
    const { judge, world } = this.by;
    return (told) =>
      this.later(() => {
        if (told instanceof RingError) return tenure.renewalFailed(told, world.timeline.now);
        tenure.renewed(told.done);
        if (told.done) this.judged(judge.renewed(holder, sentAtMs));
      });
  }

  /** Unless it stands still. */
  private later(happened: () => void): void {
    this.by.wakeUps.after(0, () => {
      happened();
      this.advance();
    });
  }

  /** Now and then, as long as it takes the lock for its own; and when it has stood still, without a look at that. */
  private write(): void {
    const { world, wakeUps, random } = this.by;
    if (!this.holder.isHeld()) return;
    this.store();
    if (random.chance(STAND_STILL_CHANCE)) {
      const forMs = random.fraction() * STILL_TTLS_MAX * this.turn.ttlMs;
      world.timeline.after(forMs, () => this.store());
      wakeUps.standStill(forMs);
    }
    wakeUps.after(random.fraction() * WRITE_EVERY_MS, () => this.write());
  }

  private store(): void {
    const { asked, judge } = this.by;
    const { token, turn } = this;
    asked.store(token, turn.id, PATIENCE_MS, (version) => this.judged(judge.accept(version, token)));
  }

  private judged(failure: ReturnType<LockHolders['hold']>): void {
    if (failure) this.by.world.fail(failure.checker, failure.text);
  }
}

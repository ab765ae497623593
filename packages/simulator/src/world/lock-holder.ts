/**
 * Somebody who competes for a lock: the client library's way to a lock and its tenure of it, on the simulated network.
 *
 * It gives up waiting now and then, and removes the lock of another one.
 */

import { keyOf, RingError, type Random, type RingKey } from '@ringkeep/shared';
import { LockClaim, type LockClaimEffect, type LockHold } from '@ringkeep/client/core';
import type { LockHolders } from '../checkers/lock-holders';
import { mayEndFromMs } from './drifting-clock';
import { HeldLock, type Turn } from './held-lock';
import { LockCalls } from './lock-calls';
import type { Party } from './network';
import { PlainCalls } from './plain-calls';
import { SimulatedWatch } from './simulated-watch';
import { WakeUps } from './wake-ups';
import type { World } from './world';

/** What they all compete for. */
export interface Contested {
  readonly lock: RingKey;
  /** What the lock is for. */
  readonly resource: RingKey;
  readonly judge: LockHolders;
}

const PAUSE_MS_MAX = 400;
/** Besides what clocks may be wrong by. */
const TTLS_MS = [1_000, 1_500, 2_500] as const;
const WAITS_MS = [0, 400, 3_000, Infinity] as const;
const PATIENCE_MS = 3_000;
const GIVE_UP_CHANCE = 0.2;
const REMOVE_CHANCE = 0.15;

export class LockHolder {
  private readonly asked: LockCalls;
  private readonly wakeUps: WakeUps;
  private readonly name: string;
  private turns = 0;
  private stopped = false;
  private begun = false;
  private abandon: () => void = () => undefined;

  constructor(
    private readonly world: World,
    readonly party: Party,
    private readonly random: Random,
    private readonly contested: Contested,
  ) {
    this.name = `holder ${party}`;
    this.wakeUps = new WakeUps(world.timeline);
    const calls = new PlainCalls(world, party, random);
    this.asked = new LockCalls(calls, contested.lock, contested.resource);
  }

  /** It has begun something that is not over. */
  get isBusy(): boolean {
    return this.begun;
  }

  start(): void {
    this.wakeUps.after(this.random.fraction() * PAUSE_MS_MAX, () => {
      if (this.stopped) return;
      this.begun = true;
      if (this.random.chance(REMOVE_CHANCE)) this.remove();
      else this.claim();
    });
  }

  /** Begins nothing new, and gives up what it has. */
  stop(): void {
    this.stopped = true;
    this.abandon();
  }

  private over(what: string): void {
    this.note(what);
    this.begun = false;
    this.abandon = () => undefined;
    this.start();
  }

  /** The lock of another one. */
  private remove(): void {
    const { judge } = this.contested;
    judge.removalBegins();
    this.note('removes the lock');
    this.asked.clear(undefined, PATIENCE_MS, (told) => {
      const isUnknown = told instanceof RingError && told.code === 'OUTCOME_UNKNOWN';
      if (!isUnknown) judge.removalEnds(this.world.timeline.now);
      this.over('has removed the lock, or not');
    });
  }

  private claim(): void {
    const { random, world, wakeUps } = this;
    const { timeline, parameters } = world;
    const ttlMs = random.pick(TTLS_MS) + parameters.clockSkewMs;
    const turn = { id: `${this.party}.${++this.turns}`, ttlMs };
    // In doubt about the end are all clocks that it may be measured by.
    const clockSkewMs = ttlMs - mayEndFromMs(0, ttlMs, parameters);
    const claim = new LockClaim({ ...turn, waitMs: random.pick(WAITS_MS), clockSkewMs });
    let watch: SimulatedWatch | undefined;
    const advance = (happened: () => void): void => {
      happened();
      claim.tick(timeline.now);
      for (const effect of claim.take()) perform(effect);
      alarm(claim.nextTickAtMs());
    };
    const alarm = wakeUps.alarm(() => advance(() => undefined));
    const perform = (effect: LockClaimEffect): void => {
      switch (effect.kind) {
        case 'attempt':
          return this.asked.attempt(turn.id, ttlMs, effect.deadlineMs, (told) =>
            wakeUps.after(0, () =>
              advance(() => {
                if (told instanceof RingError) claim.attemptFailed(told, timeline.now);
                else claim.answered(told, timeline.now);
              }),
            ),
          );
        case 'clear':
          return this.asked.clear(turn.id, effect.deadlineMs, () =>
            wakeUps.after(0, () => advance(() => claim.cleared())),
          );
        case 'watch':
          watch = this.watch(
            () => advance(() => claim.watching(timeline.now)),
            () => advance(() => claim.ended(timeline.now)),
          );
          return;
        case 'stop-watching':
          return watch?.close();
        case 'acquired':
          return this.hold(turn, effect.token, effect.hold);
        case 'given-up':
          return this.over(`gives up: ${effect.error.code}`);
      }
    };
    const giveUp = (): void => advance(() => claim.giveUp(new RingError('CANCELLED'), timeline.now));
    this.abandon = giveUp;
    if (random.chance(GIVE_UP_CHANCE)) wakeUps.after(random.fraction() * ttlMs, giveUp);
    this.note(`wants the lock as ${turn.id}`);
    advance(() => claim.start(timeline.now));
  }

  private watch(begun: () => void, ended: () => void): SimulatedWatch {
    const { world, party, random, wakeUps } = this;
    const terms = { name: this.name, key: keyOf(this.contested.lock), takesMs: 0 };
    const watch = new SimulatedWatch(world, party, random.fork(), terms, {
      told: (_range, changes) => {
        if (changes.some(({ kind }) => kind !== 'put')) wakeUps.after(0, ended);
      },
      lost: () => wakeUps.after(0, ended),
      begun: () => wakeUps.after(0, begun),
    });
    watch.start();
    return watch;
  }

  private hold(turn: Turn, token: number, hold: LockHold): void {
    const { world, asked, wakeUps, random } = this;
    const { judge } = this.contested;
    this.note(`holds the lock with the token ${token}`);
    const holder = { world, name: this.name, asked, wakeUps, random, judge };
    const held = new HeldLock(holder, turn, token, hold, (what) => this.over(what));
    this.abandon = () => held.release();
    held.begin();
  }

  private note(what: string): void {
    this.world.trace.note('client', () => `${this.name} ${what}`);
  }
}

/**
 * The event loop of a simulated process. While a process is stopped, or its processor is busy, it does nothing, and
 * what becomes due meanwhile waits in order. A dead process never does anything again, so what it waited for is never
 * settled.
 */

import type { Random } from '@ringkeep/shared';
import type { EventLoop, Timer } from '@ringkeep/dht-node/storage';
import type { DriftingClock } from './drifting-clock';
import type { Timeline } from './timeline';

/** Longest pause between what arrives and the end of the turn; what arrives meanwhile joins it. */
const TURN_MS_MAX = 0.3;

type Action = () => void;

export class ProcessLoop implements EventLoop {
  private dead = false;
  private pausedUntil = 0;
  private busyUntil = 0;
  private readonly waiting: Action[] = [];
  private wakesAt = Infinity;

  /** `stepMs`: typical time of a step, 0 for none. */
  constructor(
    private readonly timeline: Timeline,
    private readonly clock: DriftingClock,
    private readonly random: Random,
    private readonly stepMs: () => number,
  ) {}

  get now(): number {
    return this.timeline.now;
  }

  get paused(): boolean {
    return this.timeline.now < this.pausedUntil;
  }

  /** Stops running for a while, as by SIGSTOP. */
  pause(forMs: number): void {
    this.pausedUntil = Math.max(this.pausedUntil, this.timeline.now + forMs);
  }

  /** Goes on at once. */
  resume(): void {
    if (!this.paused) return;
    this.pausedUntil = this.timeline.now;
    this.wakesAt = Infinity;
    this.wakeWhenFree();
  }

  die(): void {
    this.dead = true;
    this.waiting.length = 0;
  }

  next(action: Action): void {
    this.timeline.after(0, () => this.arrive(() => this.step(action)));
  }

  soon(action: Action): void {
    this.timeline.after(this.random.fraction() * TURN_MS_MAX, () => this.arrive(() => this.step(action)));
  }

  later(delayMs: number, action: Action): Timer {
    const timer = { cancelled: false };
    const dueInMs = this.clock.trueDelayUntil(this.clock.now + delayMs);
    this.timeline.after(dueInMs, () => {
      if (timer.cancelled) return;
      this.arrive(() => {
        if (!timer.cancelled) action();
      });
    });
    return timer;
  }

  cancel(timer: Timer | undefined): void {
    if (timer) (timer as { cancelled: boolean }).cancelled = true;
  }

  /** Something that the process waits for has come. */
  arrive(action: Action): void {
    if (this.dead) return;
    if (this.waiting.length > 0 || this.timeline.now < this.freeAt) {
      this.waiting.push(action);
      this.wakeWhenFree();
    } else {
      this.timeline.stir();
      action();
    }
  }

  /** It has not been paused since. */
  get runsSince(): number {
    return this.pausedUntil;
  }

  private get freeAt(): number {
    return Math.max(this.pausedUntil, this.busyUntil);
  }

  private step(action: Action): void {
    const typicalMs = this.stepMs();
    if (typicalMs > 0) {
      this.busyUntil = this.timeline.now - Math.log(1 - this.random.fraction()) * typicalMs;
    }
    action();
  }

  /** One action after the other, each an event of its own. */
  private wakeWhenFree(): void {
    const at = Math.max(this.freeAt, this.timeline.now);
    if (this.waiting.length === 0 || this.wakesAt <= at) return;
    this.wakesAt = at;
    this.timeline.at(at, () => {
      if (this.wakesAt !== at || this.dead) return;
      this.wakesAt = Infinity;
      if (this.timeline.now >= this.freeAt) {
        this.timeline.stir();
        this.waiting.shift()?.();
      }
      this.wakeWhenFree();
    });
  }
}

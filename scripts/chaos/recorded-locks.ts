/** Clients that compete for a few locks throughout: never do two of them hold one that neither takes for lost. */

import { setTimeout as pause } from 'node:timers/promises';
import type { RingClient, RingLock } from '@ringkeep/client';
import { RingError, type Random } from '@ringkeep/shared';

const NAMES = ['lock a', 'lock b'];
const HOLDERS = 6;
const TTL_MS = 4_000;
const WAIT_MS = 3_000;
const HELD_MS_MAX = 600;

export class RecordedLocks {
  acquired = 0;
  /** In words: two that held one lock at a time, or in the wrong order. */
  readonly faults: string[] = [];
  private readonly holders = new Map<string, RingLock>();
  private readonly tokens = new Map<string, number>();
  private running = true;
  private workers: Promise<void>[] = [];

  constructor(private readonly random: Random) {}

  start(client: RingClient): void {
    this.workers = Array.from({ length: HOLDERS }, () => this.compete(client, this.random.fork()));
  }

  async stop(): Promise<void> {
    this.running = false;
    await Promise.all(this.workers);
  }

  private async compete(client: RingClient, random: Random): Promise<void> {
    while (this.running) {
      const name = random.pick(NAMES);
      try {
        const lock = await client.lock(name, { ttlMs: TTL_MS, waitMs: WAIT_MS });
        await this.hold(name, lock, random.fraction() * HELD_MS_MAX);
        await lock.release();
      } catch (error) {
        if (!(error instanceof RingError)) throw error;
      }
      await pause(random.fraction() * 100);
    }
  }

  private async hold(name: string, lock: RingLock, forMs: number): Promise<void> {
    this.acquired++;
    const other = this.holders.get(name);
    if (other !== undefined && !other.lost.aborted && !lock.lost.aborted)
      this.faults.push(`${name}: held with the tokens ${other.token} and ${lock.token}`);
    const last = this.tokens.get(name) ?? 0;
    if (lock.token <= last) this.faults.push(`${name}: token ${lock.token} came after ${last}`);
    this.tokens.set(name, lock.token);
    this.holders.set(name, lock);
    await pause(forMs);
    if (this.holders.get(name) === lock) this.holders.delete(name);
  }
}

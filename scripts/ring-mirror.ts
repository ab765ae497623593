/**
 * A watcher that mirrors the ring, and what it finds wrong: a change told twice, out of order, or missing.
 *
 * For one key versions only grow, so a change that does not come after the one before it was repeated or is late. What
 * is missing shows at the end, when the mirror is compared with the ring.
 */

import { RingError } from '@ringkeep/shared';
import type { RingChanges, RingClient } from '@ringkeep/client';

const FAULTS_KEPT = 20;

export interface MirrorFigures {
  readonly events: number;
  /** Ranges of which changes were missed, and said to be. */
  readonly lost: number;
  readonly faults: readonly string[];
}

export class RingMirror {
  readonly content = new Map<string, string>();
  private readonly versions = new Map<string, number>();
  private readonly found: string[] = [];
  private events = 0;
  private lost = 0;
  private readonly done: Promise<void>;

  private constructor(private readonly changes: RingChanges) {
    this.done = this.follow();
  }

  /** Of a ring, or a part of it, that is empty. */
  static async begin(client: RingClient, prefix: string): Promise<RingMirror> {
    const changes = client.watch({ prefix });
    await changes.ready;
    return new RingMirror(changes);
  }

  get figures(): MirrorFigures {
    return { events: this.events, lost: this.lost, faults: this.found };
  }

  async stop(): Promise<void> {
    await this.changes.return();
    await this.done;
  }

  /** Waits until it has what the ring has of these keys. @returns what differs at the end */
  async differences(client: RingClient, keys: readonly string[], withinMs: number): Promise<string[]> {
    const deadlineMs = performance.now() + withinMs;
    for (;;) {
      const there = await client.getMany(keys, { deadlineMs: withinMs });
      const differing = keys.flatMap((key, index) => {
        const item = there[index];
        if (!item?.ok) return [`${key}: ${item?.error.message}`];
        const value = item.value && Buffer.from(item.value).toString();
        const own = this.content.get(key);
        return own === value ? [] : [`${key}: the ring has ${value}, the mirror ${own}`];
      });
      if (differing.length === 0 || performance.now() > deadlineMs) return differing;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  private async follow(): Promise<void> {
    try {
      for await (const event of this.changes) {
        this.events++;
        if (event.kind === 'lost') {
          this.lost++;
          continue;
        }
        const key = Buffer.from(event.key).toString();
        const before = this.versions.get(key) ?? 0;
        if (event.version <= before)
          this.fault(`${key}: ${event.kind} ${event.version} was told after ${before}`);
        this.versions.set(key, event.version);
        if (event.value === undefined) this.content.delete(key);
        else this.content.set(key, Buffer.from(event.value).toString());
      }
    } catch (error) {
      if (!(error instanceof RingError)) throw error;
      this.fault(`the watch ended: ${error.message}`);
    }
  }

  private fault(text: string): void {
    if (this.found.length < FAULTS_KEPT) this.found.push(text);
  }
}

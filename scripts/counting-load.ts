/**
 * Clients that count. Each writer raises the numbers under its own keys, and readers check that no number is older than
 * the last one acknowledged before they asked, nor newer than the last one begun.
 *
 * For keys with one writer each, that is linearizability, checked while it runs.
 */

import type { RingClient } from '@ringkeep/client';
import type { Random } from '@ringkeep/shared';

export interface LoadFigures {
  readonly writes: number;
  readonly reads: number;
  /** Each is a broken promise, or an operation that failed. */
  readonly faults: readonly string[];
  /** The longest that one operation took, ms. */
  readonly longestMs: number;
}

interface Counter {
  begun: number;
  acknowledged: number;
}

const OPERATION_MS = 20_000;
const FAULTS_KEPT = 50;

export class CountingLoad {
  private readonly counters = new Map<string, Counter>();
  private readonly faults: string[] = [];
  private writes = 0;
  private reads = 0;
  private longestMs = 0;
  private running = true;
  private workers: Promise<void>[] = [];

  constructor(
    private readonly client: RingClient,
    private readonly random: Random,
    private readonly prefix: string,
  ) {}

  start(writers: number, keysEach: number, readers: number): void {
    for (let writer = 0; writer < writers; writer++) {
      const keys = Array.from({ length: keysEach }, (_, i) => `${this.prefix}/${writer}/${i}`);
      for (const key of keys) this.counters.set(key, { begun: 0, acknowledged: 0 });
      this.workers.push(this.work(() => this.write(this.random.pick(keys))));
    }
    const all = [...this.counters.keys()];
    for (let reader = 0; reader < readers; reader++)
      this.workers.push(this.work(() => this.read(this.random.pick(all))));
  }

  async stop(): Promise<LoadFigures> {
    this.running = false;
    await Promise.all(this.workers);
    this.workers = [];
    return { writes: this.writes, reads: this.reads, faults: this.faults, longestMs: this.longestMs };
  }

  /** Reads every counter through a client. Returns those that are not as they were acknowledged. */
  async verify(client: RingClient): Promise<string[]> {
    const keys = [...this.counters.keys()];
    const found = await client.getMany(keys, { deadlineMs: OPERATION_MS });
    return keys.flatMap((key, index) => {
      const { begun, acknowledged } = this.counters.get(key) as Counter;
      const item = found[index];
      if (!item?.ok) return [`${key}: ${item?.error.message}`];
      const value = numberOf(item.value);
      return value < acknowledged || value > begun ? [`${key}: ${value}, acknowledged ${acknowledged}`] : [];
    });
  }

  private async work(once: () => Promise<void>): Promise<void> {
    while (this.running) {
      const started = performance.now();
      await once().catch((error: Error) => this.fault(error.message));
      this.longestMs = Math.max(this.longestMs, performance.now() - started);
    }
  }

  private async write(key: string): Promise<void> {
    const counter = this.counters.get(key) as Counter;
    const next = ++counter.begun;
    const before = numberOf(await this.client.exchange(key, String(next), { deadlineMs: OPERATION_MS }));
    if (before !== counter.acknowledged)
      this.fault(`${key}: wrote ${next} over ${before}, acknowledged was ${counter.acknowledged}`);
    counter.acknowledged = next;
    this.writes++;
  }

  private async read(key: string): Promise<void> {
    const counter = this.counters.get(key) as Counter;
    const least = counter.acknowledged;
    const value = numberOf(await this.client.get(key, { deadlineMs: OPERATION_MS }));
    if (value < least) this.fault(`${key}: read ${value}, acknowledged before was ${least}`);
    if (value > counter.begun) this.fault(`${key}: read ${value}, which was never written`);
    this.reads++;
  }

  private fault(text: string): void {
    if (this.faults.length < FAULTS_KEPT) this.faults.push(text);
  }
}

function numberOf(value: Uint8Array | undefined): number {
  return value === undefined ? 0 : Number(Buffer.from(value).toString());
}

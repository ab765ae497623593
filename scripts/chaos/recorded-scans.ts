/**
 * A client that scans the ring all the time. A scan becomes a read of every key in the history, from its beginning to
 * its end: of a key that was told, with its value; of one that was not, that it was not there at some time meanwhile. So
 * a key that was there throughout and was missed is found by whoever judges the history.
 */

import { setTimeout as pause } from 'node:timers/promises';
import { checkHistory, type HistoryOperation, type HistoryRecorder } from '@ringkeep/checker';
import type { RingClient } from '@ringkeep/client';

/** In the history; other clients count from 1. */
export const SCANNER = 0;
/** A scan is as many reads as there are keys. */
const PAUSE_MS = 2_000;
const PAGE_MS = 4_000;

export class RecordedScans {
  /** Keys that one scan told twice. */
  readonly repeated: string[] = [];
  private running = true;
  private worker: Promise<void> | undefined;

  constructor(
    private readonly recorder: HistoryRecorder,
    private readonly keys: readonly string[],
  ) {}

  start(client: RingClient): void {
    this.worker = this.work(client);
  }

  async stop(): Promise<void> {
    this.running = false;
    await this.worker;
  }

  private async work(client: RingClient): Promise<void> {
    while (this.running) {
      await this.scan(client);
      await pause(PAUSE_MS);
    }
  }

  private async scan(client: RingClient): Promise<void> {
    const { recorder, keys } = this;
    const reads = keys.map((key) => recorder.call(SCANNER, key, { op: 'get' }, performance.now()));
    const told = new Map<string, { readonly value: string; readonly version: number }>();
    try {
      for await (const { keyText, value, version } of client.scan({ deadlineMs: PAGE_MS })) {
        if (told.has(keyText)) this.repeated.push(keyText);
        told.set(keyText, { value: Buffer.from(value).toString(), version });
      }
    } catch {
      // No owner answered in time: nothing is known.
      for (const read of reads) recorder.fail(read, performance.now());
      return;
    }
    for (const [index, key] of keys.entries())
      recorder.ok(reads[index] as number, told.get(key) ?? { value: null, version: 0 }, performance.now());
  }
}

/** Of the keys whose histories are of no store, those whose histories would be without the scans. */
export function missedByScans(history: readonly HistoryOperation[], wrong: readonly string[]): string[] {
  return wrong.filter((key) => {
    const others = history.filter((operation) => operation.key === key && operation.client !== SCANNER);
    return checkHistory(others).verdict === 'linearizable';
  });
}

export function scansIn(history: readonly HistoryOperation[], key: string): number {
  return history.filter((each) => each.client === SCANNER && each.key === key && each.outcome === 'ok')
    .length;
}

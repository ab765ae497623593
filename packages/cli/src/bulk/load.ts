/**
 * Stores the records of a file in a ring.
 *
 * Many writes are outstanding, but only one at a time for each key, so that the last record of a key wins. Of several
 * records that wait for their turn, only the newest is sent. A write of unknown outcome is made again and counted,
 * since storing the same value twice is the same as once.
 */

import type { RingClient } from '@ringkeep/client';
import { RingError } from '@ringkeep/shared';
import { BulkRun, type BulkFigures, type BulkOptions, type Item } from './bulk-run';
import { Tally } from './tally';

export interface LoadSummary extends BulkFigures {
  /** Keys whose last record is stored. */
  readonly loaded: number;
  /** Writes that were made again because the outcome of the first was unknown. */
  readonly resent: number;
}

/** How often a write of unknown outcome is made again. */
const RESENDS_MAX = 5;

/** Throws FAILED_PRECONDITION when the file cannot be read; records that fail are in the summary. */
export async function loadFile(client: RingClient, options: BulkOptions): Promise<LoadSummary> {
  return new Loader(client, options).run();
}

class Loader {
  private readonly bulk: BulkRun<'loaded' | 'failed'>;
  /** Keys with a write outstanding, and the newest record that waits for it. */
  private readonly writing = new Map<string, Item | undefined>();
  private resent = 0;

  constructor(
    private readonly client: RingClient,
    private readonly options: BulkOptions,
  ) {
    this.bulk = new BulkRun(options, new Tally(['loaded', 'failed'], 'failed'));
  }

  async run(): Promise<LoadSummary> {
    await this.bulk.read((item) => this.take(item));
    const { tally } = this.bulk;
    return { ...this.bulk.figures('failed'), loaded: tally.count('loaded'), resent: this.resent };
  }

  private take(item: Item): void {
    if (!this.writing.has(item.key)) {
      this.bulk.enter(item);
      this.write(item);
      return;
    }
    const replaced = this.writing.get(item.key);
    if (replaced !== undefined) this.bulk.leave(replaced);
    this.bulk.enter(item);
    this.writing.set(item.key, item);
  }

  private write(item: Item, resends = 0): void {
    this.writing.set(item.key, this.writing.get(item.key));
    const { deadlineMs, signal } = this.options;
    this.client.set(item.entry.key, item.entry.value, { deadlineMs, signal }).then(
      () => this.written(item, undefined),
      (error: unknown) => {
        const unknown = error instanceof RingError && error.code === 'OUTCOME_UNKNOWN';
        if (unknown && resends < RESENDS_MAX && signal?.aborted !== true) {
          this.resent++;
          this.write(item, resends + 1);
        } else {
          this.written(item, error instanceof Error ? error.message : String(error));
        }
      },
    );
  }

  private written(item: Item, reason: string | undefined): void {
    const next = this.writing.get(item.key);
    this.writing.delete(item.key);
    this.bulk.judge(item, reason === undefined ? 'loaded' : 'failed', reason);
    if (next !== undefined) this.write(next);
    this.bulk.leave(item);
  }
}

/** Long work on the table, in slices between which the event loop runs. */

import type { Database } from 'lmdb';
import type { Bytes, KeyRange } from '@ringkeep/shared';
import { LOWEST_KEY } from './base-conversion';
import type { LmdbKeys } from './lmdb-keys';

/** How long a checkpoint may occupy the event loop. */
const SLICE_MS = 2;
/** Reading the clock costs a part of what a put costs. */
const OPERATIONS_PER_CLOCK_READ = 16;
const ERASE_PAGE_KEYS = 256;

/** A stretch of work between two turns of the event loop. */
export class Slice {
  private operations = 0;
  private startedAtMs = performance.now();

  isOver(operations = 1): boolean {
    this.operations += operations;
    if (this.operations < OPERATIONS_PER_CLOCK_READ) return false;
    this.operations = 0;
    return performance.now() - this.startedAtMs >= SLICE_MS;
  }

  async next(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.startedAtMs = performance.now();
  }
}

export async function eraseRange(
  entries: Database<unknown, Bytes>,
  { from, to }: KeyRange,
  slice: Slice,
  index?: LmdbKeys,
): Promise<void> {
  for (;;) {
    const start = from || LOWEST_KEY;
    const keys = [...entries.getKeys({ start, end: to, limit: ERASE_PAGE_KEYS })];
    if (keys.length === 0) return;
    for (const key of keys) {
      void entries.remove(key);
      index?.erase(key);
    }
    if (slice.isOver(keys.length)) await slice.next();
  }
}

/** Has every node of a ring write its log into its table, by giving it enough to write. */

import { access } from 'node:fs/promises';
import { join } from 'node:path';
import type { RingClient } from '@ringkeep/client';
import type { LocalRing } from '@ringkeep/local-ring';

/**
 * A node writes a checkpoint when its log has grown by 128 MB: a few keys, written over and over, keep the table
 * small; so many that each arc of a small ring has one.
 */
const FILLERS = Array.from({ length: 10 }, (_, i) => `filler ${i}`);
const FILLER_BYTES = 1_000_000;
const CHECKPOINT_WITHIN_MS = 300_000;

/** Returns when all that was written before is in the tables; what it has written for that is deleted again. */
export async function forceCheckpoints(ring: LocalRing, folder: string, client: RingClient): Promise<void> {
  const deadline = Date.now() + CHECKPOINT_WITHIN_MS;
  while (!(await haveCheckpoints(ring, folder))) {
    if (Date.now() > deadline) throw new Error('no checkpoint came in time');
    for (const key of FILLERS) await client.set(key, Buffer.alloc(FILLER_BYTES));
  }
  for (const key of FILLERS) await client.delete(key);
}

/** A node drops its first log segment when its first checkpoint is written. */
async function haveCheckpoints(ring: LocalRing, folder: string): Promise<boolean> {
  const first = await Promise.all(
    ring.places.map(({ name }) =>
      access(join(folder, name, 'log', '0000000001.log')).then(
        () => true,
        () => false,
      ),
    ),
  );
  return !first.includes(true);
}

/** A watcher through a join, a leave and a `kill -9`; `npm run mirror` does ten of each. */

import { Random } from '@ringkeep/shared';
import { withTemporaryRing } from '@ringkeep/local-ring';
import { mirrorThrough } from '../mirrored-ring';

test('a watcher that mirrors the ring is told each change once and has its content at the end', async () => {
  await withTemporaryRing({ name: 'mirror', nodes: 3, replicationFactor: 3 }, async ({ ring, client }) => {
    const rounds = { joins: 1, leaves: 1, kills: 1 };
    const { figures, writes, differing } = await mirrorThrough(ring, client, rounds, new Random(5));
    expect({ ...figures, events: 0 }).toEqual({ events: 0, lost: 0, faults: [] });
    expect(differing).toEqual([]);
    expect(writes).toBeGreaterThan(100);
    expect(figures.events).toBeGreaterThan(100);
  });
});

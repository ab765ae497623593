/** Shows what changes in a part of the ring, and how many entries there are. */

import { RingClient } from '@ringkeep/client';
import { Mirror } from './mirror.mjs';

const [address = '127.0.0.1:50001', prefix = ''] = process.argv.slice(2);

const ring = await RingClient.connect({ nodes: [address] });
const mirror = new Mirror(ring, prefix, (key) =>
  console.log(`${key}: ${mirror.get(key) ?? '(gone)'}   [${mirror.entries.size} entries]`),
);
await mirror.start();
console.log(`mirrors ${mirror.entries.size} entries`);
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void mirror.stop());
await mirror.follow();
await ring.close();

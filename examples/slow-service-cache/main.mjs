/** Asks a slow service for the weather of cities, and says how long each answer took. */

import { setTimeout as pause } from 'node:timers/promises';
import { RingClient } from '@ringkeep/client';
import { cached } from './cached.mjs';

const [address = '127.0.0.1:50001', ...cities] = process.argv.slice(2);
const TTL_MS = 60_000;

async function slowService(city) {
  console.log(`(asking the service about ${city})`);
  await pause(500);
  return `sunny in ${city}`;
}

const ring = await RingClient.connect({ nodes: [address] });
for (const city of cities.length > 0 ? cities : ['Porto']) {
  const began = performance.now();
  const answer = await cached(ring, `weather/${city}`, TTL_MS, () => slowService(city));
  console.log(`${answer} (${Math.round(performance.now() - began)} ms)`);
}
await ring.close();

/** A worker that waits until it leads, and then reports every second until it does not lead any more. */

import { setTimeout as pause } from 'node:timers/promises';
import { RingClient } from '@ringkeep/client';
import { report } from './report.mjs';

const [address = '127.0.0.1:50001', name = `worker ${process.pid}`, ttlMs = '5000'] = process.argv.slice(2);

const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => stopping.abort());

const ring = await RingClient.connect({ nodes: [address] });
try {
  while (!stopping.signal.aborted) {
    console.log(`${name}: waiting`);
    const lock = await ring.lock('leader', { ttlMs: Number(ttlMs), signal: stopping.signal });
    console.log(`${name}: leading with token ${lock.token}`);
    await lead(lock).finally(() => lock.release());
    console.log(`${name}: leads no more`);
  }
} catch (error) {
  if (!stopping.signal.aborted) throw error;
} finally {
  await ring.close();
}

async function lead(lock) {
  const over = AbortSignal.any([stopping.signal, lock.lost]);
  for (let round = 1; !over.aborted; round++) {
    if (!(await report(ring, lock.token, `round ${round} by ${name}`))) return;
    await pause(1_000, undefined, { signal: over }).catch(() => undefined);
  }
}

/** Locks at a real node in this process, with clients that compete for them. */

import { setTimeout as pause } from 'node:timers/promises';
import { RingNode } from '@ringkeep/dht-node';
import { startRegistry, type RunningRegistry } from '@ringkeep/registry';
import { RingClient, type RingLock } from '@ringkeep/client';

/** The parameter of the ring. */
const SKEW_MS = 200;
const TTL_MS = 2_000;

let registry: RunningRegistry;
let node: RingNode;
let clients: RingClient[];

beforeAll(async () => {
  registry = await startRegistry({ port: 0, parameters: { replicationFactor: 1, clockSkewMs: SKEW_MS } });
  node = await RingNode.start({ port: 0, storage: 'memory', registry: registry.address });
});
afterAll(async () => {
  await node.stop();
  await registry.stop();
});
beforeEach(async () => {
  clients = await Promise.all([1, 2, 3].map(() => RingClient.connect({ nodes: [node.address] })));
});
afterEach(() => Promise.all(clients.map((client) => client.close())));

const [one, two] = [() => clients[0] as RingClient, () => clients[1] as RingClient];

test('a lock has one holder at a time, and the next one has a greater token', async () => {
  const holders: number[] = [];
  let present = 0;
  let tokens = 0;
  await Promise.all(
    clients.map(async (client) => {
      for (let i = 0; i < 5; i++) {
        await using lock = await client.lock('crowded', { ttlMs: TTL_MS });
        expect(++present).toBe(1);
        expect(lock.token).toBeGreaterThan(tokens);
        tokens = lock.token;
        holders.push(clients.indexOf(client));
        await pause(1);
        present--;
      }
    }),
  );
  expect(holders).toHaveLength(15);
});

test('who waits has it as soon as it is released', async () => {
  const lock = await one().lock('released', { ttlMs: 60_000 });
  const waiting = two().lock('released', { ttlMs: TTL_MS });
  await pause(100);
  await lock.release();
  const next = await waiting;
  expect(next.token).toBeGreaterThan(lock.token);
  await next.release();
});

test('whose holder is gone it is free when its time is over', async () => {
  const lock = await one().lock('gone', { ttlMs: 800 });
  await one().close();
  const startedMs = performance.now();
  const next = await two().lock('gone', { ttlMs: TTL_MS });
  expect(performance.now() - startedMs).toBeLessThan(5_000);
  expect(next.token).toBeGreaterThan(lock.token);
  await next.release();
});

test('it is held for longer than its time by renewals, and the token stays', async () => {
  const lock = await one().lock('renewed', { ttlMs: 3 * TTL_MS });
  const { token } = lock;
  await pause(3.5 * TTL_MS);
  expect([lock.lost.aborted, lock.token]).toEqual([false, token]);
  await expect(two().lock('renewed', { ttlMs: TTL_MS, waitMs: 0 })).rejects.toMatchObject({
    code: 'DEADLINE_EXCEEDED',
  });
  await lock.release();
});

test('a holder whose lock was taken away is told so, and does not release the next holder’s', async () => {
  const lock = await one().lock('stolen', { ttlMs: 1_500 });
  await two().delete('stolen');
  const next = await two().lock('stolen', { ttlMs: 60_000 });
  await aborted(lock.lost);
  await lock.release();
  expect((await two().getVersioned('stolen'))?.version).toBe(next.token);
  await next.release();
});

test('a holder that cannot renew takes it for lost before it is over', async () => {
  const lock = await one().lock('cut off', { ttlMs: TTL_MS });
  const heldSinceMs = performance.now();
  await one().close();
  await aborted(lock.lost);
  expect(performance.now() - heldSinceMs).toBeLessThan(TTL_MS);
});

test('waiting ends with the time, and with the signal', async () => {
  const lock = await one().lock('busy', { ttlMs: 60_000 });
  await expect(two().lock('busy', { ttlMs: TTL_MS, waitMs: 100 })).rejects.toMatchObject({
    code: 'DEADLINE_EXCEEDED',
  });
  const gaveUp = new AbortController();
  const waiting = two().lock('busy', { ttlMs: TTL_MS, signal: gaveUp.signal });
  await pause(50);
  gaveUp.abort();
  await expect(waiting).rejects.toMatchObject({ code: 'CANCELLED' });
  await lock.release();
});

test('a time to live within the doubt about clocks is refused', async () => {
  await expect(one().lock('short', { ttlMs: SKEW_MS })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
});

function aborted(signal: RingLock['lost']): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve());
  });
}

/** A node with its disk comes back to a ring that went on without it, and is brought what it lacks. */

import type { RingNode } from '../../src';
import { TestRing } from './test-ring';

const KEYS = 20_000;
const WRITES_AT_ONCE = 1_000;
const name = (index: number): string => `key ${index}`;
const value = (index: number, version = 1): string => `version ${version} of ${index} `.padEnd(100, '.');
const text = (bytes: Uint8Array | undefined): string | undefined => bytes && Buffer.from(bytes).toString();

let ring: TestRing;

beforeEach(async () => {
  // Patient: a node that was taken for dead on a busy machine would rightly be sent everything again.
  ring = await TestRing.start({ replicationFactor: 3, membershipLeaseMs: 2_500, failureTimeoutMs: 2_500 });
});

afterEach(async () => {
  await ring.stop();
});

async function write(node: RingNode, indexes: readonly number[], version: number): Promise<void> {
  for (let from = 0; from < indexes.length; from += WRITES_AT_ONCE) {
    const part = indexes.slice(from, from + WRITES_AT_ONCE);
    await Promise.all(part.map((index) => node.set(name(index), value(index, version))));
  }
}

const heldKeys = (node: RingNode): number =>
  node.status().replicas.reduce((sum, replica) => sum + replica.keys, 0);

/** The ring has three nodes and all keys; the last node is stopped, and dropped from every arc. */
async function withoutTheThird(): Promise<{ staying: RingNode; dataDir: string }> {
  const staying = await ring.addNode();
  await ring.addNode();
  const dataDir = ring.dataDir('third');
  const third = await ring.addNode({ storage: 'disk', dataDir });
  await ring.untilSettled();
  await write(staying, [...Array(KEYS).keys()], 1);
  await ring.until(() => ring.nodes.every((node) => heldKeys(node) === KEYS));
  const { id } = third.status();
  await third.stop();
  ring.nodes.pop();
  await ring.until(() => ring.registry.ring().arcs.every((arc) => !arc.inSync.includes(id)));
  return { staying, dataDir };
}

test('a node that was away is sent what has changed, and holds and answers the same as the others', async () => {
  const { staying, dataDir } = await withoutTheThird();
  const changed = Array.from({ length: 50 }, (_, i) => i * 300);
  await write(staying, changed, 2);
  const deleted = Array.from({ length: 10 }, (_, i) => i * 1_000 + 7);
  await Promise.all(deleted.map((index) => staying.delete(name(index))));

  const again = await ring.addNode({ storage: 'disk', dataDir });
  await ring.untilSettled();
  await ring.until(() => heldKeys(again) === KEYS - deleted.length);
  const { entriesReceived } = again.status();
  expect(entriesReceived).toBeGreaterThanOrEqual(changed.length);
  expect(entriesReceived).toBeLessThan(KEYS / 10);
  for (const index of [...changed, ...deleted, 1, 2, 19_999]) {
    const expected = deleted.includes(index) ? undefined : value(index, changed.includes(index) ? 2 : 1);
    expect(text(await again.get(name(index)))).toBe(expected);
  }
});

test('so it is when the ring was divided anew meanwhile', async () => {
  const { dataDir } = await withoutTheThird();
  const fourth = await ring.addNode();
  await ring.untilSettled();
  expect(fourth.status().entriesReceived).toBeGreaterThan(KEYS / 2);

  const again = await ring.addNode({ storage: 'disk', dataDir });
  await ring.untilSettled();
  await ring.until(() => ring.nodes.reduce((sum, node) => sum + heldKeys(node), 0) === 3 * KEYS);
  expect(again.status().entriesReceived).toBe(0);
});

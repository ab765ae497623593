/** Nodes on a file system that fills up: what is refused, what goes on, and that it resumes by itself. */

import { join } from 'node:path';
import type { RingError } from '@ringkeep/shared';
import type { RingNode } from '../../src';
import { TestRing } from '../ring/test-ring';
import { SmallDisk } from './small-disk';

jest.setTimeout(180_000);

const VALUE = Buffer.alloc(20_000, 7);

let ring: TestRing;
let disk: SmallDisk | undefined;
beforeEach(async () => {
  disk = await SmallDisk.mount(64);
  ring = await TestRing.start({ leaseMs: 1_000, leaseMarginMs: 100 });
});
afterEach(async () => {
  await ring.stop();
  await disk?.unmount();
});

const onSmallDisk = ({ path }: SmallDisk): object => ({ storage: 'disk', dataDir: join(path, 'node') });

/** Writes until a write is refused. @returns the keys that were written, and how it was refused */
async function fill(node: RingNode): Promise<{ keys: string[]; refusal: RingError }> {
  const keys: string[] = [];
  for (;;) {
    const key = `key ${keys.length}`;
    try {
      await node.set(key, VALUE);
      keys.push(key);
    } catch (error) {
      return { keys, refusal: error as RingError };
    }
  }
}

async function untilWritten(node: RingNode, key: string): Promise<void> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    try {
      return await node.set(key, VALUE);
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

test('a full node refuses entries with a reason, reads and deletes go on, and deletes make room', async () => {
  if (!disk) return;
  const node = await ring.addNode(onSmallDisk(disk));
  const { keys, refusal } = await fill(node);
  expect(keys.length).toBeGreaterThan(500);
  expect(refusal).toMatchObject({ code: 'RESOURCE_EXHAUSTED', message: expect.stringMatching(/MiB free/) });
  expect(node.status().roomLacking).toMatch(/MiB are kept for deletes and checkpoints/);
  expect(await node.get('key 0')).toHaveLength(VALUE.length);
  for (const key of keys.slice(1)) await node.delete(key);
  await untilWritten(node, 'later');
  expect(node.status().roomLacking).toBeUndefined();
  expect(await node.get('key 0')).toHaveLength(VALUE.length);
  expect(ring.failures).toEqual([]);
  await node.stop();
  const again = await ring.addNode(onSmallDisk(disk));
  expect(await again.get('key 0')).toHaveLength(VALUE.length);
  expect(await again.get('key 1')).toBeUndefined();
});

test('a node whose reserve somebody else takes neither ends nor loses a write, and goes on when there is room', async () => {
  if (!disk) return;
  const node = await ring.addNode(onSmallDisk(disk));
  await node.set('before', VALUE);
  await disk.fill();
  const { refusal } = await fill(node);
  expect(refusal.code).toMatch(/RESOURCE_EXHAUSTED|OUTCOME_UNKNOWN/);
  expect(await node.get('before')).toHaveLength(VALUE.length);
  await disk.freeWhatWasFilled();
  await untilWritten(node, 'later');
  expect(ring.failures).toEqual([]);
});

test('a full replica stays in sync, its primary refuses entries for it, and both go on when it has room', async () => {
  if (!disk) return;
  const full = await ring.addNode(onSmallDisk(disk));
  const roomy = await ring.addNode({ storage: 'memory' });
  await ring.untilSettled();
  const inSync = (): unknown => ring.registry.ring().arcs.map((arc) => [...arc.inSync].sort());
  const before = inSync();
  const { keys, refusal } = await fill(roomy);
  expect(refusal).toMatchObject({ code: 'RESOURCE_EXHAUSTED', message: expect.stringMatching(/disk/) });
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  expect(inSync()).toEqual(before);
  expect(await full.get(keys[0] as string)).toHaveLength(VALUE.length);
  await roomy.delete(keys[0] as string);
  await disk.resize(256);
  await untilWritten(roomy, 'later');
  expect(inSync()).toEqual(before);
  expect(ring.failures).toEqual([]);
});

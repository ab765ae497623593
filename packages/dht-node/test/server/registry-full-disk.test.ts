/** A registry on a file system that somebody fills: what it refuses, what goes on, and that it resumes by itself. */

import { join } from 'node:path';
import { startRegistry } from '@ringkeep/registry';
import { isServing, ROOM_ON_DISK } from '@ringkeep/process/probes';
import { TestRing } from '../ring/test-ring';
import { SmallDisk } from './small-disk';

jest.setTimeout(120_000);

let ring: TestRing | undefined;
let disk: SmallDisk | undefined;
beforeEach(async () => {
  disk = await SmallDisk.mount(8);
});
afterEach(async () => {
  await ring?.stop();
  ring = undefined;
  await disk?.unmount();
});

/** Long enough that a busy machine takes over no arc, short enough that every lease has to be renewed meanwhile. */
const PARAMETERS = {
  leaseMs: 2_000,
  leaseMarginMs: 200,
  membershipLeaseMs: 3_000,
  failureTimeoutMs: 4_000,
};
const ROUND_MS = 100;
const ROUNDS = (PARAMETERS.failureTimeoutMs + 500) / ROUND_MS;

test('a registry on a full disk refuses who joins, renews leases, says so, and goes on when there is room', async () => {
  if (!disk) return;
  const failures: string[] = [];
  const dataDir = join(disk.path, 'registry');
  const onFatal = (error: Error): void => void failures.push(error.message);
  ring = await TestRing.start(PARAMETERS, { storage: 'disk', dataDir, onFatal });
  const [first] = await ring.addNodes(3);
  await ring.untilSettled();
  await disk.fill();
  const late = ring.addNode({ registryTimeoutMs: 60_000 });
  late.catch(() => undefined);
  await ring.until(() => ring?.registry.roomLacking() !== undefined);
  const before = ring.registry.ring();
  for (let round = 0; round < ROUNDS; round++) {
    await first?.set(`key ${round}`, 'value');
    await new Promise((resolve) => setTimeout(resolve, ROUND_MS));
  }
  expect(ring.registry.ring()).toEqual(before);
  expect(ring.registry.roomLacking()).toMatch(/^the disk of \S+ has \d+ KiB free$/);
  expect(ring.nodes.every((node) => node.status().settled)).toBe(true);
  for (const node of ring.nodes)
    expect(node.status().registryTrouble).toMatch(
      /^the registry (changes nothing|takes in nobody new) \(the disk/,
    );
  const room = { address: ring.registry.address, deadlineMs: 5_000, service: ROOM_ON_DISK };
  expect(await isServing(room)).toBe(false);
  await disk.freeWhatWasFilled();
  await late;
  expect(ring.registry.ring().members).toHaveLength(4);
  expect(ring.registry.roomLacking()).toBeUndefined();
  expect(await isServing(room)).toBe(true);
  await ring.until(() => ring?.nodes.every((node) => node.status().registryTrouble === undefined) === true);
  expect([...failures, ...ring.failures]).toEqual([]);
});

test('a registry does not start on a disk without any room, and says so in one line', async () => {
  if (!disk) return;
  await disk.fill();
  const started = startRegistry({ storage: 'disk', dataDir: join(disk.path, 'registry') });
  await expect(started).rejects.toThrow(
    /^(the disk of \S+ has 0 KiB free, and a registry|cannot use)[^\n]*$/,
  );
});

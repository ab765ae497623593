/** What a process has done with its disk before it takes its first step, and what it has the core know. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { position } from '@ringkeep/shared';
import { DataFolder, MemoryStorage, type NodeStorage } from '../../src/storage';
import { takeUp } from '../../src/hosting/taking-up';
import { RecordingFiles } from '../storage/recording-files';

const STARTED_AT_MS = 10_000;
const clock = { now: () => STARTED_AT_MS, suspended: () => false };
const WHOLE = { start: position(1n), end: position(1n) };

let path: string;
let files: RecordingFiles;
let folder: DataFolder;
beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), 'ringkeep-taking-up-'));
  files = new RecordingFiles(path);
  folder = await DataFolder.open(path, files.system);
  files.takeDone();
});
afterEach(async () => {
  await folder.close();
  await rm(path, { recursive: true });
});

test('the incarnation is durable before anything is made of it, and raised by one', async () => {
  let doneBefore: string[] = [];
  const recover = async (): Promise<void> => void (doneBefore = files.takeDone());
  const storage: NodeStorage = Object.assign(new MemoryStorage(), { recover });
  const host = await takeUp(folder.identity, storage, clock);
  expect(doneBefore.slice(-2)).toEqual(['rename to node.json', 'sync folder .']);
  expect([host.core.incarnation, folder.identity.incarnation]).toEqual([1, 1]);
});

test('a process takes it that the one before has granted the longest lease that it could, just now', async () => {
  await folder.identity.remember({ clusterId: 'cluster', nodeId: position(1n), salt: 0 }, 2_000);
  const host = await takeUp(folder.identity, new MemoryStorage(), clock);
  expect(host.core.grants.grantedUntil(WHOLE)).toBe(STARTED_AT_MS + 2_000);
});

test('a node without a disk begins with its first incarnation, and has granted nothing', async () => {
  const host = await takeUp(undefined, new MemoryStorage(), clock);
  expect([host.core.incarnation, host.core.grants.grantedUntil(WHOLE)]).toEqual([1, STARTED_AT_MS]);
});

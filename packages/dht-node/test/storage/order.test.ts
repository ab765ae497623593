/** In which order a node makes names, writes and syncs: what counts is on the disk before anybody is told. */

import { mkdtemp, readFile, readdir, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { position } from '@ringkeep/shared';
import { DataFolder, DiskStorage } from '../../src/storage';
import { NODE_FILES } from '../../src/storage/file-system';
import { RecordingFiles } from './recording-files';

/** Linux's O_DSYNC, as /proc shows the flags of an open file. */
const O_DSYNC = 0o10000;
const SEGMENT = 'log/0000000001.log';

let folder: string;
let files: RecordingFiles;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ringkeep-order-'));
  files = new RecordingFiles(folder);
});
afterEach(() => rm(folder, { recursive: true }));

const replaced = (name: string, ...folders: string[]): string[] => [
  `create ${name}.new`,
  `write ${name}.new`,
  `sync ${name}.new`,
  `rename to ${name}`,
  ...folders.map((each) => `sync folder ${each}`),
];

const MADE_SEGMENT = replaced(SEGMENT, 'log');

test('an incarnation and a place are durable when they are told', async () => {
  const data = await DataFolder.open(folder, files.system);
  files.takeDone();
  expect(await data.identity.raiseIncarnation()).toBe(1);
  expect(files.takeDone()).toEqual(replaced('node.json', '.'));
  await data.identity.remember({ clusterId: 'cluster', nodeId: position(1n), salt: 0 }, 2_000);
  expect(files.takeDone()).toEqual(replaced('node.json', '.'));
  await data.close();
});

test('a folder has its id in node.json first, then in its parts, all of them with their names durable', async () => {
  await (await DataFolder.open(folder, files.system)).close();
  expect(files.takeDone()).toEqual([
    ...replaced('node.json', '.'),
    'make folder log',
    ...replaced('log/folder-id', 'log', '.'),
    'make folder table',
    ...replaced('table/folder-id', 'table', '.'),
  ]);
});

test('a segment is whole and has its name before it is written, and a batch is on the disk before it is reported', async () => {
  const data = await DataFolder.open(folder, files.system);
  files.takeDone();
  const storage = await data.openStorage({ segmentBytes: 4_096 });
  expect(files.takeDone()).toEqual(['make folder log', 'sync folder log', 'sync folder .']);
  await storage.recover({ snapshot: () => undefined, batch: () => undefined });
  expect(files.takeDone()).toEqual(MADE_SEGMENT);
  const reported = new Promise<string[]>((resolve) => storage.onDurable(() => resolve(files.takeDone())));
  storage.append(Buffer.from('batch'));
  expect(await reported).toEqual([`write through ${SEGMENT}`]);
  await storage.close();
  expect(files.takeDone().slice(-2)).toEqual([`truncate ${SEGMENT}`, `sync ${SEGMENT}`]);
  await data.close();
});

test('what a killed process left is written anew and synced before recovery ends', async () => {
  const first = await (
    await DataFolder.open(folder)
  ).openStorage({ segmentBytes: 4_096, durability: 'none' });
  await first.recover({ snapshot: () => undefined, batch: () => undefined });
  const written = new Promise<void>((resolve) => first.onDurable(() => resolve()));
  first.append(Buffer.from('batch'));
  await written;
  // The process is killed here: what it wrote is in the system's memory, and its files stay as they are.
  const second = await RecoveredFolder.of(folder, files);
  expect(second.batches).toEqual(['batch']);
  expect(files.takeDone()).toEqual([
    'make folder log',
    'sync folder log',
    'sync folder .',
    `write ${SEGMENT}`,
    `sync ${SEGMENT}`,
    `truncate ${SEGMENT}`,
    `sync ${SEGMENT}`,
  ]);
  await second.close();
  await first.close().catch(() => undefined);
});

class RecoveredFolder {
  private constructor(
    readonly batches: readonly string[],
    readonly close: () => Promise<void>,
  ) {}

  static async of(path: string, recorded: RecordingFiles): Promise<RecoveredFolder> {
    const storage = await DiskStorage.open(path, { segmentBytes: 4_096 }, recorded.system);
    const batches: string[] = [];
    await storage.recover({
      snapshot: () => undefined,
      batch: (batch) => batches.push(Buffer.from(batch).toString()),
    });
    return new RecoveredFolder(batches, () => storage.close());
  }
}

test('a file that is opened to write through is open with O_DSYNC, one that is synced by itself is not', async () => {
  if (process.platform !== 'linux') {
    process.stderr.write('the flags of open files can be read on Linux only, so O_DSYNC is not looked at\n');
    return;
  }
  const path = join(folder, 'file');
  await (await NODE_FILES.open(path, 'create')).close();
  for (const [mode, expected] of [
    ['syncing', O_DSYNC],
    ['update', 0],
  ] as const) {
    const file = await NODE_FILES.open(path, mode);
    expect((await flagsOf(path)) & O_DSYNC).toBe(expected);
    await file.close();
  }
});

async function flagsOf(path: string): Promise<number> {
  for (const fd of await readdir('/proc/self/fd')) {
    if ((await readlink(`/proc/self/fd/${fd}`).catch(() => '')) !== path) continue;
    const [, flags] = /flags:\s+([0-7]+)/.exec(await readFile(`/proc/self/fdinfo/${fd}`, 'utf8')) ?? [];
    return Number.parseInt(flags as string, 8);
  }
  throw new Error(`${path} is not open`);
}

/** A data folder of which a part is gone, or is another node's, or is as no process leaves it. */

import { cp, mkdir, mkdtemp, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { position } from '@ringkeep/shared';
import { crc32c } from '@ringkeep/shared/operations';
import { DataFolder, type DiskStorage, type NodeIdentity } from '../../src/storage';
import { RecordingFiles } from './recording-files';

const IDENTITY: NodeIdentity = { clusterId: 'cluster', nodeId: position(77n), salt: 1 };
const WORDS = /^the data folder .* is not whole: .*Put back what belongs there.*--accept-data-loss/s;

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'ringkeep-parts-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

interface Opened {
  readonly folder: DataFolder;
  readonly batches: string[];
}

/** As a node starts. */
async function start(path: string, acceptDataLoss = false, files?: RecordingFiles): Promise<Opened> {
  const folder = await DataFolder.open(path, files?.system, { acceptDataLoss });
  const batches: string[] = [];
  let storage: DiskStorage | undefined;
  try {
    storage = await folder.openStorage({ segmentBytes: 4096 });
    await folder.identity.raiseIncarnation();
    await storage.recover({
      snapshot: () => batches.push('checkpoint'),
      batch: (batch) => batches.push(Buffer.from(batch).toString()),
    });
  } finally {
    await storage?.close().catch(() => undefined);
    await folder.close();
  }
  return { folder, batches };
}

/** The folder of a node that has its place, a checkpoint and a batch behind it. */
async function member(name: string, nodeId = 77n): Promise<string> {
  const path = join(root, name);
  const folder = await DataFolder.open(path);
  const storage = await folder.openStorage({ segmentBytes: 4096 });
  await folder.identity.raiseIncarnation();
  await storage.recover({ snapshot: () => undefined, batch: () => undefined });
  await folder.identity.remember({ ...IDENTITY, nodeId: position(nodeId) }, 2_000);
  storage.append(Buffer.from(`${name} 1`));
  await storage.checkpoint(Buffer.alloc(0));
  storage.append(Buffer.from(`${name} 2`));
  await storage.close();
  await folder.close();
  return path;
}

/** As a version without ids has left it. */
async function withoutIds(path: string): Promise<void> {
  for (const part of ['log', 'table']) await rm(join(path, part, 'folder-id'));
  const file = join(path, 'node.json');
  const { checksum, folderId, marked, ...content } = JSON.parse(await readFile(file, 'utf8')) as object & {
    checksum: string;
    folderId: string;
    marked: boolean;
  };
  expect([checksum, folderId, marked]).toEqual([expect.any(String), expect.any(String), true]);
  const anew = crc32c(Buffer.from(JSON.stringify(content))).toString(16);
  await writeFile(file, JSON.stringify({ ...content, checksum: anew.padStart(8, '0') }));
}

const without =
  (...names: string[]) =>
  async (path: string): Promise<void> => {
    for (const name of names) await rm(join(path, name), { recursive: true });
  };

const fromAnother =
  (...names: string[]) =>
  async (path: string): Promise<void> => {
    const other = await member('other', 5n);
    for (const name of names) {
      await rm(join(path, name), { recursive: true });
      await cp(join(other, name), join(path, name), { recursive: true });
    }
  };

async function emptied(path: string): Promise<void> {
  await without('log')(path);
  await mkdir(join(path, 'log'));
}

async function withoutSegments(path: string): Promise<void> {
  for (const name of await readdir(join(path, 'log'))) {
    if (name.endsWith('.log')) await rm(join(path, 'log', name));
  }
}

async function logOfStranger(path: string): Promise<void> {
  await fromAnother('log')(path);
  await rm(join(path, 'log', 'folder-id'));
}

describe('a node with a past', () => {
  test.each([
    ['whose log is gone', without('log'), 'log/ of this node is gone'],
    ['whose table is gone', without('table'), 'table/ of this node is gone'],
    ['whose log and table are gone', without('log', 'table'), 'log/ of this node is gone'],
    ['whose log is emptied', emptied, 'log/ of this node is gone'],
    ['whose segments are gone', withoutSegments, 'the log of this node is gone'],
    ['with a log of another node', fromAnother('log'), 'log/ belongs to another node than node.json'],
    ['with a table of another node', fromAnother('table'), 'table/ belongs to another node than node.json'],
    ['with the identity of another node', fromAnother('node.json'), 'log/ belongs to another node'],
    ['with segments of nobody knows whom', logOfStranger, 'log/ is not the one that this node wrote'],
    ['whose identity is gone', without('node.json'), 'node.json is gone, but log/ has the data of a node'],
    ['whose table alone is left', without('node.json', 'log'), 'node.json is gone, but table/ has the data'],
  ])('%s refuses to start, and starts as a new one when told to', async (_, damage, words) => {
    const path = await member('node');
    await damage(path);
    const before = (await readdir(path, { recursive: true })).sort();
    for (let again = 0; again < 2; again++) {
      await expect(start(path)).rejects.toThrow(WORDS);
      await expect(start(path)).rejects.toThrow(words);
    }
    expect((await readdir(path, { recursive: true })).sort()).toEqual(before);
    const { folder, batches } = await start(path, true);
    expect([folder.identity.identity, folder.identity.incarnation, batches]).toEqual([undefined, 1, []]);
    expect(folder.givenUp).toContain(words);
    const aside = await readdir(join(path, 'set-aside-1'));
    expect(aside.sort()).toEqual(before.filter((name) => /^(log|table|node\.json)$/.test(name)));
    expect((await start(path)).batches).toEqual([]);
  });

  test('starts as ever when nothing is missing, told to accept a loss or not, and wherever its folder is', async () => {
    const path = await member('node');
    expect((await start(path, true)).batches).toEqual(['checkpoint', 'node 2']);
    await rename(path, join(root, 'moved'));
    const { folder, batches } = await start(join(root, 'moved'));
    expect([batches, folder.identity.incarnation]).toEqual([['checkpoint', 'node 2'], 3]);
    expect(folder.givenUp).toBeUndefined();
  });

  test('of a version without ids is taken once, and then has one', async () => {
    const path = await member('node');
    await withoutIds(path);
    expect((await start(path)).batches).toEqual(['checkpoint', 'node 2']);
    await fromAnother('table')(path);
    await expect(start(path)).rejects.toThrow('table/ belongs to another node');
  });

  test('of a version without ids refuses to start without its log, and on parts of a folder with an id', async () => {
    const path = await member('node');
    await withoutIds(path);
    await cp(path, join(root, 'copy'), { recursive: true });
    await without('log')(path);
    await expect(start(path)).rejects.toThrow('the log of this node is gone');
    await fromAnother('log')(join(root, 'copy'));
    await expect(start(join(root, 'copy'))).rejects.toThrow('log/ belongs to another node');
  });
});

describe('a folder without a past', () => {
  test('is never refused, wherever its first start was broken off', async () => {
    for (let operations = 0; ; operations++) {
      const path = join(root, `${operations}`);
      const files = new RecordingFiles(path);
      files.operationsLeft = operations;
      const whole = await start(path, false, files).then(
        () => true,
        () => false,
      );
      expect((await start(path)).batches).toEqual([]);
      if (!whole) continue;
      expect(operations).toBeGreaterThan(20);
      return;
    }
  });

  test('is refused with the data of a node in it', async () => {
    const path = join(root, 'fresh');
    await start(path);
    const other = await member('other');
    for (const part of ['log', 'table']) {
      const { folderId } = JSON.parse(await readFile(join(path, 'node.json'), 'utf8')) as {
        folderId: string;
      };
      await rm(join(path, part), { recursive: true });
      await cp(join(other, part), join(path, part), { recursive: true });
      await writeFile(join(path, part, 'folder-id'), folderId);
    }
    await expect(start(path)).rejects.toThrow('node.json beside them names none');
  });
});

import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { position } from '@ringkeep/shared';
import { DataFolder, IdentityFile } from '../../src/storage';

const IDENTITY = { clusterId: 'cluster-é', nodeId: position(0xfedcba9876543210n), salt: 4_294_967_295 };

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ringkeep-identity-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

test('a new folder knows no node, and counts incarnations from 1 on', async () => {
  const file = await IdentityFile.open(folder);
  expect([file.identity, file.incarnation]).toEqual([undefined, 0]);
  expect(await file.raiseIncarnation()).toBe(1);
  expect(await file.raiseIncarnation()).toBe(2);
  expect((await IdentityFile.open(folder)).incarnation).toBe(2);
  expect((await IdentityFile.open(folder)).identity).toBeUndefined();
});

test('who a node is outlives the process, beside its incarnation', async () => {
  const file = await IdentityFile.open(folder);
  await file.raiseIncarnation();
  await file.remember(IDENTITY, 2_000);
  const again = await IdentityFile.open(folder);
  expect([again.identity, again.incarnation]).toEqual([IDENTITY, 1]);
  expect(await again.raiseIncarnation()).toBe(2);
  expect((await IdentityFile.open(folder)).identity).toEqual(IDENTITY);
  expect(await readdir(folder)).toEqual(['node.json']);
});

test('changes that are asked for at once are made one after the other', async () => {
  const file = await IdentityFile.open(folder);
  const incarnations = Promise.all([file.raiseIncarnation(), file.raiseIncarnation()]);
  await Promise.all([
    file.remember(IDENTITY, 2_000),
    file.remember(IDENTITY, 2_000),
    file.remember(IDENTITY, 3_000),
  ]);
  expect(await incarnations).toEqual([1, 2]);
  const again = await IdentityFile.open(folder);
  expect([again.identity, again.incarnation, again.leaseMs]).toEqual([IDENTITY, 2, 3_000]);
  expect(await readdir(folder)).toEqual(['node.json']);
});

test('a change that failed does not keep the next from being made', async () => {
  const file = await IdentityFile.open(join(folder, 'later'));
  await expect(file.raiseIncarnation()).rejects.toThrow('ENOENT');
  await mkdir(join(folder, 'later'));
  expect(await file.raiseIncarnation()).toBe(1);
});

test('the longest lease ever granted and the claim of a newcomer outlive the process', async () => {
  const file = await IdentityFile.open(folder);
  await file.raiseIncarnation();
  expect((await IdentityFile.open(folder)).claim).toBe(file.claim);
  await file.remember(IDENTITY, 2_000);
  await file.remember(IDENTITY, 500);
  expect((await IdentityFile.open(folder)).leaseMs).toBe(2_000);
  await file.remember(IDENTITY, 3_000);
  const again = await IdentityFile.open(folder);
  expect([again.leaseMs, again.claim]).toEqual([3_000, file.claim]);
});

test('a file that was cut short or changed is refused by name', async () => {
  const file = await IdentityFile.open(folder);
  await file.remember(IDENTITY, 2_000);
  const path = join(folder, 'node.json');
  const text = await readFile(path, 'utf8');
  for (let length = 0; length < text.trimEnd().length; length += 7) {
    await writeFile(path, text.slice(0, length));
    await expect(IdentityFile.open(folder)).rejects.toThrow(`${path} is damaged`);
  }
  for (const changed of [text.replace('fedc', 'fedd'), text.replace('4294967295', '1'), '[]', 'null', '{}']) {
    await writeFile(path, changed);
    await expect(IdentityFile.open(folder)).rejects.toThrow(`${path} is damaged`);
  }
  await writeFile(path, text.replace('"format": 1', '"format": 2'));
  await expect(IdentityFile.open(folder)).rejects.toThrow('was written by a later version (format 2)');
});

test('what a crash left of an unfinished replacement is ignored', async () => {
  const file = await IdentityFile.open(folder);
  await file.remember(IDENTITY, 2_000);
  await writeFile(join(folder, 'node.json.new'), '{"form');
  const again = await IdentityFile.open(folder);
  expect(again.identity).toEqual(IDENTITY);
  expect(await again.raiseIncarnation()).toBe(1);
});

test('a data folder serves one process at a time', async () => {
  const first = await DataFolder.open(folder);
  await expect(DataFolder.open(folder)).rejects.toThrow(/is in use by another process/);
  await first.close();
  await first.close();
  const second = await DataFolder.open(folder);
  const storage = await second.openStorage();
  await storage.recover({ snapshot: () => undefined, batch: () => undefined });
  await storage.close();
  await second.close();
});

test('a data folder whose node.json is damaged is refused and left unlocked', async () => {
  await writeFile(join(folder, 'node.json'), 'nonsense');
  await expect(DataFolder.open(folder)).rejects.toThrow('node.json is damaged');
  await rm(join(folder, 'node.json'));
  await (await DataFolder.open(folder)).close();
});

test('the file says whether anything of the node was ever durable, and one without a word had a past', async () => {
  const file = await IdentityFile.open(folder);
  await file.raiseIncarnation();
  await file.remember(IDENTITY, 1_000);
  expect((await IdentityFile.open(folder)).blank).toBe(true);
  await file.hasData();
  expect((await IdentityFile.open(folder)).blank).toBe(false);
});

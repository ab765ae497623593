import { constants } from 'node:fs';
import { mkdtemp, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MachineDisks } from '../../chaos/machine-disks';

let folder: string;
let disks: MachineDisks | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ringkeep-disks-'));
  disks = await MachineDisks.open(join(folder, 'images'), folder);
  await disks?.mount('disk');
});
afterEach(async () => {
  await disks?.close();
  await rm(folder, { recursive: true });
});

async function write(name: string, text: string, flags = 0): Promise<void> {
  const file = await open(join(folder, 'disk', name), constants.O_WRONLY | constants.O_CREAT | flags);
  try {
    await file.write(text);
    if (name.startsWith('synced')) await file.sync();
  } finally {
    await file.close();
  }
}

test('a cut of the power keeps what was synced and loses the rest', async () => {
  if (!disks) return;
  await write('synced', 'kept');
  await write('synced-at-once', 'kept', constants.O_DSYNC);
  await write('forgotten', 'lost');
  await disks.cutPower('disk');
  await disks.repair('disk');
  const names = await readdir(join(folder, 'disk'));
  expect(names).toEqual(expect.arrayContaining(['synced', 'synced-at-once']));
  expect(names).not.toContain('forgotten');
  expect(await readFile(join(folder, 'disk', 'synced'), 'utf8')).toBe('kept');
});

test('a full disk takes nothing until it is freed', async () => {
  if (!disks) return;
  await disks.fill('disk', 0);
  const large = Buffer.alloc(1 << 20);
  await expect(writeFile(join(folder, 'disk', 'more'), large)).rejects.toThrow('ENOSPC');
  await disks.free('disk');
  await writeFile(join(folder, 'disk', 'more'), large);
});

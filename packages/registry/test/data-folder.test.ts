/** A registry whose data folder is taken away while it runs. */

import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRegistry, type RunningRegistry } from '../src';
import { RegistryPeer, foundEverywhere } from './registry-peer';

let root: string;
let registry: RunningRegistry | undefined;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'ringkeep-registry-'));
});
afterEach(async () => {
  await registry?.stop();
  await rm(root, { recursive: true });
});

async function exchange(path: string): Promise<void> {
  await rename(path, `${path} before`);
  await mkdir(path);
}

async function withoutLock(path: string): Promise<void> {
  for (const name of await readdir(path)) if (name.startsWith('lock-')) await rm(join(path, name));
}

test.each([
  ['is deleted', (path: string) => rm(path, { recursive: true }), /data(\/\S+)? is gone/],
  ['is moved away and made anew', exchange, /data was replaced/],
  ['loses its table', (path: string) => rm(join(path, 'ring'), { recursive: true }), /ring is gone/],
  ['loses its lock', withoutLock, /lock-[0-9a-f]+ is gone/],
])('a registry whose data folder %s decides nothing more, and says why', async (_, damage, words) => {
  const dataDir = join(root, 'data');
  let fatal: (error: Error) => void = () => undefined;
  const failed = new Promise<Error>((resolve) => (fatal = resolve));
  const parameters = { leaseMs: 400, leaseMarginMs: 50 };
  registry = await startRegistry({
    nodeCheck: foundEverywhere,
    storage: 'disk',
    dataDir,
    parameters,
    onFatal: fatal,
  });
  const peer = new RegistryPeer(registry.address);
  await peer.register('http://a:1');
  await damage(dataDir);
  expect((await failed).message).toMatch(words);
  await expect(peer.register('http://b:1')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  peer.close();
});

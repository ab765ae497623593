/** A node whose data folder is taken away, or exchanged, while it runs. */

import { cp, mkdir, readFile, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RingNode } from '../../src';
import { TestRing } from '../ring/test-ring';

let ring: TestRing;
beforeEach(async () => {
  ring = await TestRing.start({ leaseMs: 500, leaseMarginMs: 100 });
});
afterEach(() => ring.stop());

/** Writes until a write is not acknowledged. */
async function writeUntilRefused(node: RingNode): Promise<number> {
  for (let n = 0; ; n++) {
    try {
      await node.set(`key ${n}`, 'value');
    } catch {
      return n;
    }
  }
}

async function lockOf(path: string): Promise<string> {
  const name = (await readdir(path)).find((each) => each.startsWith('lock-'));
  return join(path, name as string);
}

async function exchange(path: string): Promise<void> {
  await rename(path, `${path} before`);
  await mkdir(path);
}

const cases: readonly [string, (path: string) => Promise<unknown>, RegExp][] = [
  ['is deleted', (path) => rm(path, { recursive: true }), /a(\/\S+)? is gone/],
  ['is moved away', (path) => rename(path, `${path} before`), /a is gone/],
  ['is moved away and made anew', exchange, /a was replaced/],
  [
    'is replaced by a copy of itself',
    async (path) => {
      await exchange(path);
      for (const part of ['log', 'table', 'node.json'])
        await cp(join(`${path} before`, part), join(path, part), { recursive: true });
    },
    /a was replaced/,
  ],
  [
    'is replaced by a link',
    async (path) => {
      await rename(path, `${path} before`);
      await symlink(`${path} before`, path);
    },
    /a was replaced/,
  ],
  ['loses its log', (path) => rm(join(path, 'log'), { recursive: true }), /log is gone/],
  ['loses its segment', (path) => removeSegments(join(path, 'log')), /\.log is gone/],
  ['loses its table', (path) => rm(join(path, 'table'), { recursive: true }), /table is gone/],
  ['loses node.json', (path) => rm(join(path, 'node.json')), /node\.json was removed or changed/],
  ['gets another node.json', (path) => writeFile(join(path, 'node.json'), '{}'), /node\.json was removed or/],
  ['loses its lock', async (path) => rm(await lockOf(path)), /lock-[0-9a-f]+ is gone/],
];

async function removeSegments(log: string): Promise<void> {
  for (const name of await readdir(log)) if (name.endsWith('.log')) await rm(join(log, name));
}

test.each(cases)(
  'a node whose data folder %s stops, acknowledges nothing more, and says why',
  async (_, damage, words) => {
    const path = ring.dataDir('a');
    const node = await ring.addNode({ storage: 'disk', dataDir: path });
    await node.set('before', 'value');
    await damage(path);
    await writeUntilRefused(node);
    await expect(node.set('after', 'value')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await node.stop();
    await new Promise(setImmediate);
    expect(ring.failures).toEqual([expect.stringMatching(words)]);
    expect(ring.failures[0]).toContain('Put the data folder back as it was and start the node again');
  },
);

test('what stands in the place of a data folder is not touched', async () => {
  const path = ring.dataDir('a');
  const node = await ring.addNode({ storage: 'disk', dataDir: path });
  await node.set('before', 'value');
  const [segment] = (await readdir(join(path, 'log'))).filter((name) => name.endsWith('.log'));
  await exchange(path);
  await mkdir(join(path, 'log'));
  const stranger = join(path, 'log', segment as string);
  await writeFile(stranger, 'a segment of another node');
  await writeUntilRefused(node);
  await node.stop();
  expect(await readFile(stranger, 'utf8')).toBe('a segment of another node');
  expect((await readdir(path)).sort()).toEqual(['log']);
});

test('a node that is left alone with its data folder goes on', async () => {
  const path = ring.dataDir('a');
  const node = await ring.addNode({ storage: 'disk', dataDir: path });
  const until = Date.now() + 1_500;
  for (let n = 0; Date.now() < until; n++) await node.set(`key ${n}`, Buffer.alloc(50_000));
  expect(ring.failures).toEqual([]);
});

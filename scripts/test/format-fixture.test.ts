/** A ring starts on the data that the version before has left behind (made by `npm run format-fixture`). */

import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { RingClient, type ItemResult } from '@ringkeep/client';
import { DiskStorage } from '@ringkeep/dht-node/storage';
import type { Bytes } from '@ringkeep/shared';
import { headOf, isSound, type StoredValue } from '@ringkeep/shared/operations';
import { decodeBatch, decodeSnapshot } from '@ringkeep/dht-node/codec';
import { eventually } from '../../packages/dht-node/test/server/node-peer';
import type { Expected } from '../format-fixture';
import { ProcessTest } from './process-test';

const WHOLE_RING = { from: '' as Bytes, to: undefined };
const FIXTURE = join(__dirname, 'fixtures/format-2.tar.gz');

let all: ProcessTest;
let expected: Expected;
beforeEach(async () => {
  all = await ProcessTest.begin();
  await promisify(execFile)('tar', ['-xzf', FIXTURE, '-C', all.folder]);
  expected = JSON.parse(await readFile(all.dataDir('expected.json'), 'utf8')) as Expected;
});
afterEach(() => all.end());

const base64 = (value: Uint8Array | undefined): string | null =>
  value === undefined ? null : Buffer.from(value).toString('base64');

function valueOf(result: ItemResult | undefined): Uint8Array | undefined {
  if (!result?.ok) throw new Error(`a key cannot be read: ${result?.error.message}`);
  return result.value;
}

test('the whole ring serves what was acknowledged, and of a write under way the old or the new', async () => {
  const registry = await all.registry(undefined, 'registry', []);
  const nodes = await Promise.all(expected.nodes.map((name) => all.node(registry, name)));
  const client = await RingClient.connect({ nodes: nodes.map(({ address }) => address) });
  try {
    for (let round = 0; round < 2; round++) {
      const keys = [...Object.keys(expected.stored), ...expected.absent, ...Object.keys(expected.uncertain)];
      const results = await client.getMany(keys);
      const found = new Map(keys.map((key, i) => [key, base64(valueOf(results[i]))]));
      for (const [key, value] of Object.entries(expected.stored)) expect(found.get(key)).toBe(value);
      for (const key of expected.absent) expect(found.get(key)).toBeNull();
      for (const [key, values] of Object.entries(expected.uncertain))
        expect(values).toContain(found.get(key));
      await client.set('written now', 'value');
      expect(Buffer.from((await client.get('written now')) as Uint8Array).toString()).toBe('value');
      // What it has written since is of the present format: it starts on both.
      if (round === 0) await restart();
    }
  } finally {
    await client.close();
  }

  async function restart(): Promise<void> {
    for (const node of nodes) node.process.signal('SIGKILL');
    await Promise.all(nodes.map(({ process }) => process.exited));
    const again = await Promise.all(
      nodes.map(({ port }, i) => all.node(registry, expected.nodes[i] as string, [], port)),
    );
    const peers = again.map((node) => all.peer(node));
    await eventually('the ring settles', async () => {
      const said = await Promise.all(peers.map((peer) => peer.describe()));
      return said.every(({ settled }) => settled);
    });
  }
});

test('one node’s folder has operations in table and log, and what is under way; the table is converted once', async () => {
  const folder = all.dataDir(expected.nodes[1] as string);
  for (let round = 0; round < 2; round++) {
    const storage = await DiskStorage.open(folder);
    let windows = 0;
    let records = 0;
    await storage.recover({
      snapshot: (state) => (windows += decodeSnapshot(state).replicas.length),
      batch: (batch) => (records += decodeBatch(batch).length),
    });
    expect(windows).toBeGreaterThan(0);
    expect(records).toBeGreaterThan(100);
    const { keys, bytes } = storage.entries.size(WHOLE_RING);
    const { entries } = storage.entries.scan(WHOLE_RING, Infinity);
    expect(entries.length).toBe(keys);
    expect(keys).toBeGreaterThan(100);
    expect(entries.reduce((sum, { key, value }) => sum + key.length - 8 + (value?.length ?? 0), 0)).toBe(
      bytes,
    );
    for (const { key, value } of entries) {
      expect(isSound(key, value as StoredValue)).toBe(true);
      expect(headOf(value as StoredValue)).toMatchObject({ version: 1, expiresAtMs: undefined });
    }
    await storage.close();
  }
});

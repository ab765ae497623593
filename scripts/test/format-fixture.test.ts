/** A ring starts on the data that older versions have left behind (made by `npm run format-fixture`). */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress, createGunzip } from 'node:zlib';
import { RingClient, type ItemResult } from '@ringkeep/client';
import { DiskStorage } from '@ringkeep/dht-node/storage';
import { keyOf, type Bytes } from '@ringkeep/shared';
import { headOf, isSound, textOfBytes, type StoredValue } from '@ringkeep/shared/operations';
import { decodeBatch, decodeSnapshot } from '@ringkeep/dht-node/codec';
import { eventually } from '../../packages/dht-node/test/server/node-peer';
import type { Expected } from '../format-fixture';
import { ProcessTest } from './process-test';

const WHOLE_RING = { from: '' as Bytes, to: undefined };
/** The newest last. */
const FIXTURES = ['format-2.tar.gz', 'format-3.tar.br'];

let all: ProcessTest;
beforeEach(async () => {
  all = await ProcessTest.begin();
});
afterEach(() => all.end());

async function unpack(fixture: string): Promise<Expected> {
  const unpacked = fixture.endsWith('.br') ? createBrotliDecompress() : createGunzip();
  // From a file: tar does not read what is behind the end of an archive, which would break a pipe.
  const archive = all.dataDir('fixture.tar');
  await pipeline(
    createReadStream(join(__dirname, 'fixtures', fixture)),
    unpacked,
    createWriteStream(archive),
  );
  const tar = spawn('tar', ['-xf', archive, '-C', all.folder], { stdio: ['ignore', 'ignore', 'inherit'] });
  expect(await once(tar, 'close')).toEqual([0, null]);
  return JSON.parse(await readFile(all.dataDir('expected.json'), 'utf8')) as Expected;
}

const base64 = (value: Uint8Array | undefined): string | null =>
  value === undefined ? null : Buffer.from(value).toString('base64');

function valueOf(result: ItemResult | undefined): Uint8Array | undefined {
  if (!result?.ok) throw new Error(`a key cannot be read: ${result?.error.message}`);
  return result.value;
}

test.each(FIXTURES)(
  'the ring of %s serves what was acknowledged, and the old or the new of a write under way',
  async (fixture) => {
    const expected = await unpack(fixture);
    const registry = await all.registry(undefined, 'registry', []);
    const nodes = await Promise.all(expected.nodes.map((name) => all.node(registry, name)));
    const client = await RingClient.connect({ nodes: nodes.map(({ address }) => address) });
    try {
      for (let round = 0; round < 2; round++) {
        const keys = [
          ...Object.keys(expected.stored),
          ...expected.absent,
          ...Object.keys(expected.uncertain),
        ];
        const results = await client.getMany(keys);
        const found = new Map(keys.map((key, i) => [key, base64(valueOf(results[i]))]));
        for (const [key, value] of Object.entries(expected.stored)) expect(found.get(key)).toBe(value);
        for (const [key, version] of Object.entries(expected.versions ?? {}))
          expect((await client.getVersioned(key))?.version).toBe(version);
        for (const key of expected.absent) expect(found.get(key)).toBeNull();
        for (const [key, values] of Object.entries(expected.uncertain))
          expect(values).toContain(found.get(key));
        // Its keys have the places that they were given before there were tags.
        expect(client.ring().parameters.positionRule).toBe('whole-key');
        expect(await client.exchange('{tag} written now', 'value')).toEqual(
          round === 0 ? undefined : Buffer.from('value'),
        );
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
  },
);

test.each(FIXTURES)(
  'a node’s folder of %s has operations in table and log, and what is under way; it is converted once',
  async (fixture) => {
    const expected = await unpack(fixture);
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
      expect(records).toBeGreaterThan(50);
      const { keys, bytes } = storage.entries.size(WHOLE_RING);
      const { entries } = storage.entries.scan(WHOLE_RING, Infinity);
      expect(entries.length).toBe(keys);
      expect(keys).toBeGreaterThan(60);
      expect(entries.reduce((sum, { key, value }) => sum + key.length - 8 + (value?.length ?? 0), 0)).toBe(
        bytes,
      );
      for (const { key, value } of entries) {
        expect(isSound(key, value as StoredValue)).toBe(true);
        const { version, expiresAtMs } = headOf(value as StoredValue);
        expect(expiresAtMs).toBeUndefined();
        if (expected.versions === undefined) expect(version).toBe(1);
        else
          expect(expected.versions[textOfBytes(keyOf(key)) as string] ?? version).toBeGreaterThanOrEqual(
            version,
          );
      }
      await storage.close();
    }
  },
);

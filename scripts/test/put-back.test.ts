/** Data folders that are copied, put back and changed under real processes: what is noticed, and what is said. */

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually, type NodePeer } from '../../packages/dht-node/test/server/node-peer';
import { SmallDisk } from '../../packages/dht-node/test/server/small-disk';
import { copyFolder, putBack } from '../chaos/folder-copy';
import { freePort, type RingProcess } from '@ringkeep/local-ring';
import { kill, ProcessTest, saidBy, settled, type Server } from './process-test';

jest.setTimeout(180_000);

const KEYS = Array.from({ length: 600 }, (_, i) => `key ${i}`);
const SHORT = ['--lease', '500ms', '--lease-margin', '100ms', '--failure-timeout', '30s'];

let all: ProcessTest;
let registry: Server;
beforeEach(async () => {
  all = await ProcessTest.begin();
  registry = await all.registry(undefined, 'registry', SHORT);
});
afterEach(() => all.end());

async function write(peer: NodePeer, value: string): Promise<void> {
  for (let first = 0; first < KEYS.length; first += 50)
    await Promise.all(KEYS.slice(first, first + 50).map((key) => peer.set(key, `${value} of ${key}`)));
}

/** How many keys have that value. */
async function right(peer: NodePeer, value: string): Promise<number> {
  let count = 0;
  for (const key of KEYS) {
    const found = await peer.get(key).catch(() => undefined);
    if (found && String(found.value) === `${value} of ${key}`) count += 1;
  }
  return count;
}

const killServers = (...servers: Server[]): Promise<void> => kill(...servers.map(({ process }) => process));

/** A node that is run again and again on a disk of its own, of some megabytes; not where none can be mounted. */
async function onSmallDisk(
  megabytes: number,
  test: (disk: SmallDisk, node: DiskNode) => Promise<void>,
): Promise<void> {
  const disk = await SmallDisk.mount(megabytes);
  if (!disk) return;
  const port = await freePort();
  const folder = join(disk.path, 'node');
  const run = (): RingProcess =>
    all.run([String(port), '--registry', registry.address, '--data-dir', folder]);
  const start = async (use: (peer: NodePeer) => Promise<unknown>): Promise<void> => {
    const process = run();
    await process.ready;
    await use(all.peer({ process, address: `127.0.0.1:${port}`, port }));
    await kill(process);
  };
  try {
    await test(disk, { folder, start, run });
  } finally {
    await disk.unmount();
  }
}

interface DiskNode {
  readonly folder: string;
  /** One that is to come up, used and killed. */
  readonly start: (use: (peer: NodePeer) => Promise<unknown>) => Promise<void>;
  readonly run: () => RingProcess;
}

const holdsTheKey = async (peer: NodePeer): Promise<void> =>
  expect(String((await peer.get('key')).value)).toBe('value');

test('a folder that was copied while its node ran and is put back costs no write, though its node starts first', async () => {
  const nodes = [await all.node(registry, 'a'), await all.node(registry, 'b'), await all.node(registry, 'c')];
  const [first, ...others] = nodes as [Server, Server, Server];
  await settled(...nodes.map((node) => all.peer(node)));
  const writing = write(all.peer(first), 'old');
  await copyFolder(all.dataDir('a'), all.dataDir('copy'));
  await writing;
  await write(all.peer(first), 'new');
  await killServers(registry, ...nodes);
  await putBack(all.dataDir('copy'), all.dataDir('a'));
  registry = await all.registry(registry.port, 'registry', SHORT);
  const again = all.node(registry, 'a', [], first.port);
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  const rest = await Promise.all(
    others.map(({ port }, i) => all.node(registry, i === 0 ? 'b' : 'c', [], port)),
  );
  const peers = [await again, ...rest].map((node) => all.peer(node));
  await settled(...peers);
  for (const peer of peers) expect(await right(peer, 'new')).toBe(KEYS.length);
});

test('a copied folder that is started beside its original is told apart, and one of the two stops and says why', async () => {
  const original = await all.node(registry, 'a');
  const peer = all.peer(original);
  await peer.set('key', 'value');
  await copyFolder(all.dataDir('a'), all.dataDir('copy'));
  const copy = await all.node(registry, 'copy');
  expect(await original.process.exited).toBe(1);
  expect(saidBy(original.process)).toMatch(
    /another process of the node .* is one of the two data folders a copy\? Keep one/,
  );
  expect(String((await all.peer(copy).get('key')).value)).toBe('value');
});

test('an old copy of the registry’s data is noticed: nothing is decided, the nodes go on, and both sides say so', async () => {
  const a = await all.node(registry, 'a');
  await killServers(registry);
  await copyFolder(all.dataDir('registry'), all.dataDir('copy'));
  registry = await all.registry(registry.port, 'registry', SHORT);
  const b = await all.node(registry, 'b');
  const peers = [all.peer(a), all.peer(b)] as const;
  await settled(...peers);
  await killServers(registry);
  await putBack(all.dataDir('copy'), all.dataDir('registry'));
  registry = await all.registry(registry.port, 'registry', SHORT);
  await eventually('the registry says so', () => /old copy/.test(saidBy(registry.process)));
  await eventually('a node says so', () =>
    /the registry does not know this ring/.test(saidBy(a.process) + saidBy(b.process)),
  );
  await peers[0].set('key', 'value');
  expect(String((await peers[1].get('key')).value)).toBe('value');
});

test('the ring moves to another number of copies when the registry is started with it, and back', async () => {
  const nodes = [await all.node(registry, 'a'), await all.node(registry, 'b'), await all.node(registry, 'c')];
  const peers = nodes.map((node) => all.peer(node));
  await settled(...peers);
  await write(peers[0] as NodePeer, 'a value');
  const copies = async (): Promise<number[]> => {
    const described = await Promise.all(peers.map((peer) => peer.describe()));
    return described.map(({ replicas }) => replicas.length);
  };
  for (const [factor, replicas] of [
    ['1', 1],
    ['3', 3],
  ] as const) {
    await killServers(registry);
    registry = await all.registry(registry.port, 'registry', SHORT, ['--replication-factor', factor]);
    await eventually(`each node has ${replicas} of 3 arcs`, async () =>
      (await copies()).every((count) => count === replicas),
    );
    await settled(...peers);
    expect(await right(peers[2] as NodePeer, 'a value')).toBe(KEYS.length);
  }
});

test('a node started on a disk without room says so in one line and ends', () =>
  onSmallDisk(16, async (disk, node) => {
    await node.start((peer) => peer.set('key', 'value'));
    await disk.fill();
    const refused = node.run();
    expect(await refused.exited).toBe(1);
    expect(refused.lastLines.at(-1)).toMatch(
      /^error: the disk of \S+ has 0 KiB free, and a node needs 256 KiB to start/,
    );
    await disk.freeWhatWasFilled();
    await node.start(holdsTheKey);
  }));

test('a node whose disk becomes read-only ends, says so, and is whole when it can write again', () =>
  onSmallDisk(512, async (disk, node) => {
    await node.start((peer) => peer.set('key', 'value'));
    await disk.setReadOnly(true);
    const refused = node.run();
    expect(await refused.exited).toBe(1);
    expect(refused.lastLines.at(-1)).toMatch(/^error: .*(EROFS|read-only)/);
    expect(saidBy(refused)).not.toMatch(/^ {4}at /m);
    await disk.setReadOnly(false);
    expect(await readdir(node.folder)).toContain('node.json');
    await node.start(holdsTheKey);
  }));

/** Data folders that are copied, put back and changed under real processes: what is noticed, and what is said. */

import { cp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually, type NodePeer } from '../../packages/dht-node/test/server/node-peer';
import { SmallDisk } from '../../packages/dht-node/test/server/small-disk';
import { freePort } from '../ports';
import type { RingProcess } from '../processes';
import { ProcessTest, type Server } from './process-test';

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

const settled = (...peers: NodePeer[]): Promise<void> =>
  eventually('the ring settles', async () => {
    const nodes = await Promise.all(peers.map((peer) => peer.describe()));
    return nodes.every((node) => node.settled) && new Set(nodes.map((node) => node.ringVersion)).size === 1;
  });

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

/** As a copying tool does it that knows nothing of the process: without the lock, which no copy has. */
async function copyFolder(from: string, to: string): Promise<void> {
  await cp(from, to, { recursive: true, filter: (path) => !/lock-[0-9a-f]+$/.test(path) });
}

async function putBack(copy: string, folder: string): Promise<void> {
  await rm(folder, { recursive: true });
  await copyFolder(copy, folder);
}

async function kill(...servers: Server[]): Promise<void> {
  for (const { process } of servers) process.signal('SIGKILL');
  await Promise.all(servers.map(({ process }) => process.exited));
}

const saidBy = (process: RingProcess): string => process.lastLines.join('\n');

test('a folder that was copied while its node ran and is put back costs no write, though its node starts first', async () => {
  const nodes = [await all.node(registry, 'a'), await all.node(registry, 'b'), await all.node(registry, 'c')];
  const [first, ...others] = nodes as [Server, Server, Server];
  await settled(...nodes.map((node) => all.peer(node)));
  const writing = write(all.peer(first), 'old');
  await copyFolder(all.dataDir('a'), all.dataDir('copy'));
  await writing;
  await write(all.peer(first), 'new');
  await kill(registry, ...nodes);
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
  await kill(registry);
  await copyFolder(all.dataDir('registry'), all.dataDir('copy'));
  registry = await all.registry(registry.port, 'registry', SHORT);
  const b = await all.node(registry, 'b');
  const peers = [all.peer(a), all.peer(b)] as const;
  await settled(...peers);
  await kill(registry);
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
    await kill(registry);
    registry = await all.registry(registry.port, 'registry', SHORT, ['--replication-factor', factor]);
    await eventually(`each node has ${replicas} of 3 arcs`, async () =>
      (await copies()).every((count) => count === replicas),
    );
    await settled(...peers);
    expect(await right(peers[2] as NodePeer, 'a value')).toBe(KEYS.length);
  }
});

test('a node started on a disk without room says so in one line and ends', async () => {
  const disk = await SmallDisk.mount(16);
  if (!disk) return;
  const args = [
    String(await freePort()),
    '--registry',
    registry.address,
    '--data-dir',
    join(disk.path, 'node'),
  ];
  try {
    const first = all.run(args);
    await first.ready;
    await all
      .peer({ process: first, address: `127.0.0.1:${args[0]}`, port: Number(args[0]) })
      .set('key', 'value');
    first.signal('SIGKILL');
    await first.exited;
    await disk.fill();
    const second = all.run(args);
    expect(await second.exited).toBe(1);
    expect(second.lastLines.at(-1)).toMatch(
      /^error: the disk of \S+ has 0 KiB free, and a node needs 256 KiB to start/,
    );
    await disk.freeWhatWasFilled();
    const third = all.run(args);
    await third.ready;
    const peer = all.peer({ process: third, address: `127.0.0.1:${args[0]}`, port: Number(args[0]) });
    expect(String((await peer.get('key')).value)).toBe('value');
    third.signal('SIGKILL');
    await third.exited;
  } finally {
    await disk.unmount();
  }
});

test('a node whose disk becomes read-only ends, says so, and is whole when it can write again', async () => {
  const disk = await SmallDisk.mount(512);
  if (!disk) return;
  const args = [
    String(await freePort()),
    '--registry',
    registry.address,
    '--data-dir',
    join(disk.path, 'node'),
  ];
  const at = { address: `127.0.0.1:${args[0]}`, port: Number(args[0]) };
  try {
    const first = all.run(args);
    await first.ready;
    await all.peer({ process: first, ...at }).set('key', 'value');
    first.signal('SIGKILL');
    await first.exited;
    await disk.setReadOnly(true);
    const second = all.run(args);
    expect(await second.exited).toBe(1);
    expect(second.lastLines.at(-1)).toMatch(/^error: .*(EROFS|read-only)/);
    expect(saidBy(second)).not.toMatch(/^ {4}at /m);
    await disk.setReadOnly(false);
    expect(await readdir(join(disk.path, 'node'))).toContain('node.json');
    const third = all.run(args);
    await third.ready;
    expect(String((await all.peer({ process: third, ...at }).get('key')).value)).toBe('value');
    third.signal('SIGKILL');
    await third.exited;
  } finally {
    await disk.unmount();
  }
});

/** A node as a library: started, refused, stopped, started again; and what is left behind, which is nothing. */

import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createServer as createHttp } from 'node:http';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { status } from '@grpc/grpc-js';
import { startRegistry } from '@ringkeep/registry';
import type { Logger } from '@ringkeep/process/running';
import { GrpcServer, Health, unary } from '@ringkeep/process/server';
import { dht } from '@ringkeep/shared/wire';
import { RingNode, type NodeOptions } from '../../src';
import { freePort } from '@ringkeep/local-ring';
import { TestRing } from '../ring/test-ring';
import { NodePeer } from './node-peer';

const text = (value: Uint8Array | undefined): string | undefined => value && Buffer.from(value).toString();

let ring: TestRing;
let peers: NodePeer[];
const closers: (() => unknown)[] = [];
beforeEach(async () => {
  // A node that comes back waits out what it may have granted before.
  ring = await TestRing.start({ leaseMs: 500, leaseMarginMs: 100 });
  peers = [];
});
afterEach(async () => {
  for (const peer of peers) peer.close();
  for (const close of closers.splice(0)) await close();
  await ring.stop();
});

function connect(node: RingNode): NodePeer {
  const peer = new NodePeer(node.address);
  peers.push(peer);
  return peer;
}

/** Servers that are neither node nor registry, and how a node is told of them. */
async function strangers(): Promise<[address: string, words: string][]> {
  const other = new GrpcServer();
  new Health(other.grpc, ['a.Service']);
  const first = new GrpcServer();
  const { queryDht, forwardQuery } = dht.DhtNodeService;
  const answer = unary(() => ({ hops: 0 }));
  first.addService({ queryDht, forwardQuery }, { queryDht: answer, forwardQuery: answer });
  const web = createHttp((_request, response) => response.end('web'));
  closers.push(
    () => other.stop(0),
    () => first.stop(0),
    () => web.close(),
  );
  const webPort = new Promise<number>((resolve) =>
    web.listen(0, '127.0.0.1', () => resolve((web.address() as AddressInfo).port)),
  );
  const at = (port: number): string => `127.0.0.1:${port}`;
  const here = { host: '127.0.0.1', port: 0 };
  return [
    [at(await other.listen(here)), 'this is not a Ringkeep node: another gRPC server answers there'],
    [at(await webPort), 'this is not a Ringkeep node: what answers there does not speak gRPC'],
    [
      at(await first.listen(here)),
      "this node speaks the first protocol: it answers QueryDHT, but no call that Ringkeep's nodes and tools make",
    ],
  ];
}

const onDisk = (name: string): Partial<NodeOptions> => ({ storage: 'disk', dataDir: ring.dataDir(name) });

/** A node on disk that was stopped in order. */
async function stopped(name: string): Promise<string> {
  const node = await ring.addNode(onDisk(name));
  await node.set('city', 'Porto');
  await node.stop();
  return ring.dataDir(name);
}

describe('starting', () => {
  test('on a port in use fails with words that say what to change, and frees the data folder', async () => {
    const { port } = await ring.addNode();
    await expect(ring.addNode({ port, ...onDisk('a') })).rejects.toThrow(
      `port ${port} on 127.0.0.1 is in use; choose another one with the PORT argument or NODE_PORT`,
    );
    await ring.addNode(onDisk('a'));
  });

  test('at the address of another node is refused: the registry finds that one there', async () => {
    const { address } = await ring.addNode();
    await expect(ring.addNode({ advertise: address })).rejects.toThrow(
      `the node advertises ${address}, and another process answers there`,
    );
  });

  test('with the data of another cluster is refused and changes nothing', async () => {
    const dataDir = await stopped('a');
    const other = await TestRing.start();
    try {
      await expect(other.addNode({ storage: 'disk', dataDir })).rejects.toThrow(
        new RegExp(
          `the node belongs to the cluster ${ring.registry.clusterId}, .* data folder is ${dataDir}`,
        ),
      );
      expect(other.registry.ring().members).toEqual([]);
    } finally {
      await other.stop();
    }
    const again = await ring.addNode({ storage: 'disk', dataDir });
    expect(text(await again.get('city'))).toBe('Porto');
  });

  test('on a data folder in use is refused, and the node that has it goes on', async () => {
    const node = await ring.addNode(onDisk('a'));
    await expect(ring.addNode(onDisk('a'))).rejects.toThrow(
      `the folder ${ring.dataDir('a')} is in use by another process`,
    );
    await node.set('still', 'here');
  });

  test('on a damaged node.json is refused by its name', async () => {
    const dataDir = await stopped('a');
    const path = join(dataDir, 'node.json');
    await writeFile(path, (await readFile(path, 'utf8')).replace(/"salt": \d+/, '"salt": 77'));
    await expect(ring.addNode(onDisk('a'))).rejects.toThrow(`${path} is damaged: its checksum is wrong`);
  });

  test('on a log with a byte flipped in the middle is refused by file and offset; nothing is thrown away', async () => {
    const node = await ring.addNode(onDisk('a'));
    for (let i = 0; i < 100; i++) await node.set(`key ${i}`, `value ${i}`);
    await node.stop();
    const folder = join(ring.dataDir('a'), 'log');
    const [segment] = (await readdir(folder)).sort();
    const path = join(folder, segment as string);
    const log = await readFile(path);
    const at = log.indexOf('value 50');
    expect(at).toBeGreaterThan(0);
    log[at] = (log[at] as number) ^ 1;
    await writeFile(path, log);
    await expect(ring.addNode(onDisk('a'))).rejects.toThrow(new RegExp(`${path} is damaged at byte \\d+`));
    expect(await readFile(path)).toEqual(log);
    log[at] = (log[at] as number) ^ 1;
    await writeFile(path, log);
    const again = await ring.addNode(onDisk('a'));
    expect(text(await again.get('key 50'))).toBe('value 50');
  });

  test('through any node finds the registry', async () => {
    const first = await ring.addNode();
    await first.set('city', 'Porto');
    const second = await ring.addNode({ join: first.address });
    expect(text(await second.get('city'))).toBe('Porto');
    await ring.untilSettled();
  });

  test('at the address of a process that is gone waits until its lease has run out', async () => {
    const first = await ring.addNode();
    const gone = await ring.addNode();
    const { port } = gone;
    await gone.stop();
    const said: string[] = [];
    const note = (line: string, facts?: object): void => void said.push(`${line} ${JSON.stringify(facts)}`);
    const logger: Logger = { error: note, warn: note, info: note, debug: note, child: () => logger };
    const again = await ring.addNode({ port, logger });
    const bothAreInSync = (node: RingNode) =>
      node.status().ring.arcs.every(({ inSync }) => inSync.length === 2);
    await ring.until(() => [first, again].every(bothAreInSync));
    await again.set('city', 'Porto');
    expect(said.filter((line) => line.startsWith('waits for its place'))).toEqual([
      expect.stringMatching(/belongs to the live member [0-9a-f]{16}; .* its lease runs out in [\d.]+ s/),
    ]);
  });

  test('through something that is no node says what it is, and what the two flags take', async () => {
    const hint = '; --join takes the address of a node, --registry that of the registry';
    await expect(ring.addNode({ join: ring.registry.address })).rejects.toThrow(
      `this is a Ringkeep registry, not a node${hint}`,
    );
    for (const [server, words] of await strangers()) {
      await expect(ring.addNode({ join: server })).rejects.toThrow(`${words}${hint}`);
    }
  });

  test('with a registry that is none says what it is', async () => {
    const { address } = await ring.addNode();
    const hint = '; --registry takes the address of the registry, --join that of any node';
    await expect(ring.addNode({ registry: address })).rejects.toThrow(
      `${address}: this is a Ringkeep node, not a registry${hint}`,
    );
    for (const [server, words] of await strangers()) {
      const text = words.replace('Ringkeep node', 'Ringkeep registry');
      await expect(ring.addNode({ registry: server })).rejects.toThrow(`${text}${hint}`);
    }
  });

  test('through something silent says so when it gives up', async () => {
    const sockets: Socket[] = [];
    const silent = createServer((socket) => sockets.push(socket));
    const port = await new Promise<number>((resolve) =>
      silent.listen(0, '127.0.0.1', () => resolve((silent.address() as AddressInfo).port)),
    );
    closers.push(() => {
      for (const socket of sockets) socket.destroy();
      silent.close();
    });
    const address = `127.0.0.1:${port}`;
    const says = 'something accepts connections there but says nothing';
    await expect(ring.addNode({ join: address, registryTimeoutMs: 2_500 })).rejects.toThrow(
      `no node answers at ${address} (${says})`,
    );
    await expect(ring.addNode({ registry: address, registryTimeoutMs: 6_000 })).rejects.toThrow(
      `the registry at http://${address} does not answer (${says})`,
    );
  });

  test.each([
    ['registry', 'the registry at http://127.0.0.1:1 does not answer'],
    ['join', 'no node answers at 127.0.0.1:1'],
  ])('gives up after a while when nobody is there: --%s', async (by, words) => {
    const nobody = { registry: undefined, [by]: '127.0.0.1:1', registryTimeoutMs: 300 };
    await expect(ring.addNode(nobody)).rejects.toThrow(`gave up after 300 ms: ${words}`);
  });

  test('before its registry is there is fine: it joins as soon as the registry comes', async () => {
    const port = await freePort();
    const starting = RingNode.start({ port: 0, storage: 'memory', registry: `127.0.0.1:${port}` });
    const registry = await startRegistry({ port });
    const node = await starting;
    await node.set('a', 'b');
    await node.stop();
    await registry.stop();
  });

  test('may be broken off at any time, and leaves nothing locked', async () => {
    const nobody = { registry: `127.0.0.1:${await freePort()}`, ...onDisk('a') };
    for (let turns = 0; turns < 30; turns += 3) {
      const node = RingNode.prepare({ port: 0, storage: 'memory', ...nobody });
      const started = node.start();
      started.catch(() => undefined);
      for (let i = 0; i < turns; i++) await new Promise(setImmediate);
      await node.stop();
      await expect(started).rejects.toMatchObject({ code: 'CANCELLED' });
    }
    await ring.addNode(onDisk('a'));
  });
});

describe('stopping', () => {
  test('keeps place and data on the disk, and the same node comes back at another port', async () => {
    const first = await ring.addNode(onDisk('a'));
    await ring.addNode(onDisk('b'));
    await ring.untilSettled();
    for (let i = 0; i < 50; i++) await first.set(`key ${i}`, `value ${i}`);
    const { id } = first.status();
    const { port } = first;
    await first.stop();
    const again = await ring.addNode({ ...onDisk('a'), port: await freePort() });
    expect(again.port).not.toBe(port);
    expect(again.status().id).toBe(id);
    ring.nodes.shift();
    await ring.untilSettled();
    for (const node of ring.nodes) {
      for (let i = 0; i < 50; i++) expect(text(await node.get(`key ${i}`))).toBe(`value ${i}`);
    }
  });

  test('answers what is under way, and refuses what comes after', async () => {
    const node = await ring.addNode(onDisk('a'));
    const writes = Array.from({ length: 200 }, (_, i) => node.set(`key ${i}`, 'value'));
    await new Promise(setImmediate);
    const over = node.stop();
    expect(await Promise.all(writes)).toHaveLength(200);
    await expect(node.set('late', 'value')).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: 'the node is stopping',
    });
    await over;
    await expect(node.get('late')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await node.stop();
  });

  test('answers calls and frames that are under way, with open streams all around', async () => {
    const node = await ring.addNode(onDisk('a'));
    const peer = connect(node);
    const batch = peer.batch();
    const watch = peer.client.watchRing({ fromVersion: 0, fromRun: 0n, clusterId: '', beats: false });
    watch.on('error', () => undefined).resume();
    const idle = peer.client.transferKeys();
    idle.on('error', () => undefined).resume();
    await peer.set('open', 'now');
    const calls = Array.from({ length: 50 }, (_, i) => peer.set(`key ${i}`, 'value'));
    batch.send({
      frame: 1,
      deadlineMs: 5_000,
      types: Buffer.from([2]),
      keyLengths: [1],
      valueLengths: [1],
      blob: Buffer.from('kv'),
    });
    const [result] = await batch.answers(1, 1);
    expect(result).toMatchObject({ ok: true });
    const began = performance.now();
    await node.stop();
    expect(performance.now() - began).toBeLessThan(2_000);
    const outcomes = await Promise.allSettled(calls);
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: status.UNAVAILABLE });
    }
    expect((await batch.status).code).toBe(status.OK);
  });

  test('again and again leaves nothing behind, in memory and on disk', async () => {
    const anchor = await ring.addNode();
    for (let round = 0; round < 3; round++) {
      const node = await ring.addNode();
      await node.set(`memory ${round}`, 'stored');
      await node.leave();
      await node.stop();
    }
    for (let round = 0; round < 3; round++) {
      const node = await ring.addNode(onDisk('a'));
      await node.set(`disk ${round}`, 'stored');
      await node.stop();
    }
    await ring.addNode(onDisk('a'));
    for (const key of ['memory 0', 'memory 2', 'disk 0', 'disk 2']) {
      expect(text(await anchor.get(key))).toBe('stored');
    }
  });
});

describe('leaving', () => {
  test('hands every key over, by the library and by LeaveRing alike', async () => {
    const [stays, leaves, asked] = (await ring.addNodes(3)) as [RingNode, RingNode, RingNode];
    await ring.untilSettled();
    for (let i = 0; i < 100; i++) await leaves.set(`key ${i}`, `value ${i}`);
    await leaves.leave();
    expect(await connect(asked).leave()).toEqual({ left: true });
    await Promise.all([leaves.stop(), asked.stop()]);
    await ring.untilSettled([stays]);
    for (let i = 0; i < 100; i++) expect(text(await stays.get(`key ${i}`))).toBe(`value ${i}`);
    expect(ring.registry.ring().members).toHaveLength(1);
  });

  test('is refused to the last node, which goes on', async () => {
    const node = await ring.addNode();
    await node.set('city', 'Porto');
    await expect(node.leave()).rejects.toMatchObject({
      code: 'FAILED_PRECONDITION',
      message: expect.stringContaining('is the last active member'),
    });
    await expect(connect(node).leave()).rejects.toMatchObject({
      code: status.FAILED_PRECONDITION,
      details: expect.stringContaining('nobody could take its part of the ring over'),
    });
    expect(text(await node.get('city'))).toBe('Porto');
    expect(ring.registry.ring().members[0]?.state).toBe('active');
  });

  test('of a node that does not run is an error', async () => {
    const node = RingNode.prepare({ port: 0, storage: 'memory', registry: ring.registry.address });
    expect(() => node.status()).toThrow('the node is not running');
    await expect((async () => node.leave())()).rejects.toThrow('the node is not running');
  });
});

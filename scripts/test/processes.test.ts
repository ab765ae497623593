/** Registry and nodes as real processes: signals, kills, pauses, and what their callers see of it. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import { dht } from '@ringkeep/shared/wire';
import { eventually, type NodePeer } from '../../packages/dht-node/test/server/node-peer';
import { freePort } from '@ringkeep/local-ring';
import { ProcessTest, type Server } from './process-test';

const ROOT = join(__dirname, '../..');
const { Get, Set: Store } = dht.OperationType;

let all: ProcessTest;
let registry: Server;
beforeEach(async () => {
  all = await ProcessTest.begin();
  registry = await all.registry();
});
afterEach(() => all.end());

const keys = Array.from({ length: 40 }, (_, i) => `key ${i}`);
const store = (peer: NodePeer): Promise<unknown> =>
  Promise.all(keys.map((key) => peer.set(key, `value of ${key}`)));

async function expectStored(peer: NodePeer): Promise<void> {
  for (const key of keys) expect(String((await peer.get(key)).value)).toBe(`value of ${key}`);
}

const settled = (...peers: NodePeer[]): Promise<void> =>
  eventually('the ring settles', async () => {
    const nodes = await Promise.all(peers.map((peer) => peer.describe()));
    return nodes.every((node) => node.settled) && new Set(nodes.map((node) => node.ringVersion)).size === 1;
  });

async function timed<T>(action: Promise<T>): Promise<{ result: T; ms: number }> {
  const began = performance.now();
  return { result: await action, ms: performance.now() - began };
}

describe('SIGTERM', () => {
  test('to a node on disk keeps its place and data; it comes back at another port', async () => {
    const node = await all.node(registry, 'a');
    const peer = all.peer(node);
    await store(peer);
    const { id } = await peer.describe();
    const { result: code, ms } = await timed(node.process.stop());
    expect(code).toBe(0);
    expect(ms).toBeLessThan(5_000);
    const again = all.peer(await all.node(registry, 'a'));
    expect((await again.describe()).id).toBe(id);
    await expectStored(again);
  });

  test('to a node in memory has it leave: its keys are at its neighbour, and so with --on-stop leave', async () => {
    const stays = await all.node(registry, 'a');
    const peer = all.peer(stays);
    for (const [name, ...flags] of [
      ['b', '--storage', 'memory'],
      ['c', '--on-stop', 'leave'],
    ] as const) {
      const leaver = await all.node(registry, name, flags);
      await settled(peer, all.peer(leaver));
      await store(all.peer(leaver));
      expect(await leaver.process.stop()).toBe(0);
      await expectStored(peer);
      await eventually('it holds the ring alone', async () => (await peer.describe()).replicas.length === 1);
    }
  });

  test('to the last node in memory, and with --on-stop stop, just ends it', async () => {
    const last = await all.node(registry, 'a', ['--storage', 'memory']);
    expect(await last.process.stop()).toBe(0);
    await eventually('it says so', () =>
      last.process.lastLines.some((line) => line.includes('stops without having left')),
    );
  });

  test('to a node that waits for the registry ends it at once, with 0', async () => {
    const node = all.run(['0', '--storage', 'memory', '--registry', `127.0.0.1:${await freePort()}`]);
    await eventually('it waits', () =>
      node.lastLines.some((line) => line.includes('waiting for the registry')),
    );
    const { result: code, ms } = await timed(node.stop());
    expect(code).toBe(0);
    expect(ms).toBeLessThan(2_000);
  });

  test('a second time ends it at once; a leave that takes too long is given up', async () => {
    const nodes = [
      await all.node(registry, 'a', ['--storage', 'memory']),
      await all.node(registry, 'b', ['--storage', 'memory', '--leave-timeout', '500ms']),
    ] as const;
    await settled(...nodes.map((node) => all.peer(node)));
    registry.process.signal('SIGKILL'); // nobody may leave now
    await registry.process.exited;
    const [stuck, impatient] = nodes;
    expect(await impatient.process.stop()).toBe(0);
    stuck.process.signal('SIGTERM');
    // The first one has arrived when the node has begun to leave; nothing shows that but its repeat.
    const again = setInterval(() => stuck.process.signal('SIGTERM'), 50);
    expect(await stuck.process.exited).toBe(143);
    clearInterval(again);
  });
});

describe('the registry', () => {
  test('killed with kill -9: reads and writes go on; started again it has the ring, and nodes join', async () => {
    const [a, b] = [
      all.peer(await all.node(registry, 'a')),
      all.peer(await all.node(registry, 'b')),
    ] as const;
    await settled(a, b);
    registry.process.signal('SIGKILL');
    await registry.process.exited;
    await store(a);
    await expectStored(b);
    const { ringVersion, clusterId } = await a.describe();
    registry = await all.registry(registry.port);
    const c = all.peer(await all.node(registry, 'c'));
    await settled(a, b, c);
    await expectStored(c);
    const after = await c.describe();
    expect(after.clusterId).toBe(clusterId);
    expect(after.ringVersion).toBeGreaterThan(ringVersion);
  });

  test('started again without its data: nodes go on, nobody joins, and all is well when the data are back', async () => {
    const servers = [await all.node(registry, 'a'), await all.node(registry, 'b')] as const;
    const [a, b] = [all.peer(servers[0]), all.peer(servers[1])] as const;
    await settled(a, b);
    await registry.process.stop();
    const empty = await all.registry(registry.port, 'another folder');
    const said = (words: string) => () =>
      servers.every(({ process }) => process.lastLines.some((line) => line.includes(words)));
    await eventually('both nodes say so', said('the registry does not know this ring as it is'));
    await store(a);
    await expectStored(b);
    const newcomer = all.run(['0', '--storage', 'memory', '--registry', registry.address]);
    expect(await newcomer.exited).toBe(1);
    expect(newcomer.lastLines.join('\n')).toContain('put its data folder back, or stop those nodes');
    await empty.process.stop();
    registry = await all.registry(registry.port);
    await eventually('both nodes say so', said('the registry answers again'));
    const c = all.peer(await all.node(registry, 'c'));
    await settled(a, b, c);
    await expectStored(c);
  });

  test('may come later than a node, which joins then', async () => {
    const port = await freePort();
    const node = all.run(['0', '--storage', 'memory', '--registry', `127.0.0.1:${port}`]);
    await eventually('it waits', () =>
      node.lastLines.some((line) => line.includes('waiting for the registry')),
    );
    await registry.process.stop();
    await all.registry(port);
    expect(await node.ready).toContain('1 in the ring');
  });
});

describe('an owner that is paused', () => {
  test('is waited for no longer than the caller says; then a read failed and a write is unknown', async () => {
    const [here, there] = [await all.node(registry, 'a'), await all.node(registry, 'b')];
    const [peer, other] = [all.peer(here), all.peer(there)];
    await settled(peer, other);
    const key = await keyAt(peer);
    await peer.set(key, 'before');
    there.process.signal('SIGSTOP');
    const within = 800;
    const [read, write] = await Promise.all([
      timed(failure(peer.queryWithin(within, { ty: Get, key: Buffer.from(key) }))),
      timed(
        failure(peer.queryWithin(within, { ty: Store, key: Buffer.from(key), value: Buffer.from('after') })),
      ),
    ]);
    there.process.signal('SIGCONT');
    expect([status.UNAVAILABLE, status.DEADLINE_EXCEEDED]).toContain(read.result.code);
    expect(write.result).toMatchObject({
      code: status.ABORTED,
      details: expect.stringContaining('outcome unknown'),
    });
    for (const { ms } of [read, write]) expect(ms).toBeLessThan(within + 300);
    await eventually('the owner answers again', async () => {
      const answer = await peer.get(key).catch(() => undefined);
      return ['before', 'after'].includes(String(answer?.value));
    });
  });

  /** A key that is at home at the other one of two nodes. */
  async function keyAt(peer: NodePeer): Promise<string> {
    for (const key of keys) if ((await peer.get(key)).hops === 1) return key;
    throw new Error('every key is at home here');
  }

  async function failure(call: Promise<unknown>): Promise<{ code: number; details: string }> {
    return call.then(
      () => Promise.reject(new Error('it did not fail')),
      (error: { code: number; details: string }) => error,
    );
  }
});

describe('a process', () => {
  test('whose parent was killed with kill -9 stops in order', async () => {
    const program = `
      const { RingProcess } = require('./packages/local-ring/dist');
      const node = RingProcess.start('node', ${JSON.stringify(['0', '--registry', registry.address, '--data-dir', all.dataDir('a')])});
      node.ready.then(() => console.log(node.pid));`;
    const parent = spawn(process.execPath, ['-e', program], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = Number(line);
    parent.kill('SIGKILL');
    await eventually('the child has ended', () => !alive(pid));
    // In order: the folder is free, and the ring knows the node.
    await all.node(registry, 'a');
  });

  test('that uses registry and nodes as libraries ends by itself when they are stopped', async () => {
    const program = `
      const { startRegistry } = require('./packages/registry/dist');
      const { RingNode } = require('./packages/dht-node/dist');
      (async () => {
        const registry = await startRegistry();
        const options = { port: 0, storage: 'memory', registry: registry.address };
        const nodes = [await RingNode.start(options), await RingNode.start(options)];
        await Promise.all(Array.from({ length: 50 }, (_, i) => nodes[i % 2].set('key ' + i, 'value')));
        await Promise.all(nodes.map((node) => node.stop()));
        await registry.stop();
      })();`;
    const child = spawn(process.execPath, ['-e', program], {
      cwd: ROOT,
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    const force = setTimeout(() => child.kill('SIGKILL'), 20_000);
    expect(await once(child, 'exit')).toEqual([0, null]);
    clearTimeout(force);
  });
});

function alive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

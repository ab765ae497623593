/**
 * Rings of real processes whose arcs are stopped, for disks were put back to an older state while all processes were down.
 * `ringkeep recover` decides, arc by arc.
 */

import {
  formatPosition,
  RingView,
  type ArcConfig,
  type Bytes,
  type NodeId,
  type Position,
} from '@ringkeep/shared';
import { ringKeyOf } from '@ringkeep/shared/operations';
import { RingClient } from '@ringkeep/client';
import { run, type CommandOutcome } from '../../packages/cli/test/terminal';
import { eventually, type NodePeer } from '../../packages/dht-node/test/server/node-peer';
import { copyFolder, putBack } from '../chaos/folder-copy';
import type { RingProcess } from '@ringkeep/local-ring';
import { kill, ProcessTest, settled, type Server } from './process-test';

jest.setTimeout(180_000);

/** The old disk's node drops the others, and serves alone. */
const REGISTRY = [
  '--lease',
  '500ms',
  '--lease-margin',
  '100ms',
  '--failure-timeout',
  '1s',
  '--min-copies',
  '1',
];
const NAMES = ['a', 'b', 'c'];
const KEYS = Array.from({ length: 300 }, (_, i) => `key ${i}`);
/** The log that is to lose is the longer one. */
const WRITES_ALONE = 3;

let all: ProcessTest;
beforeEach(async () => {
  all = await ProcessTest.begin();
});
afterEach(() => all.end());

async function write(peer: NodePeer, value: string): Promise<void> {
  for (let first = 0; first < KEYS.length; first += 50)
    await Promise.all(KEYS.slice(first, first + 50).map((key) => peer.set(key, value)));
}

/** When every copy knows of all that it has that it is committed. */
const committed = (...peers: NodePeer[]): Promise<void> =>
  eventually('all is known to be committed', async () => {
    const nodes = await Promise.all(peers.map((peer) => peer.describe()));
    return nodes.every(({ replicas }) => replicas.every((copy) => copy.committed === copy.lastPrepared));
  });

/** Three nodes with the writes of "new", and beside their folders copies of the folders with those of "old". */
class OldDisks {
  private constructor(
    private registry: Server,
    readonly nodes: readonly [Server, Server, Server],
    readonly peers: readonly [NodePeer, NodePeer, NodePeer],
  ) {}

  /** `returned`: afterwards the third got its arc back, under the number of its last write. */
  static async begin(returned = false): Promise<OldDisks> {
    const registry = await all.registry(undefined, 'registry', REGISTRY);
    const nodes = await Promise.all(NAMES.map((name) => all.node(registry, name)));
    const [a, b, c] = nodes as [Server, Server, Server];
    const ring = new OldDisks(registry, [a, b, c], [all.peer(a), all.peer(b), all.peer(c)]);
    await settled(...ring.peers);
    await write(ring.peers[0], 'old');
    await kill(...nodes.map(({ process }) => process));
    for (const name of NAMES) await copyFolder(all.dataDir(name), all.dataDir(`copy of ${name}`));
    const again = await Promise.all(NAMES.map((_, i) => ring.start(i)));
    await settled(...ring.peers);
    await write(ring.peers[0], 'new');
    await committed(...ring.peers);
    if (returned) {
      await kill(again[2] as RingProcess);
      again.push(await ring.start(2));
      await settled(...ring.peers);
    }
    await kill(registry.process, ...again);
    return ring;
  }

  async putBack(...indexes: number[]): Promise<void> {
    for (const i of indexes)
      await putBack(all.dataDir(`copy of ${NAMES[i]}`), all.dataDir(NAMES[i] as string));
    this.registry = await all.registry(this.registry.port, 'registry', REGISTRY);
  }

  /** Not to be waited for where its arc is stopped. */
  run(index: number): RingProcess {
    const { port } = this.nodes[index] as Server;
    const folder = all.dataDir(NAMES[index] as string);
    return all.run([String(port), '--registry', this.registry.address, '--data-dir', folder]);
  }

  async start(index: number): Promise<RingProcess> {
    const process = this.run(index);
    await process.ready;
    return process;
  }

  /** When that many arcs are stopped at a node. */
  stopped(peer: NodePeer, arcs: number): Promise<void> {
    return eventually(`${arcs} arcs are stopped`, async () => {
      const { replicas } = await peer.describe();
      return replicas.filter(({ stopped }) => stopped !== undefined).length === arcs;
    });
  }

  async view(): Promise<RingView> {
    const client = await RingClient.connect({ nodes: [this.nodes[0].address] });
    const view = new RingView(client.ring());
    await client.close();
    return view;
  }

  /** What recover shows before anything is decided. */
  show(start: Position, ...form: string[]): Promise<CommandOutcome> {
    return run(['--node', this.nodes[0].address, 'recover', formatPosition(start), ...form]);
  }

  recover(start: Position, from: NodeId): Promise<CommandOutcome> {
    const [{ address }] = this.nodes;
    return run([
      '--node',
      address,
      'recover',
      formatPosition(start),
      '--from',
      formatPosition(from),
      '--yes',
    ]);
  }
}

const idOf = (view: RingView, { port }: Server): NodeId =>
  view.ring.members.find(({ addr }) => addr.endsWith(`:${port}`))?.id as NodeId;

const keysOf = (view: RingView, start: Position): string[] =>
  KEYS.filter((key) => view.arcOfKey(ringKeyOf(key as Bytes))?.start === start);

/** The values of an arc's keys, each once. */
async function valuesOf(view: RingView, start: Position, peer: NodePeer): Promise<string[]> {
  const read = await Promise.all(keysOf(view, start).map((key) => peer.get(key)));
  return [...new Set(read.map(({ value }) => String(value)))];
}

/** Of an arc of which no copy has the same values as the first node's. */
async function expectDifferencesShown(ring: OldDisks, view: RingView): Promise<void> {
  const { start } = view.ring.arcs[0] as ArcConfig;
  const keys = keysOf(view, start);
  const unlike = { count: keys.length, keys: expect.any(Array) };
  const { copies, ...told } = JSON.parse((await ring.show(start, '--json')).stdout);
  expect(told).toMatchObject({ keysCompared: keys.length, allCompared: true });
  expect(copies).toHaveLength(3);
  for (const copy of copies) {
    expect(copy).toMatchObject({ keys: keys.length, keysOnlyHere: { count: 0 }, keysUnlike: unlike });
    expect(copy.keysUnlike.keys).toHaveLength(Math.min(5, keys.length));
    expect(keys).toEqual(expect.arrayContaining(copy.keysUnlike.keys));
  }
  const lines = (await ring.show(start)).stdout.split('\n');
  expect(lines).toContain(`of all ${keys.length} keys, these are not the same in all copies:`);
  expect(lines).toContainEqual(
    expect.stringMatching(new RegExp(`^ {2}unlike another copy ${keys.length}: key \\d+`)),
  );
}

const GOES_ON = { code: 0, stderr: expect.stringContaining('the arc goes on with the copy of') };

test('recover makes any node’s copy the arc’s, that of the stopped primary or another one’s, and reads are right at once', async () => {
  const ring = await OldDisks.begin();
  const { nodes, peers } = ring;
  await ring.putBack(0);
  await ring.start(0);
  for (let i = 0; i < WRITES_ALONE; i++) await write(peers[0], 'alone');
  ring.run(1);
  ring.run(2);
  await ring.stopped(peers[0], 3);
  const view = await ring.view();
  await expectDifferencesShown(ring, view);
  for (const [index, node] of nodes.entries()) {
    const { start } = view.ring.arcs[index] as ArcConfig;
    expect(await ring.recover(start, idOf(view, node))).toMatchObject(GOES_ON);
    expect(await valuesOf(view, start, peers[1])).toEqual([index === 0 ? 'alone' : 'new']);
  }
  await settled(...peers);
  expect(await run(['--node', nodes[0].address, 'ring'])).toMatchObject({ code: 0 });
});

test('recover takes a copy whose log ends before the arc’s last number, when the newer disks are gone', async () => {
  const ring = await OldDisks.begin(true);
  const { nodes, peers } = ring;
  await ring.putBack(0, 1);
  await Promise.all([ring.start(0), ring.start(1)]);
  const view = await ring.view();
  const start = idOf(view, nodes[2]);
  const primary = view.arcAt(start)?.primary;
  const other = primary === idOf(view, nodes[0]) ? 1 : 0;
  await ring.stopped(peers[1 - other] as NodePeer, 1);
  expect(await ring.recover(start, idOf(view, nodes[other]))).toMatchObject(GOES_ON);
  expect(await valuesOf(view, start, peers[0])).toEqual(['old']);
});

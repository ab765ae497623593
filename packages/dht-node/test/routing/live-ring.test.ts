/** Rings of real nodes that know only a part of each other: who answers, after how many forwards, and past whom. */

import { Random, RingView, type NodeId, type Routing } from '@ringkeep/shared';
import { bytesOfText, ringKeyOf } from '@ringkeep/shared/operations';
import type { RingNode } from '../../src';
import { TestRing } from '../ring/test-ring';
import { NodePeer } from '../server/node-peer';

const NODES = 12;
const KEYS = Array.from({ length: 48 }, (_, i) => `key ${i}`);
const valueOf = (key: string): string => `value of ${key}`;

interface Expected {
  readonly routing: Routing;
  /** Peers that a node knows at most. */
  readonly peersMax: number;
  /** The longest walk takes between so many forwards and so many. */
  readonly longest: readonly [from: number, to: number];
}

// Of twelve nodes Pastry's leaf set and the first row of its table may hold all.
describe.each<Expected>([
  { routing: 'chord', peersMax: 9, longest: [2, 5] },
  { routing: 'pastry', peersMax: NODES - 1, longest: [1, 3] },
  { routing: 'neighbours', peersMax: 8, longest: [2, NODES - 1] },
])('a ring of twelve that routes by $routing', ({ routing, peersMax, longest }) => {
  let ring: TestRing;
  let peers: NodePeer[];

  beforeAll(async () => {
    // Nobody is declared dead in these tests: the nodes themselves must find ways round one that is gone.
    ring = await TestRing.start({ replicationFactor: 1, routing, membershipLeaseMs: 60_000 });
    await ring.addNode();
    await ring.addNodes(NODES - 1);
    await ring.untilSettled();
    peers = ring.nodes.map((node) => new NodePeer(node.address));
  });
  afterAll(async () => {
    for (const peer of peers) peer.close();
    await ring.stop();
  });

  const ownerOf = (key: string): NodeId | undefined =>
    new RingView(ring.registry.ring()).arcOfKey(ringKeyOf(bytesOfText(key)))?.primary;

  /** Reads keys through nodes. @returns the forwards that each answer took */
  async function readAll(from: readonly NodePeer[], keys: readonly string[]): Promise<number[]> {
    const hops: number[] = [];
    for (const peer of from) {
      const answers = await Promise.all(keys.map((key) => peer.get(key)));
      expect(answers.map(({ value }) => value?.toString())).toEqual(keys.map(valueOf));
      hops.push(...answers.map((answer) => answer.hops));
    }
    return hops;
  }

  test('every node knows what the scheme lets it know, and says so', async () => {
    const descriptions = await Promise.all(peers.map((peer) => peer.describe()));
    for (const { routing: described, parameters } of descriptions) {
      expect(parameters?.routing).toBe(routing);
      expect(described?.scheme).toBe(routing);
      expect(described?.peers).toBeGreaterThanOrEqual(2);
      expect(described?.peers).toBeLessThanOrEqual(peersMax);
      expect(described?.entries).toBeGreaterThanOrEqual(described?.peers as number);
    }
  });

  test('every key from every node is answered right, within the forwards that the scheme allows', async () => {
    const random = new Random(1);
    await Promise.all(KEYS.map((key) => random.pick(peers).set(key, valueOf(key))));
    const hops = await readAll(peers, KEYS);
    expect(Math.max(...hops)).toBeGreaterThanOrEqual(longest[0]);
    expect(Math.max(...hops)).toBeLessThanOrEqual(longest[1]);
    // Each key is at home at one node, which answers itself.
    expect(hops.filter((count) => count === 0)).toHaveLength(KEYS.length);
  });

  test('an operation among many in one frame takes the same ways', async () => {
    const values = await Promise.all(ring.nodes.flatMap((node) => KEYS.map((key) => node.get(key))));
    const expected = ring.nodes.flatMap(() => KEYS.map(valueOf));
    expect(values.map((value) => value && Buffer.from(value).toString())).toEqual(expected);
  });

  test('when a node has stopped, the keys of all others are read and written through other nodes', async () => {
    const stopped = new Random(2).pick(ring.nodes);
    const { id } = stopped.status();
    await stopped.stop();
    const living = peers.filter((peer) => peer.address !== stopped.address);
    const keys = KEYS.filter((key) => ownerOf(key) !== id);
    const hops = await readAll(living, keys);
    expect(Math.max(...hops)).toBeLessThanOrEqual(NODES);
    const wrote = await Promise.all(living.map((peer, i) => peer.set(keys[i] as string, `new ${i}`)));
    expect(wrote.map(({ value }) => value?.toString())).toEqual(
      living.map((_, i) => valueOf(keys[i] as string)),
    );
    expect(ring.registry.ring().members.every(({ state }) => state === 'active')).toBe(true);
  });
});

describe('proximity', () => {
  let ring: TestRing;

  beforeAll(async () => {
    ring = await TestRing.start({ routing: 'pastry' });
  });
  afterAll(async () => {
    await ring.stop();
  });

  const coordinatesOf = (node: RingNode): readonly number[] | undefined =>
    new RingView(node.status().ring).member(node.status().id)?.coordinates;

  test('a node tells the ring a place of its own that it keeps across restarts, unless it is told not to', async () => {
    const dataDir = ring.dataDir('first');
    const first = await ring.addNode({ storage: 'disk', dataDir });
    const before = coordinatesOf(first);
    expect(before).toHaveLength(2);
    await first.stop();
    const again = await ring.addNode({ storage: 'disk', dataDir, port: first.port });
    expect(coordinatesOf(again)).toEqual(before);
    const silent = await ring.addNode({ proximity: 'none' });
    expect(coordinatesOf(silent)).toEqual([]);
    const measuring = await ring.addNode({ proximity: 'rtt' });
    expect(coordinatesOf(measuring)).toEqual([]);
  });
});

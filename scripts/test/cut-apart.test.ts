/**
 * Three nodes, as processes, that are cut off from each other but not from the registry nor from callers: what they would
 * acknowledge would be on one disk each. They acknowledge nothing, answer what they own, and go on when the links are whole.
 */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dht } from '@ringkeep/shared/wire';
import { NodePeer, eventually } from '../../packages/dht-node/test/server/node-peer';
import { LocalRing, addressOf } from '@ringkeep/local-ring';

const KEYS = Array.from({ length: 60 }, (_, index) => `key-${index}`);
/** A call that would have to be forwarded to a node that is cut off takes so long. */
const CALL_MS = 1_500;

let folder: string;
let ring: LocalRing;
let peers: NodePeer[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ringkeep-cut-apart-'));
  ring = await LocalRing.start({ folder, links: true }, 3);
  await ring.settled();
  peers = ring.places.map((place) => new NodePeer(addressOf(place)));
});

afterEach(async () => {
  for (const peer of peers) peer.close();
  await ring.stop();
  await rm(folder, { recursive: true, force: true });
});

/** What a node says to each key: the value or 'done', or the error's text. */
function ask(peer: NodePeer, write?: string): Promise<string[]> {
  return Promise.all(
    KEYS.map((key) =>
      peer
        .queryWithin(CALL_MS, {
          ty: write === undefined ? dht.OperationType.Get : dht.OperationType.Set,
          key: Buffer.from(key),
          ...(write !== undefined && { value: Buffer.from(write) }),
        })
        .then(
          ({ value }) => (write === undefined ? Buffer.from(value ?? []).toString() : 'done'),
          (error: Error) => error.message,
        ),
    ),
  );
}

const isAlone = async (peer: NodePeer): Promise<boolean> => {
  const { replicas } = await peer.describe();
  const own = replicas.filter(({ primary }) => primary);
  return own.length > 0 && own.every(({ serving, enoughCopies }) => serving && !enoughCopies);
};

test('three nodes cut off from each other acknowledge nothing, answer reads, and write again afterwards', async () => {
  const [first] = peers as [NodePeer];
  expect(await ask(first, 'before')).toEqual(KEYS.map(() => 'done'));
  for (const { links } of ring.places) links?.node.impair({ cutTo: true, cutFrom: true });
  await eventually('each node is alone with its arcs', async () => {
    const alone = await Promise.all(peers.map(isAlone));
    return alone.every(Boolean);
  });
  const answers = await Promise.all(peers.map((peer) => ask(peer, 'meanwhile')));
  expect(answers.flat().filter((answer) => answer === 'done')).toEqual([]);
  expect(answers.flat().filter((answer) => /1 of 2 copies needed/.test(answer)).length).toBe(KEYS.length);
  const read = await Promise.all(peers.map((peer) => ask(peer)));
  expect(read.flat().filter((answer) => answer === 'before')).toHaveLength(KEYS.length);
  for (const { links } of ring.places) links?.node.mend();
  await ring.settled();
  expect(await ask(first)).toEqual(KEYS.map(() => 'before'));
  expect(await ask(first, 'after')).toEqual(KEYS.map(() => 'done'));
});

/**
 * An owner, as a process, whose address stops working after it was let in: it reaches everybody, and nobody reaches it. The
 * registry is told by those who follow it, another node takes its arc over, and it gets it back when it can be reached again.
 */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RingView, type Bytes, type RingError } from '@ringkeep/shared';
import { ringKeyOf } from '@ringkeep/shared/operations';
import { RingClient } from '@ringkeep/client';
import { eventually } from '../../packages/dht-node/test/server/node-peer';
import { LocalRing, publicAddressOf, type NodePlace } from '@ringkeep/local-ring';

const KEYS = Array.from({ length: 60 }, (_, index) => `key-${index}`);
/** Much longer than a lease and a failure timeout: this machine may be busy. */
const DEADLINE_MS = 30_000;

let folder: string;
let ring: LocalRing;
let client: RingClient;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ringkeep-unheard-'));
  ring = await LocalRing.start({ folder, links: true }, 3);
  await ring.settled();
  client = await RingClient.connect({ registry: ring.registryAddress }, { deadlineMs: DEADLINE_MS });
});

afterEach(async () => {
  await client.close();
  await ring.stop();
  await rm(folder, { recursive: true, force: true });
});

const ownedBy = (place: NodePlace): string[] => {
  const view = new RingView(client.ring());
  const address = publicAddressOf(place);
  const id = view.ring.members.find(({ addr }) => addr.endsWith(address))?.id;
  return KEYS.filter((key) => view.arcOfKey(ringKeyOf(key as Bytes))?.primary === id);
};

/** What was on its way when the connection broke has an unknown outcome: the same value again makes no difference. */
const setForSure = (key: string, value: string): Promise<unknown> =>
  client.set(key, value).catch((error: RingError) => {
    if (error.code !== 'OUTCOME_UNKNOWN') throw error;
    return setForSure(key, value);
  });

test('an owner that nobody can reach any more is replaced though it lives, and owns its keys again afterwards', async () => {
  await Promise.all(KEYS.map((key) => client.set(key, 'before')));
  const victim = ring.places.find((place) => ownedBy(place).length > 0) as NodePlace;
  const keys = ownedBy(victim);
  // What it has under way makes its log newer than the others', and must not give its arc back to it.
  let stillWriting = true;
  const writers = keys.map(async (key) => {
    while (stillWriting) await setForSure(key, 'meanwhile');
  });
  await Promise.all(keys.map((key) => setForSure(key, 'meanwhile')));
  victim.links?.node.impair({ refusing: true });
  await Promise.all(keys.map((key) => setForSure(key, 'meanwhile')));
  expect(ownedBy(victim)).toEqual([]);
  stillWriting = false;
  await Promise.all(writers);
  const victims = client.ring().members.find(({ addr }) => addr.endsWith(publicAddressOf(victim)));
  expect(victims?.state).toBe('active');
  victim.links?.node.mend();
  await eventually('it owns its keys again', () => ownedBy(victim).length === keys.length, DEADLINE_MS);
  expect(await Promise.all(keys.map((key) => client.getText(key)))).toEqual(keys.map(() => 'meanwhile'));
});

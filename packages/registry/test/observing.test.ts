/** A registry with a meter: what it answers, decides and saves is counted once. */

import { ReadableMeter, valuesOf } from '@ringkeep/process/meter';
import { startRegistry, type RegistryFact, type RunningRegistry } from '../src';
import { RegistryPeer, foundEverywhere } from './registry-peer';

let meter: ReadableMeter;
let facts: RegistryFact[];
let registry: RunningRegistry;
let peer: RegistryPeer;
beforeEach(async () => {
  [meter, facts] = [new ReadableMeter(), []];
  registry = await startRegistry({
    nodeCheck: foundEverywhere,
    parameters: { membershipLeaseMs: 60_000 },
    meter,
    observers: [
      { fact: (fact) => facts.push(fact) },
      {
        answered: () => {
          throw new Error('this observer is broken');
        },
      },
    ],
  });
  peer = new RegistryPeer(registry.address);
});
afterEach(async () => {
  peer.close();
  await registry.stop();
});

const all = (name: string): Readonly<Record<string, number>> =>
  valuesOf(meter.read(), `ringkeep_registry_${name}`);

test('members, questions, facts and saves are counted, whatever becomes of other observers', async () => {
  await peer.register('http://127.0.0.1:1');
  await peer.register('http://127.0.0.1:2');
  await peer.nodes();
  await expect(peer.propose({ clusterId: 'another' })).rejects.toThrow();

  expect(all('members')).toEqual({ active: 2, leaving: 0, dead: 0 });
  expect(all('ring_version')).toEqual({ '': registry.ring().version });
  const questions = all('question_seconds');
  expect(questions).toMatchObject({ 'register ok': 2, 'owners ok': 1 });
  const told: Record<string, number> = {};
  for (const { what } of facts) told[what.replace(/ /g, '_')] = (told[what.replace(/ /g, '_')] ?? 0) + 1;
  expect(told).toMatchObject({ joined: 2 });
  expect(all('facts_total')).toEqual(told);
  expect(all('save_seconds')).toEqual({ kept: 2 });
});

test('watches are counted while they are open, and gauges are taken back with the registry', async () => {
  const watch = peer.watch();
  await watch.connected;
  expect(all('watchers')).toEqual({ '': 1 });
  await registry.stop();
  expect(all('watchers')).toEqual({});
});

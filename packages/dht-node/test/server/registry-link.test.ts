/** What the line to the registry does between the registry's answer and the core's hearing of it. */

import { NOTHING_KNOWN, type KnownRing } from '@ringkeep/shared';
import { silentLogger } from '@ringkeep/process/running';
import { startRegistry, type RunningRegistry } from '@ringkeep/registry';
import type { IdentityKeeper } from '../../src/storage/identity-keeper';
import { RegistryLink } from '../../src/links/registry-link';
import type { NodeInput } from '../../src/core';
import { eventually } from './node-peer';

/** The registry finds it at any address. */
const PROCESS = 1n;

let registry: RunningRegistry;
let link: RegistryLink;
let inputs: NodeInput[];
beforeEach(async () => {
  inputs = [];
  registry = await startRegistry({ nodeCheck: () => Promise.resolve(PROCESS) });
});
afterEach(async () => {
  link.stop();
  await registry.stop();
});

/** A disk on which a save ends when the test says so. */
class SlowKeeper implements IdentityKeeper {
  known = undefined;
  leaseMs: number | undefined;
  end: (error?: Error) => void = () => undefined;

  save(_: unknown, leaseMs: number): Promise<void> {
    this.leaseMs = leaseMs;
    return new Promise((resolve, reject) => {
      this.end = (error) => (error ? reject(error) : resolve());
    });
  }
}

/** A registration that was answered, and whose save is under way. */
async function registering(): Promise<SlowKeeper> {
  const keeper = new SlowKeeper();
  const known = (): KnownRing => NOTHING_KNOWN;
  link = new RegistryLink(
    {
      registryAddress: registry.address,
      ownAddress: 'http://127.0.0.1:1',
      incarnation: 1,
      process: PROCESS,
      claim: 'claim',
      coordinates: [],
      tls: undefined,
      placeHeld: () => undefined,
    },
    keeper,
    known,
    (input) => inputs.push(input),
    () => performance.now(),
    silentLogger,
  );
  link.call(1, { kind: 'register', held: [], known: NOTHING_KNOWN }, 5_000);
  await eventually('the place is to be kept', () => keeper.leaseMs !== undefined);
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
  return keeper;
}

const ofRegistration = (): string[] =>
  inputs.map(({ kind }) => kind).filter((kind) => kind !== 'registry-reached' && kind !== 'ring');

test('place and lease of a node are on its disk before its core hears of them', async () => {
  const keeper = await registering();
  expect(keeper.leaseMs).toBe(registry.ring().parameters.leaseMs);
  expect(ofRegistration()).toEqual([]);
  keeper.end();
  await eventually('the core hears of it', () => ofRegistration().length > 0);
  expect(ofRegistration()).toEqual(['registered']);
});

test('a place that cannot be kept is none, and the core is told why', async () => {
  const keeper = await registering();
  keeper.end(new Error('no room'));
  await eventually('the core hears of it', () => ofRegistration().length > 0);
  expect(inputs).toContainEqual(
    expect.objectContaining({ kind: 'registry-refused', text: expect.stringContaining('no room') as string }),
  );
});

import { RingError, type RingUpdate, knownOf, NOTHING_KNOWN } from '@ringkeep/shared';
import { silentLogger } from '@ringkeep/process/running';
import { positionOfText } from '@ringkeep/shared/operations';
import {
  DEFAULT_CONFIG,
  MemoryRingStore,
  RegistryCore,
  newState,
  type DiskRoom,
  type Identity,
  type RegistryState,
} from '../src';
import { INPUTS_WAITING_MAX, RegistryHost } from '../src/host';
import type { RegistryQuestion } from '../src/open-questions';

/** A disk whose saves end when the test says so. */
class GatedStore extends MemoryRingStore {
  allows: DiskRoom['allows'] = 'everything';
  readonly saves: { state: RegistryState; end: (error?: Error) => void }[] = [];
  private begun = (): void => undefined;

  override save(state: RegistryState): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (error?: Error): void => {
        if (error) return reject(error);
        void super.save(state);
        resolve();
      };
      this.saves.push({ state, end });
      this.begun();
    });
  }

  override room(): Promise<DiskRoom> {
    const { allows } = this;
    return Promise.resolve(allows === 'everything' ? { allows } : { allows, lacking: 'it has 3 KiB free' });
  }

  /** Resolves when a save is under way. */
  async next(): Promise<(error?: Error) => void> {
    if (this.saves.length === 0) await new Promise<void>((resolve) => (this.begun = resolve));
    return (this.saves.shift() as (typeof this.saves)[number]).end;
  }
}

function make(): { host: RegistryHost; store: GatedStore; fatal: Error[]; clock: { now: number } } {
  const store = new GatedStore();
  const clock = { now: 0 };
  const fatal: Error[] = [];
  const host = new RegistryHost(newState('c', DEFAULT_CONFIG.parameters, 1n), {
    store,
    coreOf: (state, now) => new RegistryCore(DEFAULT_CONFIG, { positionOfText }, state, now),
    now: () => clock.now,
    log: silentLogger,
    observer: {},
    onFatal: (error) => fatal.push(error),
  });
  return { host, store, fatal, clock };
}

function registration(addr: string): RegistryQuestion & { kind: 'register' } {
  return {
    kind: 'register',
    addr,
    identity: undefined,
    incarnation: 1,
    process: 0n,
    known: NOTHING_KNOWN,
    coordinates: [],
    claim: '',
    held: [],
  };
}

const renewal = ({ id, clusterId }: Identity): RegistryQuestion & { kind: 'renew' } => ({
  kind: 'renew',
  complaints: [],
  caller: { id, incarnation: 1, process: 0n, known: NOTHING_KNOWN, clusterId },
});

describe('the host', () => {
  test('answers only once the state is durable, and shows no ring that is not', async () => {
    const { host, store } = make();
    let answered = false;
    const answer = host.ask(registration('http://a:1')).then(() => (answered = true));
    const end = await store.next();
    expect(answered).toBe(false);
    expect(host.ring.members).toHaveLength(0);
    end();
    await answer;
    expect(host.ring.members).toHaveLength(1);
    await host.stop();
  });

  test('many requests that wait are one save', async () => {
    const { host, store } = make();
    const first = host.ask(registration('http://a:1'));
    const end = await store.next();
    const others = Array.from({ length: 50 }, (_, index) => host.ask(registration(`http://b${index}:1`)));
    end();
    await first;
    (await store.next())();
    await Promise.all(others);
    expect(store.saves).toHaveLength(0);
    expect(host.ring.members).toHaveLength(51);
    await host.stop();
  });

  test('watchers hear of a change only once it is durable', async () => {
    const { host, store } = make();
    const updates: RingUpdate[] = [];
    host.watch(
      { publish: (update) => updates.push(update), refuse: () => undefined },
      knownOf(host.ring),
      '',
    );
    const answer = host.ask(registration('http://a:1'));
    const end = await store.next();
    expect(updates).toHaveLength(0);
    end();
    await answer;
    expect(updates).toMatchObject([{ kind: 'change' }]);
    await host.stop();
  });

  test('a disk that fails ends everything: no answer, no later answer, one word to the owner', async () => {
    const { host, store, fatal } = make();
    const refused: RingError[] = [];
    host.watch({ publish: fail, refuse: (error) => refused.push(error) }, knownOf(host.ring), '');
    const answer = expect(host.ask(registration('http://a:1'))).rejects.toThrow('no space left');
    (await store.next())(new Error('no space left'));
    await answer;
    await expect(host.ask(registration('http://b:1'))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(refused).toMatchObject([{ code: 'UNAVAILABLE' }]);
    expect(fatal).toHaveLength(1);
    await host.stop();
  });

  test('a save for which there was no room is as if it had not been tried, and what was saved goes on', async () => {
    const { host, store, fatal } = make();
    const first = host.ask(registration('http://a:1'));
    (await store.next())();
    const { identity } = await first;
    const refused: RingError[] = [];
    host.watch({ publish: fail, refuse: (error) => refused.push(error) }, knownOf(host.ring), '');
    const second = expect(host.ask(registration('http://b:1'))).rejects.toMatchObject({
      code: 'RESOURCE_EXHAUSTED',
      message: expect.stringContaining('nothing was changed'),
    });
    (await store.next())(new RingError('RESOURCE_EXHAUSTED', 'the disk has no room'));
    await second;
    expect(refused).toMatchObject([{ code: 'RESOURCE_EXHAUSTED' }]);
    expect(host.ring.members).toHaveLength(1);
    await expect(host.ask(renewal(identity))).resolves.toMatchObject({ live: true });
    const again = host.ask(registration('http://b:1'));
    (await store.next())();
    await again;
    expect(host.ring.members).toHaveLength(2);
    expect(fatal).toEqual([]);
    await host.stop();
  });

  test('without room nothing is decided and leases are renewed; with room again it goes on by itself', async () => {
    const { host, store, clock } = make();
    const first = host.ask(registration('http://a:1'));
    (await store.next())();
    const { identity } = await first;
    store.allows = 'no growth';
    await expect(host.ask(registration('http://b:1'))).rejects.toMatchObject({
      code: 'RESOURCE_EXHAUSTED',
      message: expect.stringMatching(/nobody new is taken in: it has 3 KiB free.*goes on by itself/),
    });
    expect(host.roomLacking).toBe('it has 3 KiB free');
    store.allows = 'no change';
    for (let lease = 0; lease < 5; lease++) {
      clock.now += 0.8 * DEFAULT_CONFIG.parameters.membershipLeaseMs;
      await expect(host.ask(renewal(identity))).resolves.toMatchObject({
        live: true,
        undecided: 'it has 3 KiB free',
      });
    }
    await expect(host.ask(registration('http://b:1'))).rejects.toMatchObject({ code: 'RESOURCE_EXHAUSTED' });
    clock.now += 10 * DEFAULT_CONFIG.parameters.membershipLeaseMs;
    expect(store.saves).toHaveLength(0);
    store.allows = 'everything';
    (await store.next())();
    await expect(host.ask(renewal(identity))).resolves.toMatchObject({ live: false, undecided: '' });
    expect(host.roomLacking).toBeUndefined();
    await host.stop();
  });

  test('more requests than may wait are refused', async () => {
    const { host, store } = make();
    const asked = Array.from({ length: INPUTS_WAITING_MAX }, () => host.ask({ kind: 'owners' }));
    await expect(host.ask({ kind: 'owners' })).rejects.toMatchObject({ code: 'RESOURCE_EXHAUSTED' });
    await Promise.all(asked);
    expect(store.saves).toHaveLength(0);
    await host.stop();
  });

  test('stopping finishes what was begun, refuses the rest and ends the watches', async () => {
    const { host, store } = make();
    const refused: RingError[] = [];
    host.watch({ publish: () => undefined, refuse: (error) => refused.push(error) }, NOTHING_KNOWN, '');
    const begun = host.ask(registration('http://a:1'));
    const stopped = host.stop();
    await expect(host.ask({ kind: 'owners' })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    (await store.next())();
    await expect(begun).resolves.toMatchObject({ kind: 'registered' });
    await stopped;
    expect(refused).toMatchObject([{ code: 'UNAVAILABLE' }]);
    await host.stop();
  });
});

function fail(): never {
  throw new Error('not expected');
}

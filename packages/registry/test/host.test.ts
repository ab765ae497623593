import type { RingError, RingUpdate } from '@ringkeep/shared';
import { knownOf } from '@ringkeep/shared';
import { NOTHING_KNOWN } from '@ringkeep/shared';
import { positionOfText, silentLogger } from '@ringkeep/shared/runtime';
import { DEFAULT_CONFIG, MemoryRingStore, RegistryCore, newState, type RegistryState } from '../src';
import { INPUTS_WAITING_MAX, RegistryHost, type Question } from '../src/host';

/** A disk whose saves end when the test says so. */
class GatedStore extends MemoryRingStore {
  readonly saves: { state: RegistryState; end: (error?: Error) => void }[] = [];
  private begun = (): void => undefined;

  override save(state: RegistryState): Promise<void> {
    return new Promise((resolve, reject) => {
      this.saves.push({ state, end: (error) => (error ? reject(error) : resolve()) });
      this.begun();
    });
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
  const core = new RegistryCore(
    DEFAULT_CONFIG,
    { positionOfText },
    newState('c', DEFAULT_CONFIG.parameters, 1n),
    clock.now,
  );
  const host = new RegistryHost(core, {
    store,
    now: () => clock.now,
    log: silentLogger,
    onFatal: (error) => fatal.push(error),
  });
  return { host, store, fatal, clock };
}

function registration(addr: string): Question & { kind: 'register' } {
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

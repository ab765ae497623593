/** What applications hand in and what they do with it: callbacks that throw, signals, arrays of other realms, missing globals. */

import { execFile } from 'node:child_process';
import { getEventListeners } from 'node:events';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { runInNewContext } from 'node:vm';
import { RingClient, type Operand, type RingClientOptions } from '@ringkeep/client';
import { FakeRing } from './fake-ring';

let ring: FakeRing;
const clients: RingClient[] = [];

beforeEach(async () => {
  ring = await FakeRing.start({ nodes: 2 });
});

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close({ deadlineMs: 1 })));
  ring.stop();
});

function clientOf(options: RingClientOptions = {}): RingClient {
  const client = new RingClient({ nodes: [ring.node(0).address], seed: 1, ...options });
  clients.push(client);
  return client;
}

/** What the process is told of as uncaught while something runs; the client hands it to a microtask. */
async function uncaughtDuring(run: () => Promise<void>): Promise<string[]> {
  const told: string[] = [];
  const later = jest.spyOn(globalThis, 'queueMicrotask').mockImplementation((task) => {
    try {
      task();
    } catch (error) {
      told.push((error as Error).message);
    }
  });
  await run().finally(() => later.mockRestore());
  return told;
}

test('callbacks that throw are uncaught errors of the process, and every operation has its result', async () => {
  const told = await uncaughtDuring(async () => {
    const client = clientOf({
      onReport: () => {
        throw new Error('in onReport');
      },
    });
    client.watchRing(() => {
      throw new Error('in a listener before the ring is known');
    });
    const versions: number[] = [];
    client.watchRing(({ version }) => versions.push(version));
    await Promise.all(Array.from({ length: 50 }, (_, i) => client.set(`key-${i}`, 'v')));
    await client.ready();
    const stop = client.watchRing(() => {
      throw new Error('in a listener');
    });
    stop();
    expect(await client.getText('key-1')).toBe('v');
    expect(versions).toEqual([1]);
  });
  expect(new Set(told)).toEqual(
    new Set(['in onReport', 'in a listener before the ring is known', 'in a listener']),
  );
});

test('a batch whose items throw in the middle is thrown to its caller, and other calls go on', async () => {
  const client = clientOf({ limits: { operationsMax: 20 } });
  function* items(): Generator<string> {
    for (let i = 0; i < 100; i++) yield `key-${i}`;
    throw new Error('in the items');
  }
  const batch = client.getMany(items());
  const others = Array.from({ length: 5 }, (_, i) => client.set(`other-${i}`, 'v').catch(() => 'refused'));
  await expect(batch).rejects.toThrow('in the items');
  await Promise.all(others);
  await expect(client.setMany([['a', 'b'], undefined as never])).rejects.toThrow(TypeError);
  expect(await client.getMany(['a'])).toMatchObject([{ ok: true }]);
});

test('a signal has one listener, however many calls, batches and clients share it, and none in the end', async () => {
  const { signal } = new AbortController();
  const [one, other] = [clientOf(), clientOf()];
  const listeners = (): number => getEventListeners(signal, 'abort').length;
  const pending = [
    ...Array.from({ length: 20 }, () => one.ready({ signal })),
    ...Array.from({ length: 20 }, (_, i) => one.getMany([`a-${i}`, `b-${i}`], { signal })),
    ...Array.from({ length: 20 }, (_, i) => other.get(`c-${i}`, { signal })),
  ];
  expect(listeners()).toBe(1);
  await Promise.all(pending);
  expect(listeners()).toBe(0);
});

test('an aborted signal ends what shares it, and nothing else', async () => {
  const [kept, given] = [new AbortController(), new AbortController()];
  const client = clientOf();
  await client.ready();
  ring.node(0).silent = ring.node(1).silent = true;
  const code = (promise: Promise<unknown>): Promise<string> =>
    promise.then(
      () => 'none',
      (error: { code: string }) => error.code,
    );
  const ended = [
    code(client.get('a', { signal: given.signal })),
    code(client.get('b', { signal: given.signal })),
  ];
  const batch = client.getMany(['c', 'd'], { signal: given.signal });
  const other = code(client.get('a', { signal: kept.signal, deadlineMs: 200 }));
  given.abort();
  expect(await Promise.all(ended)).toEqual(['CANCELLED', 'CANCELLED']);
  expect((await batch).map((item) => item.ok)).toEqual([false, false]);
  expect(await other).toBe('DEADLINE_EXCEEDED');
});

test('an array of bytes from another realm is bytes; other things are refused by their name', async () => {
  const client = clientOf();
  const foreign = runInNewContext('new Uint8Array([107, 101, 121])') as Uint8Array;
  expect(foreign instanceof Uint8Array).toBe(false);
  await client.set(foreign, foreign);
  expect(await client.getText('key')).toBe('key');
  const wrong: [unknown, string][] = [
    [new Uint16Array(1), 'Uint16Array'],
    [new ArrayBuffer(1), 'ArrayBuffer'],
    [{ length: 1 }, 'Object'],
    [null, 'null'],
    [7, 'number'],
  ];
  for (const [operand, name] of wrong) {
    await expect(client.get(operand as Operand)).rejects.toThrow(
      `must be a string or a Uint8Array, got ${name}`,
    );
  }
});

test('where a test environment has a browser’s globals only, the client loads and works', async () => {
  const script = `
    for (const name of ['TextDecoder', 'TextEncoder', 'setImmediate', 'clearImmediate']) delete globalThis[name];
    const { RingClient } = require(${JSON.stringify(join(__dirname, '../dist'))});
    RingClient.connect({ nodes: [process.argv[1]] })
      .then((client) => client.getText('key').then((text) => client.close().then(() => console.log(text))));
  `;
  const client = clientOf();
  await client.set('key', 'Köln');
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', script, ring.node(0).address]);
  expect(stdout).toBe('Köln\n');
});

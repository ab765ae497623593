import { Random, RingError, type ErrorCode } from '@ringkeep/shared';
import { RingClient, type RingClientOptions, type SessionReport } from '@ringkeep/client';
import { FakeRing, type FakeNode, type FakeRingOptions } from './fake-ring';

const rings: FakeRing[] = [];
const clients: RingClient[] = [];

async function startRing(options: FakeRingOptions): Promise<FakeRing> {
  const ring = await FakeRing.start(options);
  rings.push(ring);
  return ring;
}

function clientOf(options: RingClientOptions): RingClient {
  const client = new RingClient({ seed: 1, ...options });
  clients.push(client);
  return client;
}

/** A client that knows the ring and has a stream to each node. */
async function settledClient(ring: FakeRing, options: RingClientOptions = {}): Promise<RingClient> {
  const client = clientOf({ nodes: ring.nodes.map((node) => node.address), ...options });
  await client.ready();
  for (const node of ring.nodes) {
    while (!node.frames.some((frame) => frame.direct)) await client.get(ring.keyOf(node));
  }
  for (const node of ring.nodes) node.frames.length = 0;
  return client;
}

async function codeOf(promise: Promise<unknown>): Promise<ErrorCode | 'none'> {
  return promise.then(
    () => 'none' as const,
    (error: unknown) => {
      if (error instanceof RingError) return error.code;
      throw error;
    },
  );
}

/** Resolves when the condition holds, looked at once a turn of the event loop, or throws after 4 s. */
async function until(condition: () => boolean): Promise<void> {
  const giveUpMs = performance.now() + 4_000;
  while (!condition()) {
    if (performance.now() > giveUpMs) throw new Error(`never came true: ${condition}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close({ deadlineMs: 1 })));
  for (const ring of rings.splice(0)) ring.stop();
});

describe('operations', () => {
  test('get, exchange and delete return what was there, set returns nothing', async () => {
    const ring = await startRing({ nodes: 3 });
    const client = await settledClient(ring);
    expect(await client.get('city')).toBeUndefined();
    expect(await client.exchange('city', 'Faro')).toBeUndefined();
    expect(await client.exchange('city', 'Porto')).toEqual(Buffer.from('Faro'));
    expect(await client.set('city', 'Lisboa')).toBeUndefined();
    expect(await client.getText('city')).toBe('Lisboa');
    expect(await client.delete('city')).toEqual(Buffer.from('Lisboa'));
    expect(await client.delete('city')).toBeUndefined();
  });

  test('a write on a condition says whether it was carried out, under which version, and what is there', async () => {
    const ring = await startRing({ nodes: 1 });
    const client = await settledClient(ring);
    const [faro, porto] = [Buffer.from('Faro'), Buffer.from('Porto')];
    const nothing = { done: false, version: 0, value: undefined };
    expect(await client.set('city', 'Faro', { ifPresent: true })).toEqual(nothing);
    expect(await client.set('city', 'Faro', { ifValue: '' })).toEqual(nothing);
    expect(await client.set('city', 'Faro', { ifAbsent: true })).toEqual({
      done: true,
      version: 1,
      value: undefined,
    });
    expect(await client.set('city', 'Porto', { ifAbsent: true, showPresent: true })).toEqual({
      done: false,
      version: 1,
      value: faro,
    });
    expect(await client.exchange('city', 'Porto', { ifVersion: 1 })).toEqual({
      done: true,
      version: 2,
      value: faro,
    });
    expect(await client.exchange('city', 'Lisboa', { ifVersion: 1 })).toMatchObject({
      done: false,
      version: 2,
    });
    expect(await client.set('city', 'Porto', { ifValue: porto })).toMatchObject({ done: true, version: 3 });
    expect(await client.getVersioned('city')).toEqual({ value: porto, version: 3 });
    expect(await client.delete('city', { ifVersion: 2 })).toMatchObject({ done: false, version: 3 });
    expect(await client.delete('city', { ifVersion: 3 })).toEqual({ done: true, version: 4, value: porto });
    expect(await client.getVersioned('city')).toBeUndefined();
    expect(await client.delete('city', { withVersion: true })).toEqual({ ...nothing, done: true });
  });

  test('add and append return what they made, or a result where that is asked for', async () => {
    const client = await settledClient(await startRing({ nodes: 1 }));
    expect(await client.add('visits')).toBe(1n);
    expect(await client.add('visits', -3)).toBe(-2n);
    expect(await client.add('visits', 2n ** 62n)).toBe(2n ** 62n - 2n);
    expect(await client.add('visits', 1, { ifAbsent: true })).toMatchObject({ done: false, version: 3 });
    expect(await client.add('visits', 1, { ifVersion: 3 })).toEqual({
      done: true,
      version: 4,
      value: Buffer.from((2n ** 62n - 1n).toString()),
    });
    expect(await codeOf(client.add('visits', 2n ** 62n + 1n))).toBe('FAILED_PRECONDITION');
    expect(await client.append('log', 'añ')).toBe(3);
    expect(await client.append('log', Buffer.from('o'))).toBe(4);
    expect(await client.append('log', '!', { withVersion: true })).toMatchObject({
      done: true,
      value: Buffer.from('5'),
    });
    expect(await client.getText('log')).toBe('año!');
    expect(await codeOf(client.add('log', 1))).toBe('FAILED_PRECONDITION');
  });

  test('a key ends after its time to live, which a write brings, keeps or takes away', async () => {
    const client = await settledClient(await startRing({ nodes: 1 }));
    expect(await client.set('city', 'Faro', { ttlMs: 60_000 })).toMatchObject({ done: true, version: 1 });
    const found = await client.getVersioned('city');
    expect(found?.ttlMs).toBeGreaterThan(50_000);
    expect(found?.ttlMs).toBeLessThanOrEqual(60_000);
    await client.set('city', 'Porto', { ttl: 'keep' });
    expect((await client.getVersioned('city'))?.ttlMs).toBeGreaterThan(50_000);
    expect(await client.set('city', 'x', { ifAbsent: true, showPresent: true })).toMatchObject({
      done: false,
      ttlMs: expect.any(Number),
    });
    await client.set('city', 'Lisboa');
    expect((await client.getVersioned('city'))?.ttlMs).toBeUndefined();
  });

  test('expire and persist say whether the key was there and as asked', async () => {
    const client = await settledClient(await startRing({ nodes: 1 }));
    expect(await client.expire('city', 1_000)).toMatchObject({ done: false, version: 0 });
    await client.set('city', 'Faro');
    const inAMinute = new Date(Date.now() + 60_000);
    expect(await client.expire('city', inAMinute)).toMatchObject({ done: true, version: 2 });
    expect(await client.expire('city', 1_000, { ifExpiry: 'less' })).toMatchObject({
      done: false,
      version: 2,
    });
    expect(await client.expire('city', 90_000, { ifExpiry: 'less', showPresent: true })).toMatchObject({
      done: true,
      version: 3,
      value: Buffer.from('Faro'),
    });
    expect(await client.expire('city', 1_000, { ifValue: 'Porto' })).toMatchObject({
      done: false,
      version: 3,
    });
    expect(await client.persist('city', { ifVersion: 3 })).toMatchObject({ done: true, version: 4 });
    expect((await client.getVersioned('city'))?.ttlMs).toBeUndefined();
    expect(await client.expire('city', 0)).toMatchObject({ done: true, version: 5 });
    expect(await client.persist('city')).toMatchObject({ done: false, version: 0 });
  });

  test.each([
    [{ ttlMs: 0 }, 'ttlMs must be more than 0'],
    [{ ttlMs: 'soon' }, 'ttlMs must be more than 0'],
    [{ ttl: 'never' }, 'ttl must be keep or none, got never'],
    [{ ttl: 'keep', ttlMs: 5 }, 'a write has one of ttl and ttlMs, got both'],
  ])('a time to live is checked where it comes in: %j', async (options, message) => {
    const client = await settledClient(await startRing({ nodes: 1 }));
    await expect(client.set('city', 'Porto', options as never)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining(message),
    });
  });

  test('an end is checked where it comes in', async () => {
    const client = await settledClient(await startRing({ nodes: 1 }));
    const wrong: [unknown, unknown?][] = [[NaN], ['soon'], [5, { ifExpiry: 'more' }]];
    for (const [end, options] of wrong)
      await expect(client.expire('city', end as number, options as never)).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
      });
  });

  test.each([1.5, 2 ** 53, 2n ** 63n, 'one'])('a delta is a whole number of 64 bits: %p', async (delta) => {
    const client = await settledClient(await startRing({ nodes: 1 }));
    await expect(client.add('visits', delta as never)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining(`got ${String(delta)}`),
    });
  });

  test.each([
    [{ ifAbsent: true, ifVersion: 3 }, 'a write has one condition at most, got ifAbsent and ifVersion'],
    [{ ifVersion: -1 }, 'ifVersion must be an integer from 0, got -1'],
    [{ ifPresent: 'yes' }, 'ifPresent must be true or false'],
    [{ ifValue: 7 }, 'the expected value must be a string or a Uint8Array, got number'],
  ])('a condition is checked where it comes in: %j', async (options, message) => {
    const client = await settledClient(await startRing({ nodes: 1 }));
    await expect(client.set('city', 'Porto', options as never)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message,
    });
  });

  test('what is issued on a reply leaves in the same turn of the event loop, with one flush', async () => {
    const ring = await startRing({ nodes: 1 });
    const client = await settledClient(ring);
    await client.get('city');
    const turns = jest.spyOn(globalThis, 'setImmediate');
    for (let i = 0; i < 20; i++) await client.get('city');
    expect(turns).not.toHaveBeenCalled();
    turns.mockRestore();
  });

  test('any bytes are a key and a value, and text stands for its UTF-8', async () => {
    const ring = await startRing({ nodes: 2 });
    const client = await settledClient(ring);
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
    await client.set(bytes, bytes);
    expect(new Uint8Array((await client.get(bytes))!)).toEqual(bytes);
    expect(await codeOf(client.getText(bytes))).toBe('FAILED_PRECONDITION');
    await client.set('Köln 🏙', 'Rhein €');
    expect(await client.getText(Buffer.from('Köln 🏙'))).toBe('Rhein €');
    await client.set('empty', '');
    expect(await client.get('empty')).toHaveLength(0);
  });

  test('what no ring would take is refused before it is sent', async () => {
    const ring = await startRing({ nodes: 1 });
    const client = await settledClient(ring);
    expect(await codeOf(client.get(''))).toBe('INVALID_ARGUMENT');
    expect(await codeOf(client.get('k'.repeat(1_025)))).toBe('INVALID_ARGUMENT');
    expect(await codeOf(client.set('k', 'v'.repeat((1 << 20) + 1)))).toBe('INVALID_ARGUMENT');
    expect(await codeOf(client.get('\ud800'))).toBe('INVALID_ARGUMENT');
    expect(await codeOf(client.set('k', 7 as never))).toBe('INVALID_ARGUMENT');
    expect(await codeOf(client.set('k', undefined as never))).toBe('INVALID_ARGUMENT');
    expect(await codeOf(client.get('k', { deadlineMs: 0 }))).toBe('INVALID_ARGUMENT');
    expect(ring.node(0).frames).toHaveLength(0);
  });

  test('the largest key and many of the largest values come through', async () => {
    const ring = await startRing({ nodes: 2 });
    const client = await settledClient(ring, { deadlineMs: 20_000 });
    const key = 'k'.repeat(1_024);
    await client.set(key, 'v'.repeat(1 << 20));
    const keys = Array.from({ length: 12 }, (_, i) => `large-${i}`);
    await Promise.all(keys.map((name, i) => client.set(name, String(i % 10).repeat(1 << 20))));
    const values = await Promise.all([key, ...keys].map((name) => client.get(name)));
    expect(values.map((value) => value?.length)).toEqual(Array.from({ length: 13 }, () => 1 << 20));
  });

  test('in a batch each operation has its own result', async () => {
    const ring = await startRing({ nodes: 3 });
    const client = await settledClient(ring);
    const set = await client.setMany([
      ['a', '1'],
      ['', 'no key'],
      ['b', '2'],
    ]);
    expect(set.map((item) => (item.ok ? 'done' : item.error.code))).toEqual([
      'done',
      'INVALID_ARGUMENT',
      'done',
    ]);
    expect(await client.getMany(['a', 'x', 'b'])).toEqual([
      { ok: true, value: Buffer.from('1') },
      { ok: true, value: undefined },
      { ok: true, value: Buffer.from('2') },
    ]);
    expect((await client.deleteMany(new Set(['a']))).map((item) => item.ok)).toEqual([true]);
    expect(await client.getMany([])).toEqual([]);
  });

  test('a batch larger than what may be outstanding is fed in piece by piece', async () => {
    const ring = await startRing({ nodes: 2 });
    const client = await settledClient(ring, { limits: { operationsMax: 100 } });
    const results = await client.setMany(Array.from({ length: 3_000 }, (_, i) => [`key-${i}`, `${i}`]));
    expect(results.every((item) => item.ok)).toBe(true);
    expect(ring.nodes.reduce((sum, node) => sum + node.entries.size, 0)).toBe(3_000);
  });

  test('a batch waits for room, its own and that which others take up', async () => {
    const ring = await startRing({ nodes: 1 });
    const client = await settledClient(ring, { limits: { operationsMax: 20, bytesMax: 10_000 } });
    ring.node(0).holding = true;
    const others = Array.from({ length: 20 }, (_, i) => client.set(`other-${i}`, 'v'));
    const batch = client.setMany(Array.from({ length: 200 }, (_, i) => [`key-${i}`, 'v'.repeat(4_000)]));
    const tooLarge = client.setMany([['large', 'v'.repeat(10_001)]]);
    const controller = new AbortController();
    const aborted = client.getMany(['a', 'b'], { signal: controller.signal });
    controller.abort();
    const cancelled = { ok: false, error: { code: 'CANCELLED' } };
    expect(await aborted).toMatchObject([cancelled, cancelled]);
    await until(() => ring.node(0).heldReplies > 0);
    ring.node(0).release();
    await Promise.all(others);
    expect((await batch).filter((item) => !item.ok)).toEqual([]);
    expect(await tooLarge).toMatchObject([{ ok: false, error: { code: 'RESOURCE_EXHAUSTED' } }]);
  });

  test('thousands of concurrent operations on a seeded mix agree with a map', async () => {
    const seed = 20_261_121;
    const random = new Random(seed);
    const ring = await startRing({ nodes: 3 });
    const client = await settledClient(ring);
    const model = new Map<string, string>();
    for (let round = 0; round < 3; round++) {
      const keys = random.shuffle(Array.from({ length: 5_000 }, (_, i) => `key-${i}`));
      const outcomes = keys.map((key) => {
        const before = model.get(key);
        const kind = random.below(4);
        if (kind === 0) return [client.get(key), before] as const;
        if (kind === 1) {
          model.delete(key);
          return [client.delete(key), before] as const;
        }
        const value = `${round}-${random.word()}`;
        model.set(key, value);
        if (kind === 2) return [client.exchange(key, value), before] as const;
        return [client.set(key, value), undefined] as const;
      });
      const got = await Promise.all(outcomes.map(([promise]): Promise<Uint8Array | void> => promise));
      const differing = got.filter((value, i) => value?.toString() !== outcomes[i]![1]);
      expect({ seed, differing }).toEqual({ seed, differing: [] });
    }
    const frames = ring.nodes.reduce((sum, node) => sum + node.frames.length, 0);
    expect(frames).toBeLessThan(200);
  });
});

describe('finding the owner', () => {
  test('one node is enough: the others are learned from it and then asked directly', async () => {
    const ring = await startRing({ nodes: 3 });
    const client = clientOf({ nodes: [ring.node(1).address] });
    const keys = ring.nodes.map((node) => ring.keyOf(node));
    await Promise.all(keys.map((key) => client.set(key, 'v')));
    while (!ring.nodes.every((node) => node.frames.some((frame) => frame.direct))) await client.getMany(keys);
    const { forwarded } = ring.node(1);
    await client.getMany(keys);
    expect(ring.node(1).forwarded).toBe(forwarded);
  });

  test('the registry is enough, and the ring is watched on when it changes', async () => {
    const ring = await startRing({ nodes: 2, withRegistry: true });
    const client = clientOf({ registry: ring.registryAddress });
    await client.set('key', 'value');
    expect(client.ring().version).toBe(1);
    const versions: number[] = [];
    const stop = client.watchRing(({ version }) => versions.push(version));
    ring.move(ring.node(0), ring.node(1));
    await until(() => client.ring().version === 2);
    stop();
    ring.move(ring.node(1), ring.node(0));
    await until(() => client.ring().version === 3);
    expect(versions).toEqual([1, 2]);
  });

  test('an iterator of rings gives the newest one and ends with the client', async () => {
    const ring = await startRing({ nodes: 2 });
    const client = await settledClient(ring);
    const iterator = client.rings();
    expect((await iterator.next()).value.version).toBe(1);
    ring.move(ring.node(0), ring.node(1));
    expect((await iterator.next()).value.version).toBe(2);
    const waiting = iterator.next();
    await client.close();
    expect((await waiting).done).toBe(true);
  });

  test('when the advertised addresses cannot be reached the node that was given forwards', async () => {
    const advertise = (_port: number, index: number): string => `http://node-${index}.invalid:50001`;
    const ring = await startRing({ nodes: 3, advertise });
    const client = clientOf({ nodes: [ring.node(0).address] });
    await client.ready();
    const keys = Array.from({ length: 100 }, (_, i) => `key-${i}`);
    expect((await client.setMany(keys.map((key) => [key, 'v']))).every((item) => item.ok)).toBe(true);
    expect((await client.getMany(keys)).every((item) => item.ok && item.value !== undefined)).toBe(true);
    expect(ring.node(1).frames).toHaveLength(0);
    expect(ring.node(0).forwarded).toBeGreaterThan(0);
  });

  test('an owner that moved in mid-flight costs one more trip and nothing else', async () => {
    const ring = await startRing({ nodes: 3 });
    const client = await settledClient(ring);
    const [from, to] = [ring.node(0), ring.node(1)] as [FakeNode, FakeNode];
    const keys = Array.from({ length: 50 }, (_, i) => ring.keyOf(from, i * 20));
    await client.setMany(keys.map((key) => [key, 'v']));
    ring.move(from, to, false);
    const got = await client.getMany(keys);
    expect(got.every((item) => item.ok && item.value?.toString() === 'v')).toBe(true);
    expect(client.ring().version).toBe(2);
  });

  test('a watch that breaks goes on elsewhere from the version that is known', async () => {
    const ring = await startRing({ nodes: 2 });
    const client = await settledClient(ring);
    const before = ring.watchRequests.length;
    ring.breakWatches();
    await until(() => ring.watchRequests.length > before);
    expect(ring.watchRequests.at(-1)).toMatchObject({ fromVersion: 1, clusterId: 'fake' });
    ring.move(ring.node(0), ring.node(1));
    await until(() => client.ring().version === 2);
  });
});

describe('failures', () => {
  test('on a stream that breaks a write is of unknown outcome and not repeated, a read is', async () => {
    const ring = await startRing({ nodes: 1 });
    const client = await settledClient(ring);
    const node = ring.node(0);
    await client.set('key', 'old');
    node.breakAfter = 0;
    node.breakAfterApplying = true;
    expect(await codeOf(client.set('key', 'new'))).toBe('OUTCOME_UNKNOWN');
    expect(await client.getText('key')).toBe('new');
    const before = node.operations;
    node.breakAfter = 0;
    expect(await client.getText('key')).toBe('new');
    expect(node.operations - before).toBe(2);
  });

  test('a node that never answers: reads are late, writes of unknown outcome, and the frame is cancelled', async () => {
    const ring = await startRing({ nodes: 1 });
    const client = await settledClient(ring);
    ring.node(0).silent = true;
    const options = { deadlineMs: 60 };
    const codes = [codeOf(client.get('key', options)), codeOf(client.set('key', 'v', options))];
    expect(await Promise.all(codes)).toEqual(['DEADLINE_EXCEEDED', 'OUTCOME_UNKNOWN']);
    await until(() => ring.node(0).cancelled.length === 1);
  });

  test.each(['UNAVAILABLE', 'RESOURCE_EXHAUSTED'] as const)(
    'what a node refuses with %s is sent again, unless the caller wants to know',
    async (code) => {
      const ring = await startRing({ nodes: 1 });
      const client = await settledClient(ring);
      ring.node(0).refusals.push(code, code);
      await client.set('key', 'value');
      expect(await client.getText('key')).toBe('value');
      ring.node(0).refusals.push(code);
      expect(await codeOf(client.set('key', 'other', { retry: false }))).toBe(code);
    },
  );

  test('operations wait for a node that is not there yet', async () => {
    const ring = await startRing({ nodes: 1 });
    const [node] = ring.nodes as [FakeNode];
    node.kill();
    const reports: SessionReport[] = [];
    const client = clientOf({ nodes: [node.address], onReport: (report) => reports.push(report) });
    const set = client.set('key', 'value');
    await until(() => reports.some((report) => report.kind === 'unreachable'));
    await node.listen();
    expect(await set).toBeUndefined();
  });

  test('when nothing can be reached the error says what was tried', async () => {
    const ring = await startRing({ nodes: 1 });
    ring.node(0).kill();
    const { address } = ring.node(0);
    const client = clientOf({ nodes: [address] });
    const late = client.set('key', 'value', { deadlineMs: 50 });
    await expect(late).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    await expect(late).rejects.toThrow(`http://${address}`);
    await expect(late).rejects.toThrow('ECONNREFUSED');
    const connecting = RingClient.connect({ nodes: [address], deadlineMs: 50 });
    await expect(connecting).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  test('a node that is killed and returns is found again', async () => {
    const ring = await startRing({ nodes: 2 });
    const client = await settledClient(ring);
    const node = ring.node(1);
    const key = ring.keyOf(node);
    await client.set(key, 'value');
    node.kill();
    await node.listen();
    expect(await client.getText(key)).toBe('value');
  });

  test('an address without a port, or none at all, is refused', () => {
    expect(() => new RingClient({ nodes: ['somewhere'] })).toThrow('the port is missing');
    expect(() => new RingClient({})).toThrow('the address of a node or of the registry');
  });
});

describe('cancelling, limits and closing', () => {
  test('an aborted read is cancelled, an aborted write that was sent is of unknown outcome', async () => {
    const ring = await startRing({ nodes: 1 });
    const client = await settledClient(ring);
    ring.node(0).silent = true;
    const controller = new AbortController();
    const { signal } = controller;
    const codes = [codeOf(client.get('key', { signal })), codeOf(client.set('key', 'v', { signal }))];
    const many = client.getMany(['a', 'b'], { signal });
    await until(() => ring.node(0).operations >= 4);
    controller.abort(new Error('enough'));
    expect(await Promise.all(codes)).toEqual(['CANCELLED', 'OUTCOME_UNKNOWN']);
    expect((await many).map((item) => (item.ok ? 'ok' : item.error.code))).toEqual([
      'CANCELLED',
      'CANCELLED',
    ]);
    await until(() => ring.node(0).cancelled.length === 1);
    const late = client.get('key', { signal });
    await expect(late).rejects.toMatchObject({ code: 'CANCELLED', cause: new Error('enough') });
  });

  test('replies come in any order', async () => {
    const ring = await startRing({ nodes: 1 });
    const client = await settledClient(ring);
    const node = ring.node(0);
    await client.set('a', '1');
    node.holding = true;
    const first = client.getText('a');
    await until(() => node.heldReplies === 1);
    node.holding = false;
    expect(await client.getText('a')).toBe('1');
    node.release();
    expect(await first).toBe('1');
  });

  test('more than may be outstanding is refused at once', async () => {
    const ring = await startRing({ nodes: 1 });
    const client = await settledClient(ring, { limits: { operationsMax: 10 } });
    ring.node(0).holding = true;
    const codes = Array.from({ length: 15 }, (_, i) => codeOf(client.set(`key-${i}`, 'v')));
    expect(await Promise.all(codes.slice(10))).toEqual(Array.from({ length: 5 }, () => 'RESOURCE_EXHAUSTED'));
    await until(() => ring.node(0).heldReplies > 0);
    ring.node(0).release();
    expect(await Promise.all(codes.slice(0, 10))).toEqual(Array.from({ length: 10 }, () => 'none'));
  });

  test('who would rather wait than be refused is told when there is room', async () => {
    const ring = await startRing({ nodes: 1 });
    const client = await settledClient(ring, { limits: { operationsMax: 10 } });
    await client.room();
    ring.node(0).holding = true;
    const sets = Array.from({ length: 10 }, (_, i) => client.set(`key-${i}`, 'v'));
    expect(client.hasRoom).toBe(false);
    const room = client.room().then(() => client.hasRoom);
    await until(() => ring.node(0).heldReplies > 0);
    ring.node(0).release();
    expect(await room).toBe(true);
    await Promise.all(sets);
    const outcomes: string[] = [];
    for (let i = 0; i < 500; i++) {
      while (!client.hasRoom) await client.room();
      void codeOf(client.set(`key-${i}`, 'v')).then((code) => outcomes.push(code));
    }
    await client.close();
    expect(outcomes).toEqual(Array.from({ length: 500 }, () => 'none'));
  });

  test('closing waits for what is outstanding and takes nothing new', async () => {
    const ring = await startRing({ nodes: 2 });
    const client = await settledClient(ring);
    for (const node of ring.nodes) node.holding = true;
    const writes = client.setMany(Array.from({ length: 1_000 }, (_, i) => [`key-${i}`, 'v']));
    await until(() => ring.nodes.every((node) => node.heldReplies > 0));
    const closing = client.close();
    expect(await codeOf(client.get('key'))).toBe('CANCELLED');
    for (const node of ring.nodes) node.release();
    expect((await writes).every((item) => item.ok)).toBe(true);
    await closing;
    await client.close();
    await until(() => ring.nodes.every((node) => node.streams.size === 0) && ring.watches.size === 0);
  });

  test('a client that is closed while it connects closes just as well', async () => {
    const ring = await startRing({ nodes: 1 });
    const client = clientOf({ nodes: [ring.node(0).address] });
    await client.close();
    await until(() => ring.node(0).streams.size === 0);
    let closed: Promise<void> | undefined;
    const late = clientOf({
      nodes: [ring.node(0).address],
      onReport: ({ kind }) => {
        if (kind === 'reached') closed = late.close();
      },
    });
    await until(() => closed !== undefined);
    await closed;
    await until(() => ring.node(0).streams.size === 0);
  });

  test('closing gives up after its deadline', async () => {
    const ring = await startRing({ nodes: 1 });
    const client = await settledClient(ring);
    ring.node(0).silent = true;
    const code = codeOf(client.set('key', 'v'));
    await client.close({ deadlineMs: 30 });
    expect(await code).toBe('OUTCOME_UNKNOWN');
  });
});

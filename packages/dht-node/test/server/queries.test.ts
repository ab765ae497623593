/** QueryDHT, ForwardQuery and the small methods at real nodes: what is answered, and what is refused with which words. */

import { type Client, credentials, loadPackageDefinition, status } from '@grpc/grpc-js';
import { Random, type ClusterParameters } from '@ringkeep/shared';
import { grpcTarget, parseAddress } from '@ringkeep/shared/channel';
import { dht } from '@ringkeep/shared/wire';
import { bytesOfText, positionOfText, ringKeyOf } from '@ringkeep/shared/operations';
import { service as healthService } from 'grpc-health-check';
import { RingNode } from '../../src';
import { TestRing } from '../ring/test-ring';
import { freePort } from '@ringkeep/local-ring';
import { eventually, NodePeer, QUERY_DHT } from './node-peer';

const { Get, Set: Store, Delete, Add, Append, Expire, Persist } = dht.OperationType;
// One copy: what a node describes is then its own arc alone.
const LIMITS: Partial<ClusterParameters> = { replicationFactor: 1, valueBytesMax: 1_000 };

let ring: TestRing;
let peers: NodePeer[];

beforeAll(async () => {
  ring = await TestRing.start(LIMITS);
  for (let i = 0; i < 8; i++) await ring.addNode();
  await ring.untilSettled();
  peers = ring.nodes.map((node) => new NodePeer(node.address));
});
afterAll(async () => {
  for (const peer of peers) peer.close();
  await ring.stop();
});

const peer = (index = 0): NodePeer => peers[index] as NodePeer;

describe('QueryDHT', () => {
  test('stores, returns and removes, and says what was there before', async () => {
    expect(await peer().set('city', 'Porto')).toMatchObject({ error: undefined, value: undefined });
    expect(await peer(1).set('city', 'Lisboa')).toMatchObject({ value: Buffer.from('Porto') });
    expect(await peer(2).get('city')).toMatchObject({ error: undefined, value: Buffer.from('Lisboa') });
    expect(await peer(3).query(Delete, 'city')).toMatchObject({ value: Buffer.from('Lisboa') });
    expect(await peer(4).get('city')).toMatchObject({ error: 'Key not present', value: undefined });
    expect(await peer(5).query(Delete, 'city')).toMatchObject({ error: 'Key not present' });
  });

  test('an empty value is a value', async () => {
    await peer().set('empty', '');
    expect(await peer(1).get('empty')).toMatchObject({ error: undefined, value: Buffer.alloc(0) });
  });

  test('Set without a value is a result that says so, and stores nothing', async () => {
    expect(await peer().query(Store, 'valueless')).toMatchObject({ error: 'Value not provided' });
    expect(await peer().get('valueless')).toMatchObject({ error: 'Key not present' });
  });

  test('a condition that does not hold is a result that says so, with the version and the value that are there', async () => {
    const write = (condition: Partial<dht.Condition>, value: string): Promise<dht.QueryResult> =>
      peer().queryWithin(10_000, {
        ty: Store,
        key: Buffer.from('conditioned'),
        condition: dht.Condition.fromPartial(condition),
        value: Buffer.from(value),
      });
    const there = { error: undefined, value: Buffer.from('a'), conditionFailed: true };
    expect(await write({ present: true }, 'a')).toMatchObject({
      error: undefined,
      value: undefined,
      version: 0,
      conditionFailed: true,
    });
    const { version } = await write({ absent: true }, 'a');
    expect(version).toBeGreaterThan(0);
    expect(await write({ absent: true }, 'b')).toMatchObject({ ...there, version });
    expect(await write({ value: Buffer.from('b') }, 'b')).toMatchObject({ ...there, version });
    expect(await write({ version: BigInt(version + 1) }, 'b')).toMatchObject({ ...there, version });
    expect(await write({ version: BigInt(version) }, 'b')).toMatchObject({
      ...there,
      conditionFailed: false,
    });
    expect(await peer(2).get('conditioned')).toMatchObject({ value: Buffer.from('b') });
  });

  test.each<[Partial<dht.Condition>, string]>([
    [{}, 'a condition says one thing, got 0: set absent or present to true, or a version, or a value'],
    [{ absent: true, value: Buffer.from('b') }, 'a condition says one thing, got 2'],
    [{ version: 2n ** 60n }, 'no key has the version 1152921504606846976'],
  ])(
    'a condition that says nothing, more than one thing, or what no key can have is refused: %#',
    async (said, message) => {
      const query = { ty: Store, key: Buffer.from('k'), value: Buffer.from('v') };
      const condition = dht.Condition.fromPartial(said);
      await expect(peer().queryWithin(10_000, { ...query, condition })).rejects.toMatchObject({
        code: status.INVALID_ARGUMENT,
        details: expect.stringContaining(message),
      });
    },
  );

  test('an operation that reads has no condition', async () => {
    const query = { ty: Get, key: Buffer.from('k'), condition: dht.Condition.fromPartial({ absent: true }) };
    await expect(peer().queryWithin(10_000, query)).rejects.toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: expect.stringContaining('an operation that reads has no condition'),
    });
  });

  test('Add and Append answer what they made, and lack an operand in words', async () => {
    const ask = (query: Partial<dht.Query>): Promise<dht.QueryResult> => peer().queryWithin(10_000, query);
    const key = Buffer.from('made');
    expect(await ask({ ty: Add, key, delta: 41n })).toMatchObject({ value: Buffer.from('41') });
    expect(await ask({ ty: Add, key, delta: -2n })).toMatchObject({ value: Buffer.from('39') });
    expect(await ask({ ty: Append, key, value: Buffer.from('x') })).toMatchObject({
      value: Buffer.from('3'),
    });
    await expect(ask({ ty: Add, key, delta: 1n })).rejects.toMatchObject({
      code: status.FAILED_PRECONDITION,
    });
    expect(await ask({ ty: Add, key })).toMatchObject({ error: 'Delta not provided' });
    expect(await ask({ ty: Append, key })).toMatchObject({ error: 'Value not provided' });
    expect(await peer(2).get('made')).toMatchObject({ value: Buffer.from('39x') });
  });

  test('a key ends by its time to live, at every node', async () => {
    const ask = (query: Partial<dht.Query>): Promise<dht.QueryResult> => peer().queryWithin(10_000, query);
    const key = Buffer.from('ending');
    const value = Buffer.from('a');
    const keep = dht.TimeToLive.fromPartial({ keep: true });
    const none = dht.TimeToLive.fromPartial({ none: true });
    await ask({ ty: Store, key, value, ttl: dht.TimeToLive.fromPartial({ ms: 60_000 }) });
    const { ttlMs } = await ask({ ty: Store, key, value, ttl: keep });
    expect(ttlMs).toBeGreaterThan(50_000);
    expect((await ask({ ty: Store, key, value, ttl: none })).ttlMs).toBeUndefined();
    const less = dht.Expiry.fromPartial({ ttlMs: 1, condition: dht.ExpiryCondition.LESS });
    expect(await ask({ ty: Expire, key, expiry: less })).toMatchObject({ conditionFailed: true, value });
    const expiry = dht.Expiry.fromPartial({ ttlMs: 40 });
    expect(await ask({ ty: Expire, key, expiry })).toMatchObject({ conditionFailed: false, value });
    let found = await ask({ ty: Get, key });
    while (found.error === undefined) found = await ask({ ty: Get, key });
    expect(found).toMatchObject({ error: 'Key not present', value: undefined });
    expect(await ask({ ty: Persist, key })).toMatchObject({ error: 'Key not present' });
  });

  test.each<[Partial<dht.Query>, string]>([
    [{ ttl: dht.TimeToLive.fromPartial({}) }, 'a time to live says one thing, got 0'],
    [{ ttl: dht.TimeToLive.fromPartial({ ms: -1 }) }, 'the time to live must be more than 0'],
    [{ ty: Expire, expiry: dht.Expiry.fromPartial({}) }, 'an expiry says one thing: ttl_ms or at_ms'],
    [{ ty: Delete, ttl: dht.TimeToLive.fromPartial({ ms: 5 }) }, 'Delete brings no time to live'],
  ])('a time that says nothing, or the wrong thing, is refused: %#', async (query, message) => {
    const whole = { ty: Store, key: Buffer.from('k'), value: Buffer.from('v'), ...query };
    await expect(peer().queryWithin(10_000, whole)).rejects.toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: expect.stringContaining(message),
    });
  });

  test('keys and values are bytes: none is changed, and no two are confused', async () => {
    const random = new Random(7);
    const binary = (length: number): Buffer => Buffer.from(Array.from({ length }, () => random.below(256)));
    const keys = [
      Buffer.from([0]),
      Buffer.from([0, 0]),
      Buffer.from([0xff, 0xfe]),
      Buffer.from([0xc3, 0x28]),
      binary(1_024),
    ];
    const values = keys.map(() => binary(1_000));
    await Promise.all(keys.map((key, i) => peer(i).set(key, values[i] as Buffer)));
    for (const [i, key] of keys.entries()) {
      expect((await peer(7 - i).get(key)).value).toEqual(values[i]);
    }
  });

  test.each<[string, Partial<dht.Query>, string]>([
    ['an empty key', { ty: Get }, 'the key is empty'],
    [
      'a key that is too long',
      { ty: Get, key: Buffer.alloc(1_025) },
      'the key has 1025 bytes; 1024 are allowed',
    ],
    [
      'a value that is too large',
      { ty: Store, key: Buffer.from('k'), value: Buffer.alloc(1_001) },
      'the value has 1001 bytes; 1000 are allowed',
    ],
    [
      'an unknown ty',
      { ty: 99 as dht.OperationType, key: Buffer.from('k') },
      'unknown ty 99; there are Get = 0, Delete = 1, Set = 2, Put = 3',
    ],
  ])('%s is INVALID_ARGUMENT and says why', async (_what, query, details) => {
    await expect(peer().queryWithin(5_000, query)).rejects.toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: expect.stringContaining(details),
    });
  });

  test.each([
    ['a field that ends too early', [0x12, 0x05, 0x61]],
    ['an unknown wire type', [0x0f]],
    ['a length beyond all bounds', [0x12, 0xff, 0xff, 0xff, 0xff, 0x0f]],
  ])('malformed protobuf is INVALID_ARGUMENT: %s', async (_what, bytes) => {
    await expect(peer().raw(QUERY_DHT, Buffer.from(bytes))).rejects.toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: expect.stringContaining('not a valid protobuf message'),
    });
    await expect(peer().get('still there')).resolves.toMatchObject({ error: 'Key not present' });
  });

  test('the older spelling answers as well', async () => {
    await peer().set('spelling', 'both');
    const query = dht.Query.encode(dht.Query.fromPartial({ ty: Get, key: Buffer.from('spelling') })).finish();
    const answer = dht.QueryResult.decode(await peer(3).raw('/dht.DhtNode/QueryDht', query));
    expect(answer.value).toEqual(Buffer.from('both'));
  });

  test('in a settled ring of eight every key is at most one forward away from every node', async () => {
    const keys = Array.from({ length: 100 }, (_, i) => `key ${i}`);
    const hops = new Map<number, number>();
    for (const from of peers) {
      const answers = await Promise.all(keys.map((key) => from.get(key)));
      for (const answer of answers) hops.set(answer.hops, (hops.get(answer.hops) ?? 0) + 1);
    }
    expect([...hops.keys()].sort()).toEqual([0, 1]);
    // Each key is at home at just one of the eight.
    expect(hops.get(0)).toBe(keys.length);
  });
});

describe('ForwardQuery', () => {
  const key = 'forwarded';
  const position = BigInt(
    `0x${Buffer.from(ringKeyOf(bytesOfText(key)).slice(0, 8), 'latin1').toString('hex')}`,
  );
  const originalKey = Buffer.from(key);

  test('answers for any key and counts the hops', async () => {
    await peer().set(key, 'value');
    const answers = await Promise.all(
      peers.map((from) => from.forward({ ty: Get, key: position, originalKey, hops: 3 })),
    );
    expect(answers.every((answer) => answer.value?.equals(Buffer.from('value')))).toBe(true);
    expect(new Set(answers.map((answer) => answer.hops))).toEqual(new Set([3, 4]));
  });

  test('a position that is not the key’s is refused', async () => {
    await expect(peer().forward({ ty: Get, key: position + 1n, originalKey })).rejects.toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: `key ${position + 1n} is not the position of original_key, which is ${position}`,
    });
  });

  test('a position alone names no entry', async () => {
    await expect(peer().forward({ ty: Get, key: position })).rejects.toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: expect.stringContaining('original_key is missing'),
    });
  });

  test('a query that has been forwarded too often is given up', async () => {
    const far = { ty: Get, key: position, originalKey, hops: 64 };
    const outcomes = await Promise.allSettled(peers.map((from) => from.forward(far)));
    const refused = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
    expect(refused).toHaveLength(7);
    expect(refused[0]).toMatchObject({ code: status.UNAVAILABLE, details: 'given up after 64 forwards' });
  });
});

describe('the neighbours and the description', () => {
  test('a node names itself, its neighbours, its arc and its registry', async () => {
    const descriptions = await Promise.all(peers.map((each) => each.describe()));
    const inOrder = [...descriptions].sort((a, b) => (a.id < b.id ? -1 : 1));
    for (const [i, description] of inOrder.entries()) {
      const prev = inOrder.at(i - 1) as dht.NodeDescription;
      const next = inOrder[(i + 1) % inOrder.length] as dht.NodeDescription;
      expect(description).toMatchObject({
        registryAddr: ring.registry.address,
        clusterId: ring.registry.clusterId,
        prev: { id: prev.id, addr: prev.addr },
        next: { id: next.id, addr: next.addr },
        settled: true,
        storage: 'memory',
        parameters: LIMITS,
      });
      expect(description.replicas).toMatchObject([
        { start: description.id, end: next.id, primary: true, serving: true },
      ]);
    }
  });

  test('RegisterAsNeighbor answers with the neighbours, also to a stranger, who does not become one', async () => {
    const before = await peer().describe();
    const stranger = {
      ty: dht.NeighborType.Previous,
      id: positionOfText('stranger'),
      addr: 'http://127.0.0.1:1',
    };
    for (let i = 0; i < 20; i++) {
      expect(await peer().introduce(stranger)).toEqual({ prev: before.prev, next: before.next });
    }
    const { prev, next, ringVersion } = await peer().describe();
    expect({ prev, next, ringVersion }).toEqual({
      prev: before.prev,
      next: before.next,
      ringVersion: before.ringVersion,
    });
  });
});

describe('the health checks', () => {
  const { Health } = loadPackageDefinition({ Health: healthService }) as unknown as {
    Health: new (...args: ConstructorParameters<typeof Client>) => Client & {
      check(
        request: { service: string },
        done: (error: Error | null, answer?: { status: string }) => void,
      ): void;
    };
  };

  async function health(address: string): Promise<string | undefined> {
    const client = new Health(grpcTarget(parseAddress(address)), credentials.createInsecure());
    const answer = await new Promise<string | undefined>((resolve) => {
      client.check({ service: 'dht.DhtNode' }, (error, value) =>
        resolve(error ? error.message : value?.status),
      );
    });
    client.close();
    return answer;
  }

  test('a node that has joined is serving', async () => {
    expect(await health(peer().address)).toBe('SERVING');
  });

  test('a node that waits for its registry is not', async () => {
    const lines: string[] = [];
    const logger = { error: noted, warn: noted, info: noted, debug: noted, child: () => logger };
    function noted(text: string, facts?: object): void {
      lines.push(`${text} ${JSON.stringify(facts)}`);
    }
    const port = await freePort();
    const node = RingNode.prepare({
      port,
      storage: 'memory',
      registry: `127.0.0.1:${await freePort()}`,
      registryTimeoutMs: 20_000,
      logger,
    });
    const started = node.start();
    started.catch(() => undefined);
    await eventually('the node says what it waits for', () =>
      lines.some((line) => line.includes('waiting for the registry')),
    );
    expect(await health(`127.0.0.1:${port}`)).toBe('NOT_SERVING');
    await node.stop();
    await expect(started).rejects.toThrow('the node was stopped');
  });
});

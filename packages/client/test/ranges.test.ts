/** Ranges in the order of keys, over a ring that keeps an index of them and over one that does not. */

import { TestRing } from '../../dht-node/test/ring/test-ring';
import { NodePeer } from '../../dht-node/test/server/node-peer';
import { dht } from '@ringkeep/shared/wire';
import { RingClient, type Range, type RangeOptions } from '../src';

const KEYS = Array.from({ length: 1_500 }, (_, i) => `user/${String(i).padStart(5, '0')}`);

async function keysOf(range: Range): Promise<string[]> {
  const keys: string[] = [];
  for await (const { keyText, value } of range) {
    expect(Buffer.from(value).toString()).toBe(`value of ${keyText}`);
    keys.push(keyText);
  }
  return keys;
}

describe('with an index of keys', () => {
  let ring: TestRing;
  let client: RingClient;
  beforeAll(async () => {
    ring = await TestRing.start({ replicationFactor: 2, minCopies: 1, keyIndex: true });
    await ring.addNode({ storage: 'disk', dataDir: ring.dataDir('one') });
    await ring.addNodes(2);
    await ring.untilSettled();
    client = await RingClient.connect({ nodes: [ring.nodes[0]!.address] });
    const results = await client.setMany(KEYS.map((key) => [key, `value of ${key}`]));
    expect(results.every(({ ok }) => ok)).toBe(true);
  });
  afterAll(async () => {
    await client.close();
    await ring.stop();
  });

  test('the whole ring is in the order of its keys, forwards and backwards', async () => {
    expect(await keysOf(client.range())).toEqual(KEYS);
    expect(await keysOf(client.range({ reverse: true }))).toEqual(KEYS.toReversed());
    expect(await keysOf(ring.nodes[1]!.range())).toEqual(KEYS);
  });

  test.each<[RangeOptions, number, number]>([
    [{ from: KEYS[10]!, to: KEYS[20]! }, 10, 20],
    [{ from: KEYS[1_400]! }, 1_400, 1_500],
    [{ to: KEYS[7]! }, 0, 7],
    [{ from: KEYS[100]!, limit: 5 }, 100, 105],
    [{ from: KEYS[20]!, to: KEYS[10]! }, 0, 0],
  ])('%j has what lies between', async (options, first, end) => {
    expect(await keysOf(client.range(options))).toEqual(KEYS.slice(first, end));
  });

  test('backwards from a bound, as many as were asked for', async () => {
    expect(await keysOf(client.range({ to: KEYS[100]!, reverse: true, limit: 3 }))).toEqual(
      KEYS.slice(97, 100).reverse(),
    );
  });

  test('a call tells a part, and how to go on', async () => {
    const peer = new NodePeer(ring.nodes[2]!.address);
    const ask = (given: Partial<dht.RangeRequest>): Promise<dht.RangeAnswer> =>
      new Promise((resolve, reject) => {
        const request = dht.RangeRequest.fromPartial(given);
        peer.client.range(request, (error, answer) => (error ? reject(error) : resolve(answer)));
      });
    const first = await ask({ limit: 1_000 });
    const second = await ask({ limit: 1_000, from: first.next as Buffer });
    expect([...first.entries, ...second.entries].map(({ key }) => key.toString())).toEqual(KEYS);
    expect(second.next).toBeUndefined();
    peer.close();
  });

  test('keys that are there throughout are told once and in order while nodes join and leave', async () => {
    let over = false;
    const ranges = async (): Promise<void> => {
      for (let reverse = false; !over; reverse = !reverse) {
        expect(await keysOf(client.range({ reverse }))).toEqual(reverse ? KEYS.toReversed() : KEYS);
        // The whole ring runs in this process.
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    const running = ranges();
    const joined = await ring.addNode();
    await ring.untilSettled();
    await joined.leave();
    ring.nodes.splice(ring.nodes.indexOf(joined), 1);
    await ring.untilSettled();
    over = true;
    await running;
  });
});

test('without an index a tag has ranges, and the ring has none', async () => {
  const ring = await TestRing.start({ replicationFactor: 1 });
  await ring.addNodes(2);
  await ring.untilSettled();
  const client = await RingClient.connect({ nodes: [ring.nodes[0]!.address] });
  try {
    const keys = Array.from({ length: 30 }, (_, i) => `{cart}${String(i).padStart(2, '0')}`);
    await client.setMany([...keys, 'cart'].map((key) => [key, `value of ${key}`]));
    expect(await keysOf(client.range({ tag: 'cart' }))).toEqual(keys);
    expect(await keysOf(client.range({ tag: 'cart', reverse: true, limit: 4 }))).toEqual(
      keys.slice(-4).reverse(),
    );
    const bounds = { from: keys[5]!, to: keys[9]! };
    expect(await keysOf(client.range({ tag: 'cart', ...bounds }))).toEqual(keys.slice(5, 9));
    expect(await keysOf(client.range({ tag: 'cart', ...bounds, reverse: true }))).toEqual(
      keys.slice(5, 9).reverse(),
    );
    await expect(keysOf(client.range())).rejects.toMatchObject({ code: 'FAILED_PRECONDITION' });
  } finally {
    await client.close();
    await ring.stop();
  }
});

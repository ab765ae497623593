/** Scans over a ring of real nodes: by a client, by a node's own program, by a call, and while nodes join and leave. */

import { TestRing } from '../../dht-node/test/ring/test-ring';
import { NodePeer } from '../../dht-node/test/server/node-peer';
import { dht } from '@ringkeep/shared/wire';
import { RingClient, type Scan, type ScanOptions } from '../src';

let ring: TestRing;
let client: RingClient;
beforeAll(async () => {
  ring = await TestRing.start({ replicationFactor: 2, minCopies: 1 });
  await ring.addNodes(3);
  await ring.untilSettled();
  client = await RingClient.connect({ nodes: [ring.nodes[0]!.address] });
});
afterAll(async () => {
  await client.close();
  await ring.stop();
});

const KEYS = Array.from({ length: 500 }, (_, i) => `user/${i}`);
const TAGGED = Array.from({ length: 20 }, (_, i) => `{cart}${String(i).padStart(2, '0')}`);

async function keysOf(scan: Scan<unknown>): Promise<string[]> {
  const keys: string[] = [];
  for await (const { keyText } of scan) keys.push(keyText);
  return keys;
}

test('a scan tells every key once, with its value and version', async () => {
  await client.setMany([...KEYS, ...TAGGED].map((key) => [key, `value of ${key}`]));
  const { version } = await client.set('user/7', 'seven', { withVersion: true });
  const found = new Map<string, string>();
  for await (const entry of client.scan({ prefix: 'user/' })) {
    expect(found.has(entry.keyText)).toBe(false);
    found.set(entry.keyText, Buffer.from(entry.value).toString());
    if (entry.keyText === 'user/7') expect(entry.version).toBe(version);
  }
  const expected = new Map(KEYS.map((key) => [key, `value of ${key}`])).set('user/7', 'seven');
  expect(new Map([...found].sort())).toEqual(new Map([...expected].sort()));
});

test('a scan that is left goes on elsewhere from its place, in another client', async () => {
  const seen: string[] = [];
  let after: string | undefined;
  for (;;) {
    const other = await RingClient.connect({ nodes: [ring.nodes[1]!.address] });
    const scan = other.keys({ prefix: 'user/', after });
    let here = 0;
    for await (const { keyText } of scan) {
      seen.push(keyText);
      after = scan.after;
      if (++here === 90) break;
    }
    await other.close();
    if (here < 90) break;
  }
  expect(seen).toHaveLength(KEYS.length);
  expect(new Set(seen)).toEqual(new Set(KEYS));
});

test('a tag, or a prefix that has one, is scanned in the order of its keys, and a limit is kept', async () => {
  await client.set('cart', 'has the position of the tag, and not the tag');
  expect(await keysOf(client.keys({ tag: 'cart' }))).toEqual(TAGGED);
  expect(await keysOf(client.keys({ prefix: '{cart}1' }))).toEqual(TAGGED.slice(10));
  expect(await keysOf(client.keys({ tag: 'cart', limit: 3 }))).toEqual(TAGGED.slice(0, 3));
});

test('a node’s own program scans as well, and so does a call, page by page', async () => {
  const own = await keysOf(ring.nodes[2]!.scan({ prefix: 'user/' }));
  const called: string[] = [];
  const peer = new NodePeer(ring.nodes[1]!.address);
  let place: Buffer | undefined = Buffer.alloc(0);
  while (place !== undefined) {
    const request = dht.ScanRequest.fromPartial({
      place,
      prefix: Buffer.from('user/'),
      limit: 70,
      keysOnly: true,
    });
    const page: dht.ScanPage = await new Promise((resolve, reject) => {
      peer.client.scan(request, (error, answer) => (error ? reject(error) : resolve(answer)));
    });
    called.push(...page.entries.map(({ key }) => key.toString()));
    place = page.next;
  }
  peer.close();
  expect(called).toEqual(own);
  expect(new Set(own)).toEqual(new Set(KEYS));
});

test('a signal ends a scan', async () => {
  const giveUp = new AbortController();
  const scan = client.keys({ signal: giveUp.signal });
  giveUp.abort();
  await expect(keysOf(scan)).rejects.toMatchObject({ code: 'CANCELLED' });
});

test.each<[ScanOptions, string]>([
  [{ limit: 0 }, 'limit must be an integer from 1, got 0'],
  [{ after: 'xyz' }, 'is no place of a scan'],
  [{ after: 'abcd' }, 'is no place of a scan'],
  [{ tag: '' }, 'a tag has 1 byte or more'],
  [{ prefix: 7 as unknown as string }, 'the prefix must be a string or a Uint8Array, got number'],
])('%j is refused', (options, text) => {
  expect(() => client.scan(options)).toThrow(text);
});

test('a key that is there throughout is told once while nodes join and leave and others write', async () => {
  let over = false;
  const scans = async (): Promise<void> => {
    while (!over) {
      const found = await keysOf(client.keys({ prefix: 'user/' }));
      expect(found).toHaveLength(KEYS.length);
      expect(new Set(found).size).toBe(KEYS.length);
    }
  };
  const writes = async (): Promise<void> => {
    for (let i = 0; !over; i++) {
      await client.set(`other/${i % 100}`, 'value');
      await client.delete(`other/${(i + 50) % 100}`);
    }
  };
  const running = Promise.all([scans(), writes()]);
  const [joined] = await ring.addNodes(2);
  await ring.untilSettled();
  await joined!.leave();
  ring.nodes.splice(ring.nodes.indexOf(joined!), 1);
  await ring.untilSettled();
  over = true;
  await running;
});

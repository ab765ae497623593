/** Watch at real nodes: the owner tells, any other node passes on what the owner tells. */

import { status } from '@grpc/grpc-js';
import type { WatchNews } from '@ringkeep/shared/operations';
import { decodeWatchEvents, dht } from '@ringkeep/shared/wire';
import { channelTo } from '@ringkeep/shared/channel';
import type { RingNode } from '../../src';
import { TestRing } from '../ring/test-ring';

let ring: TestRing;
const clients: dht.DhtNodeClient[] = [];

beforeAll(async () => {
  ring = await TestRing.start();
  await ring.addNodes(2);
  await ring.untilSettled();
});
afterAll(async () => {
  for (const client of clients) client.close();
  await ring.stop();
});

class Watching {
  readonly news: WatchNews[] = [];
  readonly ended: Promise<number>;
  private readonly stream;

  constructor(node: RingNode, request: Partial<dht.WatchRequest>) {
    const client = new dht.DhtNodeClient(...channelTo(node.address, undefined));
    clients.push(client);
    this.stream = client.watch(dht.WatchRequest.fromPartial(request as object));
    this.stream.on('data', (message: dht.WatchEvents) => this.news.push(decodeWatchEvents(message)));
    this.stream.on('error', () => undefined);
    this.ended = new Promise((resolve) => this.stream.on('status', ({ code }) => resolve(code)));
  }

  get told(): string[] {
    return this.news.flatMap(({ changes }) => changes.map(({ kind, key }) => `${kind} ${key}`));
  }

  close(): void {
    this.stream.cancel();
  }
}

const [first, second] = [() => ring.nodes[0] as RingNode, () => ring.nodes[1] as RingNode];

test('each node tells the changes of a key, whichever is its owner', async () => {
  const watches = [first(), second()].map((node) => new Watching(node, { key: Buffer.from('k') }));
  await ring.until(() => watches.every(({ news }) => news.length > 0));
  await first().set('k', '1');
  await second().set('other', '1');
  await second().delete('k');
  await ring.until(() => watches.every(({ told }) => told.length === 2));
  for (const watch of watches) {
    expect(watch.told).toEqual(['put k', 'delete k']);
    watch.close();
  }
});

test('a watch of each arc tells every change of the ring, from the numbers on where another one ended', async () => {
  const { arcs } = first().status().ring;
  const open = (since: readonly (bigint | undefined)[]): Watching[] =>
    arcs.map(
      ({ start, end }, at) => new Watching(first(), { ranges: [{ start, end, since: since[at] }] } as never),
    );
  const before = open([]);
  await ring.until(() => before.every(({ news }) => news.length > 0));
  const names = Array.from({ length: 50 }, (_, i) => `key ${i}`);
  await Promise.all(names.slice(0, 25).map((name) => first().set(name, 'v')));
  await ring.until(() => before.flatMap(({ told }) => told).length === 25);
  for (const watch of before) watch.close();
  await Promise.all(names.slice(25).map((name) => second().set(name, 'v')));
  const after = open(before.map(({ news }) => BigInt(news.at(-1)?.through ?? 0)));
  await ring.until(() => after.flatMap(({ told }) => told).length === 25);
  const told = [...before, ...after].flatMap((watch) => watch.told);
  expect(told.sort()).toEqual(names.map((name) => `put ${name}`).sort());
  for (const watch of after) watch.close();
});

test('a tag is watched without ranges: its keys are at one place', async () => {
  const watch = new Watching(first(), { tag: Buffer.from('user') });
  await ring.until(() => watch.news.length > 0);
  for (const name of ['{user}a', 'user', '{users}', 'b{user}']) await first().set(name, 'v');
  await ring.until(() => watch.told.length === 2);
  expect(watch.told).toEqual(['put {user}a', 'put b{user}']);
  watch.close();
});

test('a caller that asks for the owner only is told when it is another node', async () => {
  const { arcs } = first().status().ring;
  const of = arcs.find(({ primary }) => primary !== first().status().id);
  const watch = new Watching(first(), {
    ranges: [{ start: of?.start, end: of?.end }],
    direct: true,
  } as never);
  expect(await watch.ended).toBe(status.FAILED_PRECONDITION);
});

test('what cannot be watched is refused', async () => {
  const requests: Partial<dht.WatchRequest>[] = [
    {},
    { key: Buffer.alloc(0) },
    { key: Buffer.from('a'), prefix: Buffer.from('b') },
  ];
  for (const request of requests)
    expect(await new Watching(first(), request).ended).toBe(status.INVALID_ARGUMENT);
});

test('watches that a node passes on count as those that it serves, until they are over', async () => {
  const watchesMax = 3;
  const node = await ring.addNode({ watchesMax });
  await ring.untilSettled();
  const { arcs, id } = { ...node.status().ring, id: node.status().id };
  const of = arcs.find(({ primary }) => primary !== id);
  const open = (): Watching => new Watching(node, { ranges: [{ start: of?.start, end: of?.end }] } as never);
  const passed = Array.from({ length: watchesMax }, open);
  await ring.until(() => passed.every(({ news }) => news.length > 0));
  expect(await open().ended).toBe(status.RESOURCE_EXHAUSTED);
  passed[0]?.close();
  await passed[0]?.ended;
  let next = open();
  void next.ended.then(() => (next = open()));
  await ring.until(() => next.news.length > 0);
  for (const watch of [next, ...passed]) watch.close();
});

test('a node that stops ends its watches', async () => {
  const node = await ring.addNode();
  await ring.untilSettled();
  const watch = new Watching(node, { key: Buffer.from('k') });
  await ring.until(() => watch.news.length > 0);
  await node.stop();
  expect([status.OK, status.UNAVAILABLE]).toContain(await watch.ended);
});

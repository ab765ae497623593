/** Changes as server-sent events, read by an implementation of EventSource as browsers have it. */

import { EventSource } from 'eventsource';
import type { RingNode } from '../../src';
import { TestRing } from '../ring/test-ring';
import { ask, BYTES, JSON_BODY, RawClient } from './http-client';

let ring: TestRing;
let sources: EventSource[] = [];

beforeAll(async () => {
  ring = await TestRing.start({ replicationFactor: 2 });
  await ring.addNodes(3, { http: { host: '127.0.0.1', port: 0 } });
  await ring.untilSettled();
});
afterEach(() => {
  for (const source of sources) source.close();
  sources = [];
});
afterAll(() => ring.stop());

const address = (node = 0): string => (ring.nodes[node] as RingNode).httpAddress as string;
const put = (key: string, value: string): Promise<unknown> =>
  ask(address(1), 'PUT', `/v1/keys/${encodeURIComponent(key)}`, { headers: BYTES, body: value });
const remove = (key: string): Promise<unknown> =>
  ask(address(1), 'DELETE', `/v1/keys/${encodeURIComponent(key)}`);

interface Heard {
  readonly kind: string;
  readonly id: string;
  readonly data: {
    readonly key?: string;
    readonly value?: string;
    readonly version?: number;
    readonly cursor?: string;
  };
}

/** What an EventSource hears, one after the other. */
class Listener {
  readonly source: EventSource;
  private readonly heard: Heard[] = [];
  private wake: () => void = () => undefined;

  constructor(url: string) {
    this.source = new EventSource(url);
    sources.push(this.source);
    for (const kind of ['ready', 'put', 'delete', 'expiry', 'lost', 'cursor'])
      this.source.addEventListener(kind, ({ data, lastEventId }) => {
        this.heard.push({ kind, id: lastEventId, data: JSON.parse(String(data)) as Heard['data'] });
        this.wake();
      });
  }

  async next(): Promise<Heard> {
    while (this.heard.length === 0) await new Promise<void>((resolve) => (this.wake = resolve));
    return this.heard.shift() as Heard;
  }

  async changes(count: number): Promise<string[]> {
    const told: string[] = [];
    while (told.length < count) {
      const { kind, data } = await this.next();
      if (kind !== 'cursor') told.push(`${kind} ${data.key} ${data.value ?? ''}`.trim());
    }
    return told;
  }
}

async function listening(query: string, node = 0): Promise<Listener> {
  const listener = new Listener(`http://${address(node)}/v1/watch?${query}`);
  expect((await listener.next()).kind).toBe('ready');
  return listener;
}

test('each change of a key is told once, whichever node it is made through', async () => {
  const listener = await listening('key=watched');
  await put('watched', 'one');
  await put('unwatched', 'x');
  await put('watched', 'two');
  await remove('watched');
  await put('watched', 'three');
  expect(await listener.changes(4)).toEqual([
    'put watched one',
    'put watched two',
    'delete watched',
    'put watched three',
  ]);
});

test.each([
  ['tag=order%207', '{order 7}status'],
  ['prefix=pre%2F', 'pre/fix'],
  ['', 'anything'],
])('with %j what is asked for is told, and nothing else', async (query, key) => {
  const listener = await listening(query, 2);
  if (query !== '') await put('elsewhere', 'x');
  await put(key, 'one');
  expect(await listener.changes(1)).toEqual([`put ${key} one`]);
});

test('what is no text is told in base64, and what its time ended as expiry', async () => {
  const listener = await listening('key=%ffb');
  await ask(address(), 'PUT', '/v1/keys/%ffb?ttl=1500ms', { headers: BYTES, body: Buffer.from([0xff]) });
  expect((await listener.next()).data).toMatchObject({ key64: '/2I=', value64: '/w==' });
  expect((await listener.next()).kind).toBe('expiry');
});

test.each(['key=resumed', 'tag=resumed'])(
  'a browser goes on with %s where its connection broke',
  async (query) => {
    const key = query.startsWith('tag') ? '{resumed}x' : 'resumed';
    const listener = await listening(query);
    await put(key, 'one');
    const { id } = await listener.next();
    listener.source.close();
    await put(key, 'while away');
    const raw = await RawClient.open(address(2));
    raw.send(`GET /v1/watch?${query}`, [`Last-Event-ID: ${id}`]);
    const text = await raw.until((received) => received.includes('while away'));
    expect(text).not.toContain('"one"');
    // Were it told before the change, with `ready`, whoever breaks off between the two would miss the change.
    const ids = Array.from(
      text.slice(0, text.indexOf('while away')).matchAll(/^id: (.*)$/gm),
      ([, each]) => each,
    );
    expect(new Set(ids).size).toBe(ids.length);
    expect(await raw.until((received) => received.includes('event: ready'))).toContain('event: ready');
    raw.close();
  },
);

test('a watch of more is gone on with by its cursor', async () => {
  const listener = await listening('prefix=cursor%2F');
  await put('cursor/1', 'one');
  let heard = await listener.next();
  while (heard.kind !== 'cursor') heard = await listener.next();
  listener.source.close();
  await put('cursor/2', 'two');
  const raw = await RawClient.open(address(1));
  const body = JSON.stringify({ prefix: 'cursor/', since: heard.data.cursor });
  raw.send('POST /v1/watch', ['Content-Type: application/json', `Content-Length: ${body.length}`], body);
  const text = await raw.until((received) => received.includes('"two"'));
  expect(text).toContain('Content-Type: text/event-stream');
  expect(text).not.toContain('"one"');
  raw.close();
}, 30_000);

test('changes are told through a ring that changes', async () => {
  const listener = await listening('prefix=moved%2F');
  const rounds = async (name: string): Promise<void> => {
    const keys = Array.from({ length: 30 }, (_, i) => `moved/${name}/${i}`);
    await Promise.all(keys.map((key) => put(key, 'x')));
    const told = await listener.changes(keys.length);
    expect(told.sort()).toEqual(keys.map((key) => `put ${key} x`).sort());
  };
  await rounds('before');
  const node = await ring.addNode();
  await ring.untilSettled();
  await rounds('joined');
  ring.nodes.splice(ring.nodes.indexOf(node), 1);
  await node.leave();
  await node.stop();
  await ring.untilSettled();
  await rounds('left');
}, 60_000);

test.each([
  [
    'GET',
    '/v1/watch?key=a&tag=b',
    undefined,
    400,
    /a watch is of a key, a prefix or a tag: give one of them/,
  ],
  ['GET', '/v1/watch?since=x', undefined, 400, /not the cursor of a watch/],
  ['GET', '/v1/watch?resync=yes', undefined, 400, /resync must be true or false/],
  ['POST', '/v1/watch', '{"since":5}', 400, /since of the body must be a text/],
])('%s %s of %j is refused', async (method, path, body, status, words) => {
  const told = await ask(address(), method, path, { ...(body && { headers: JSON_BODY, body }) });
  expect([told.status, JSON.parse(told.body).detail]).toEqual([status, expect.stringMatching(words)]);
});

test('a cursor of more parts than any ring has is refused at once', async () => {
  const part = (i: number): string =>
    `${i.toString(16).padStart(16, '0')}-${(i + 1).toString(16).padStart(16, '0')}:${i}`;
  const since = `cluster/${Array.from({ length: 20_000 }, (_, i) => part(i)).join()}`;
  const told = await ask(address(), 'POST', '/v1/watch', {
    headers: JSON_BODY,
    body: JSON.stringify({ since }),
  });
  expect([told.status, JSON.parse(told.body).detail]).toEqual([
    400,
    'the cursor has 20000 parts; of a ring with 3 arcs it has 76 at most',
  ]);
});

test('HEAD tells that there is a stream, and ends', async () => {
  const told = await ask(address(), 'HEAD', '/v1/watch?key=a');
  expect([told.status, told.headers['content-type']]).toEqual([200, 'text/event-stream']);
});

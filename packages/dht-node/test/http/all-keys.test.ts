/** What is about more than one key: scans and ranges as lines, transactions, the ring. */

import type { RingNode } from '../../src';
import { TestRing } from '../ring/test-ring';
import { ask as askAt, BYTES, detailOf, JSON_BODY, RawClient, type Asking, type Told } from './http-client';

let ring: TestRing;

beforeAll(async () => {
  ring = await TestRing.start({ replicationFactor: 2, keyIndex: true });
  await ring.addNodes(3, { http: { host: '127.0.0.1', port: 0 } });
  await ring.untilSettled();
});
afterAll(() => ring.stop());

const address = (node = 0): string => (ring.nodes[node] as RingNode).httpAddress as string;
const ask = (method: string, path: string, asking?: Asking): Promise<Told> =>
  askAt(address(), method, path, asking);
const put = (key: string, value: string): Promise<Told> =>
  askAt(address(1), 'PUT', `/v1/keys/${encodeURIComponent(key)}`, { headers: BYTES, body: value });
const transact = (body: unknown): Promise<Told> =>
  askAt(address(2), 'POST', '/v1/transact', { headers: JSON_BODY, body: JSON.stringify(body) });

interface Line {
  readonly key?: string;
  readonly key64?: string;
  readonly value?: string;
  readonly value64?: string;
  readonly version?: number;
  readonly expiresAt?: string;
  readonly next?: string | null;
}

async function lines(path: string): Promise<Line[]> {
  const told = await ask('GET', path);
  expect([told.status, told.headers['content-type']]).toEqual([200, 'application/x-ndjson']);
  return told.body
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(Buffer.from(line, 'latin1').toString()) as Line);
}

async function keysOf(path: string): Promise<string[]> {
  return (await lines(path)).slice(0, -1).map(({ key = '' }) => key);
}

describe('a scan', () => {
  const names = Array.from({ length: 40 }, (_, i) => `scan/${i}`);
  beforeAll(() => Promise.all(names.map((name) => put(name, `value of ${name}`))));

  test('tells each key once, and at its end that it is whole', async () => {
    const told = await lines('/v1/keys?prefix=scan/');
    expect(told.at(-1)).toEqual({ next: null });
    const entries = told.slice(0, -1);
    expect(entries.map(({ key }) => key).sort()).toEqual([...names].sort());
    for (const { key, value, version } of entries)
      expect([value, version]).toEqual([`value of ${key}`, expect.any(Number)]);
  });

  test('goes on where its last line says, at any node', async () => {
    const found: string[] = [];
    let next: string | null | undefined = 'limit=7';
    for (let node = 0; typeof next === 'string'; node = (node + 1) % 3) {
      const told: Told = await askAt(
        address(node),
        'GET',
        `/v1/keys?prefix=scan%2F&values=false&limit=7&${next === 'limit=7' ? '' : next}`,
      );
      const read = told.body
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Line);
      expect(read.length).toBeLessThanOrEqual(8);
      for (const { key, value } of read.slice(0, -1)) {
        expect(value).toBeUndefined();
        found.push(key as string);
      }
      ({ next } = read.at(-1) as Line);
    }
    expect(found.sort()).toEqual([...names].sort());
  });

  test('tells what is no text in base64, and when a key ends', async () => {
    await ask('PUT', '/v1/keys/%7Bbin%7D%ff?ttl=1h', { headers: BYTES, body: Buffer.from([0xff, 0]) });
    const [entry] = await lines('/v1/keys?tag=bin');
    expect(entry).toEqual({
      key64: Buffer.from('{bin}\xff', 'latin1').toString('base64'),
      value64: '/wA=',
      version: expect.any(Number),
      expiresAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    });
  });

  test.each([
    ['limit=0', /limit must be a whole number from 1/],
    ['limit=x', /limit must be a whole number from 1/],
    ['values=no', /values must be true or false/],
    ['after=xyz', /is no place of a scan/],
    ['tag=', /a tag has 1 byte or more/],
    ['prefix=a&prefix=b', /"prefix" more than once/],
    [`${'&'.repeat(17)}limit=1`, /the query has more than 16 parameters/],
    ['from=a', /unknown parameter "from" in the query; there are prefix, tag, limit, values, after/],
  ])('of %s is refused', async (query, words) => {
    const told = await ask('GET', `/v1/keys?${query}`);
    expect([told.status, detailOf(told)]).toEqual([400, expect.stringMatching(words)]);
  });

  test('is read no faster than its reader takes it, and a reader that leaves ends it', async () => {
    const value = 'v'.repeat(200_000);
    await Promise.all(Array.from({ length: 100 }, (_, i) => put(`{big}${i}`, value)));
    const reader = await RawClient.open(address());
    reader.socket.pause();
    reader.send('GET /v1/keys?tag=big');
    expect((await ask('GET', '/v1/keys/scan%2F1')).status).toBe(200);
    const before = process.memoryUsage().rss;
    expect((await keysOf('/v1/keys?tag=big&values=false')).length).toBe(100);
    expect(process.memoryUsage().rss - before).toBeLessThan(100e6);
    reader.socket.resume();
    const text = await reader.until((received) => received.endsWith('0\r\n\r\n'));
    expect(text.length).toBeGreaterThan(20_000_000);
    expect(text).toContain('{"next":null}');
    reader.close();
  }, 60_000);
});

describe('a range', () => {
  beforeAll(() => Promise.all([0, 1, 2, 3, 4].map((i) => put(`{cart 9}item ${i}`, String(i)))));

  test('tells the keys of a tag in their order, and backwards', async () => {
    expect(await keysOf('/v1/range?tag=cart+9')).toEqual([0, 1, 2, 3, 4].map((i) => `{cart 9}item ${i}`));
    const newest = await lines('/v1/range?tag=cart%209&reverse=true&limit=2');
    expect(newest.map(({ value }) => value)).toEqual(['4', '3', undefined]);
    const { next } = newest.at(-1) as Line;
    expect((await keysOf(`/v1/range?tag=cart+9&reverse=true&limit=2&${next}`)).join()).toBe(
      '{cart 9}item 2,{cart 9}item 1',
    );
    const first = await lines('/v1/range?tag=cart+9&limit=3&values=false');
    const rest = await keysOf(`/v1/range?tag=cart+9&${(first.at(-1) as Line).next}`);
    expect(rest.join()).toBe('{cart 9}item 3,{cart 9}item 4');
  });

  test('goes over the whole ring where there is an index', async () => {
    const keys = await keysOf('/v1/range?from=scan%2F1&to=scan%2F2&values=false');
    expect(keys).toEqual(
      ['1', '10', '11', '12', '13', '14', '15', '16', '17', '18', '19'].map((i) => `scan/${i}`),
    );
  });
});

test('a range of a ring without an index is refused before anything is told', async () => {
  const other = await TestRing.start({ replicationFactor: 1 });
  const node = await other.addNode({ http: { host: '127.0.0.1', port: 0 } });
  const told = await askAt(node.httpAddress as string, 'GET', '/v1/range?from=a');
  expect([told.status, JSON.parse(told.body).code]).toEqual([409, 'FAILED_PRECONDITION']);
  await other.stop();
});

describe('a transaction', () => {
  test('is done as a whole, or its other branch is', async () => {
    const begun = await transact({
      if: [{ key: '{bank}anna', ifAbsent: true }],
      then: [
        { op: 'set', key: '{bank}anna', value: '100' },
        { op: 'set', key: '{bank}bert', value: '20', ttl: '1h' },
        { op: 'get', key: '{bank}anna' },
      ],
    });
    const { version } = JSON.parse(begun.body) as { version: number };
    expect(JSON.parse(begun.body)).toEqual({
      held: true,
      version,
      results: [
        { done: true, version },
        { done: true, version },
        { done: true, version, value: '100' },
      ],
    });
    const paid = await transact({
      if: [
        { key: '{bank}anna', ifVersion: version },
        { key: '{bank}bert', ifValue: '20' },
      ],
      then: [
        { op: 'add', key: '{bank}anna', delta: -30 },
        { op: 'add', key: '{bank}bert', delta: '30' },
        { op: 'expire', key: '{bank}anna', ttl: '1h' },
        { op: 'persist', key: '{bank}bert' },
      ],
      else: [{ op: 'get', key: '{bank}anna' }],
    });
    expect(JSON.parse(paid.body)).toMatchObject({
      held: true,
      results: [{ value: '70' }, { value: '50' }, {}, {}],
    });
    const late = await transact({
      if: [{ key: '{bank}anna', ifVersion: version }],
      then: [{ op: 'delete', key: '{bank}anna' }],
      else: [
        { op: 'get', key: '{bank}anna' },
        { op: 'get', key: '{bank}nobody' },
      ],
    });
    expect(JSON.parse(late.body)).toMatchObject({ held: false, results: [{ value: '70' }, { version: 0 }] });
  });

  test('takes and tells bytes in base64', async () => {
    const told = await transact({
      then: [
        { op: 'append', key64: Buffer.from('{b}\xff', 'latin1').toString('base64'), value64: '/w==' },
        { op: 'exchange', key64: Buffer.from('{b}\xff', 'latin1').toString('base64'), value: 'x' },
      ],
    });
    expect(JSON.parse(told.body).results[1]).toMatchObject({ value64: '/w==' });
  });

  test.each([
    [{}, /has neither conditions nor operations/],
    [{ then: {} }, /then of the body must be a list/],
    [{ then: [1] }, /operation 1 of then must be a JSON object/],
    [{ then: [{ op: 'flush', key: 'a' }] }, /op of operation 1 of then must be one of get, delete, set/],
    [{ then: [{ op: 'get' }] }, /operation 1 of then needs key, or key64/],
    [{ then: [{ op: 'get', key: 'a', value: 'b' }] }, /operation 1 of then, get, has no value/],
    [{ then: [{ op: 'set', key: 'a' }] }, /operation 1 of then needs value/],
    [{ then: [{ op: 'set', key: 'a', key64: 'YQ==', value: '' }] }, /has both key and key64/],
    [{ then: [{ op: 'get', key64: '?' }] }, /key64 of operation 1 of then is not base64/],
    // To Date this is a day of 2001, at which the key would have ended.
    [
      { then: [{ op: 'expire', key: 'a', at: '5' }] },
      /at of operation 1 of then must be a moment .* got "5"/,
    ],
    [{ then: [{ op: 'expire', key: 'a' }] }, /operation 1 of then must say when/],
    [{ if: [{ key: 'a' }], then: [] }, /condition 1: needs ifAbsent, ifPresent, ifVersion or ifValue/],
    [{ if: [{ key: 'a', ifVersion: -1 }] }, /condition 1: ifVersion must be an integer from 0/],
    [{ if: [{ key: 'a', ifNothing: 1 }] }, /condition 1 has an unknown field "ifNothing"/],
    [
      {
        then: [
          { op: 'get', key: 'a' },
          { op: 'get', key: 'b' },
        ],
      },
      /operation 2 of then: its key has another position/,
    ],
    [{ then: Array.from({ length: 129 }, () => ({ op: 'get', key: 'a' })) }, /128 are allowed/],
    [{ unknown: 1 }, /the body has an unknown field "unknown"; known are if, then, else/],
    [[], /the body must be a JSON object/],
  ])('of %j is refused', async (body, words) => {
    const told = await transact(body);
    expect([told.status, detailOf(told)]).toEqual([400, expect.stringMatching(words)]);
  });

  test('one of whose operations fails changes nothing', async () => {
    await put('{f}text', 'abc');
    const told = await transact({
      then: [
        { op: 'set', key: '{f}other', value: 'x' },
        { op: 'add', key: '{f}text' },
      ],
    });
    expect([told.status, JSON.parse(told.body).code]).toEqual([409, 'FAILED_PRECONDITION']);
    expect((await ask('GET', '/v1/keys/%7Bf%7Dother')).status).toBe(404);
  });

  test.each([
    ['{"then":', /the body is no JSON/],
    ['\xff', /the body is not UTF-8/],
    ['[['.repeat(100_000), /the body is no JSON/],
  ])('that is %j is refused', async (body, words) => {
    const told = await ask('POST', '/v1/transact', { headers: JSON_BODY, body: Buffer.from(body, 'latin1') });
    expect([told.status, detailOf(told)]).toEqual([400, expect.stringMatching(words)]);
  });
});

test('the ring is told as this node knows it', async () => {
  const told = JSON.parse((await ask('GET', '/v1/ring')).body) as {
    node: string;
    version: number;
    members: { id: string; address: string; state: string }[];
    arcs: { primary: string; inSync: string[] }[];
    parameters: { replicationFactor: number };
  };
  const { ring: known } = (ring.nodes[0] as RingNode).status();
  expect([told.version, told.parameters.replicationFactor]).toEqual([known.version, 2]);
  expect(told.members.map(({ address: at }) => at).sort()).toEqual(
    ring.nodes.map((node) => node.address).sort(),
  );
  expect(told.members.map(({ id }) => id)).toContain(told.node);
  expect(told.arcs.length).toBe(known.arcs.length);
});

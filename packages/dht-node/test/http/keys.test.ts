/** Keys over HTTP, at any node for any key: values as their bytes, versions as ETags, conditions, ends, counters. */

import type { RingNode } from '../../src';
import { TestRing } from '../ring/test-ring';
import { ask as askAt, BYTES, detailOf, JSON_BODY, type Asking, type Told } from './http-client';

let ring: TestRing;

beforeAll(async () => {
  ring = await TestRing.start({ replicationFactor: 2 });
  await ring.addNodes(3, { http: { host: '127.0.0.1', port: 0 } });
  await ring.untilSettled();
});
afterAll(() => ring.stop());

/** Any node answers, so each request goes to the next one. */
let turn = 0;
function ask(method: string, path: string, asking?: Asking): Promise<Told> {
  const node = ring.nodes[turn++ % ring.nodes.length] as RingNode;
  return askAt(node.httpAddress as string, method, path, asking);
}

async function put(key: string, value: string, headers: Record<string, string> = {}): Promise<Told> {
  return ask('PUT', `/v1/keys/${key}`, { headers: { ...BYTES, ...headers }, body: value });
}

const post = (path: string, body: unknown, headers: Record<string, string> = {}): Promise<Told> =>
  ask('POST', path, { headers: { ...JSON_BODY, ...headers }, body: JSON.stringify(body) });

const versionOf = ({ headers }: Told): number => Number(JSON.parse(headers.etag as string));

describe('a value', () => {
  test('is stored, read and removed as its bytes, with its version', async () => {
    const stored = await put('city', 'Porto\0\xff');
    expect([stored.status, stored.body, stored.headers['content-length']]).toEqual([204, '', undefined]);
    const read = await ask('GET', '/v1/keys/city');
    expect([read.status, Buffer.from(read.body, 'latin1').toString()]).toEqual([200, 'Porto\0\xff']);
    expect(read.headers).toMatchObject({
      etag: stored.headers.etag,
      'content-type': 'application/octet-stream',
      'cache-control': 'no-store, no-transform',
      'x-content-type-options': 'nosniff',
    });
    const head = await ask('HEAD', '/v1/keys/city');
    expect([head.status, head.body, head.headers['content-length']]).toEqual([
      200,
      '',
      read.headers['content-length'],
    ]);
    expect((await ask('DELETE', '/v1/keys/city')).status).toBe(204);
    const gone = await ask('GET', '/v1/keys/city');
    expect([gone.status, gone.headers['content-type']]).toEqual([404, 'application/problem+json']);
    expect(JSON.parse(gone.body)).toEqual({
      type: 'about:blank',
      title: 'Not Found',
      status: 404,
      detail: 'the key is not present',
      code: 'KEY_NOT_PRESENT',
    });
    expect((await ask('DELETE', '/v1/keys/city')).status).toBe(404);
  });

  test('may be empty, and as large as the ring allows', async () => {
    expect((await put('empty', '')).status).toBe(204);
    const read = await ask('GET', '/v1/keys/empty');
    expect([read.status, read.headers['content-length']]).toEqual([200, '0']);
    const large = 'v'.repeat(1 << 20);
    expect((await put('large', large)).status).toBe(204);
    expect((await ask('GET', '/v1/keys/large')).body).toBe(large);
    const tooLarge = await put('large', `${large}v`);
    expect([tooLarge.status, detailOf(tooLarge)]).toEqual([
      413,
      'the body has more than 1048576 bytes, which are allowed',
    ]);
  });

  test('is exchanged', async () => {
    const at = '/v1/keys/exchanged/exchange';
    const first = await ask('POST', at, { headers: BYTES, body: 'one' });
    const second = await ask('POST', at, { headers: BYTES, body: 'two' });
    expect([first.status, second.status, second.body]).toEqual([204, 200, 'one']);
    expect(versionOf(second)).toBeGreaterThan(versionOf(first));
  });
});

describe('a key', () => {
  test.each([
    ['a slash', 'a%2Fb', 'a/b'],
    ['dots', '%2e%2e', '..'],
    ['dots as they are', '..', '..'],
    ['a zero byte', 'a%00b', 'a\0b'],
    ['bytes that are no text', '%ff%fe', '\xff\xfe'],
    ['a percent sign', '100%25', '100%'],
    ['a plus', 'a+b', 'a+b'],
    ['a brace', '%7Border%207%7Dstatus', '{order 7}status'],
  ])('with %s is itself in both spellings', async (_, spelled, key) => {
    const coded = Buffer.from(key, 'latin1').toString('base64url');
    expect((await put(spelled, `value of ${key}`)).status).toBe(204);
    expect((await ask('GET', `/v1/keys64/${coded}`)).body).toBe(
      Buffer.from(`value of ${key}`).toString('latin1'),
    );
    expect((await ask('DELETE', `/v1/keys64/${coded}`)).status).toBe(204);
    expect((await ask('GET', `/v1/keys/${spelled}`)).status).toBe(404);
  });

  test.each([
    ['/v1/keys/', 400, /the key is empty/],
    [`/v1/keys/${'k'.repeat(1_025)}`, 400, /the key has 1025 bytes; 1024 are allowed/],
    ['/v1/keys/a/b', 404, /a slash in it as %2F/],
    ['/v1/keys/a%2', 400, /a % without two hexadecimal digits/],
    ['/v1/keys64/a', 400, /not base64url/],
    ['/v1/keys64/YR', 400, /not base64url/],
    ['/v1/keys/a?x=1', 400, /unknown parameter "x" in the query; there are none here/],
    ['/v1/nothing', 404, /openapi.json/],
    ['/V1/keys/a', 404, /there is nothing here/],
    ['//v1/keys/a', 404, /there is nothing here/],
  ])('%s is refused with %d', async (path, status, words) => {
    const told = await ask('GET', path);
    expect([told.status, detailOf(told)]).toEqual([status, expect.stringMatching(words)]);
  });
});

describe('a condition', () => {
  test('If-None-Match: * stores only what is not there', async () => {
    expect((await put('lock', 'anna', { 'if-none-match': '*' })).status).toBe(204);
    const refused = await put('lock', 'bert', { 'if-none-match': '*' });
    expect([refused.status, JSON.parse(refused.body).code]).toEqual([412, 'CONDITION_FAILED']);
    expect(refused.headers.etag).toBe((await ask('GET', '/v1/keys/lock')).headers.etag);
    expect((await ask('GET', '/v1/keys/lock')).body).toBe('anna');
  });

  test('If-Match: * changes only what is there', async () => {
    expect((await put('nobody', 'x', { 'if-match': '*' })).status).toBe(412);
    await put('somebody', 'x');
    expect((await put('somebody', 'y', { 'if-match': '*' })).status).toBe(204);
  });

  test('If-Match changes only a version that it names, weak or one of several', async () => {
    const first = versionOf(await put('stock', '3'));
    const second = versionOf(await put('stock', '2', { 'if-match': `"${first}"` }));
    expect((await put('stock', 'lost', { 'if-match': `"${first}"` })).status).toBe(412);
    const third = versionOf(await put('stock', '1', { 'if-match': `W/"${second}"` }));
    expect((await put('stock', 'lost', { 'if-match': `"${first}", "${second}"` })).status).toBe(412);
    expect(
      (await put('stock', '0', { 'if-match': `"${first}" , ,W/"${third}", "of-another-server"` })).status,
    ).toBe(204);
    expect((await put('stock', 'lost', { 'if-match': '"of-another-server"' })).status).toBe(412);
    expect((await ask('DELETE', '/v1/keys/stock', { headers: { 'if-match': `"${third}"` } })).status).toBe(
      412,
    );
    expect((await ask('GET', '/v1/keys/stock')).body).toBe('0');
  });

  test('If-None-Match changes any version but those that it names', async () => {
    const first = versionOf(await put('other', '1'));
    expect((await put('other', 'lost', { 'if-none-match': `"${first}"` })).status).toBe(412);
    expect((await put('other', '2', { 'if-none-match': `"${first + 1_000}"` })).status).toBe(204);
    expect((await put('another', '2', { 'if-none-match': `"${first}"` })).status).toBe(204);
  });

  test('on a read tells what has not changed, or is not as was thought', async () => {
    const { headers } = await put('page', 'text');
    const etag = headers.etag as string;
    const same = await ask('GET', '/v1/keys/page', { headers: { 'if-none-match': `"1", ${etag}` } });
    expect([same.status, same.body, same.headers.etag]).toEqual([304, '', etag]);
    expect((await ask('GET', '/v1/keys/page', { headers: { 'if-none-match': '*' } })).status).toBe(304);
    expect((await ask('GET', '/v1/keys/page', { headers: { 'if-none-match': '"1"' } })).status).toBe(200);
    expect((await ask('GET', '/v1/keys/page', { headers: { 'if-match': '"1"' } })).status).toBe(412);
    expect((await ask('GET', '/v1/keys/page', { headers: { 'if-match': etag } })).status).toBe(200);
    expect((await ask('GET', '/v1/keys/no-page', { headers: { 'if-none-match': '*' } })).status).toBe(404);
    await ask('DELETE', '/v1/keys/page');
    expect((await ask('GET', '/v1/keys/page', { headers: { 'if-match': etag } })).status).toBe(412);
  });

  test('that is no list of tags is refused, and nothing is changed', async () => {
    const refused = await put('unquoted', 'x', { 'if-match': '17' });
    expect([refused.status, detailOf(refused)]).toEqual([
      400,
      'If-Match must be * or a list of tags in quotation marks, such as "17", got "17"',
    ]);
    expect((await ask('GET', '/v1/keys/unquoted')).status).toBe(404);
  });

  test('lets several writers change one value without losing an update', async () => {
    await put('counted', '0');
    const raise = async (): Promise<void> => {
      for (;;) {
        const { body, headers } = await ask('GET', '/v1/keys/counted');
        const told = await put('counted', String(Number(body) + 1), { 'if-match': headers.etag as string });
        if (told.status === 204) return;
        expect(told.status).toBe(412);
      }
    };
    await Promise.all(Array.from({ length: 8 }, raise));
    expect((await ask('GET', '/v1/keys/counted')).body).toBe('8');
  });
});

describe('an end', () => {
  const ttlOf = async (key: string): Promise<number> =>
    Number.parseInt(String((await ask('GET', `/v1/keys/${key}`)).headers['ringkeep-ttl']), 10);

  test('comes with a write, in the header or the query, and is told', async () => {
    await put('session', 'anna', { 'ringkeep-ttl': '30s' });
    expect(await ttlOf('session')).toBeGreaterThan(25_000);
    await ask('PUT', '/v1/keys/session?ttl=2m', { headers: BYTES, body: 'anna' });
    expect(await ttlOf('session')).toBeGreaterThan(100_000);
    await put('session', 'bert', { 'ringkeep-ttl': 'keep' });
    expect(await ttlOf('session')).toBeGreaterThan(100_000);
    await put('session', 'bert');
    expect(await ttlOf('session')).toBeNaN();
  });

  test('is set and taken away', async () => {
    await put('ending', 'x');
    expect((await post('/v1/keys/ending/expire', { ttl: '1h' })).status).toBe(204);
    expect(await ttlOf('ending')).toBeGreaterThan(3_000_000);
    expect((await post('/v1/keys/ending/expire', { ttl: '2h', ifExpiry: 'none' })).status).toBe(412);
    expect((await post('/v1/keys/ending/persist', {})).status).toBe(204);
    expect(await ttlOf('ending')).toBeNaN();
    expect((await post('/v1/keys/ending/persist', {})).status).toBe(204);
    expect((await post('/v1/keys/ending/expire', { at: '2001-01-01T00:00:00Z' })).status).toBe(204);
    expect((await ask('GET', '/v1/keys/ending')).status).toBe(404);
    expect((await post('/v1/keys/ending/expire', { ttl: '1h' })).status).toBe(404);
    expect((await post('/v1/keys/ending/persist', {})).status).toBe(404);
  });

  test.each([
    [{}, /the body must say when/],
    [{ ttl: '1h', at: '2030-01-01T00:00:00Z' }, /the body must say when/],
    [{ ttl: 'soon' }, /ttl of the body must be a duration/],
    [{ at: 'tomorrow' }, /at of the body must be a moment/],
    [{ ttl: '1h', ifExpiry: 'late' }, /ifExpiry of the body must be none, some, less or greater/],
    [{ ttl: 5 }, /ttl of the body must be a text/],
  ])('that is %j is refused', async (body, words) => {
    const told = await post('/v1/keys/refused/expire', body);
    expect([told.status, detailOf(told)]).toEqual([400, expect.stringMatching(words)]);
  });

  test('that is none is refused with the place where it stands', async () => {
    const told = await put('refused', 'x', { 'ringkeep-ttl': 'soon' });
    expect([told.status, detailOf(told)]).toEqual([
      400,
      expect.stringMatching(/^Ringkeep-TTL must be keep or none, or it must be a duration .*, got "soon"$/),
    ]);
  });
});

describe('a counter', () => {
  test('is added to, exactly beyond 2^53', async () => {
    const told = await post('/v1/keys/visits/add', { delta: '9007199254740993' });
    expect([told.status, JSON.parse(told.body)]).toEqual([
      200,
      { value: '9007199254740993', version: versionOf(told) },
    ]);
    expect(JSON.parse((await post('/v1/keys/visits/add', {})).body).value).toBe('9007199254740994');
    expect(JSON.parse((await post('/v1/keys/visits/add', { delta: -1 })).body).value).toBe(
      '9007199254740993',
    );
    const none = await ask('POST', '/v1/keys/visits/add', { headers: JSON_BODY });
    expect(JSON.parse(none.body).value).toBe('9007199254740994');
  });

  test('that is no number is refused, and stays', async () => {
    await put('text', 'abc');
    const told = await post('/v1/keys/text/add', { delta: 1 });
    expect([told.status, JSON.parse(told.body).code]).toEqual([409, 'FAILED_PRECONDITION']);
    for (const delta of [1.5, 'x', '99999999999999999999', null, '9223372036854775808'])
      expect((await post('/v1/keys/text/add', { delta })).status).toBe(400);
    expect((await ask('GET', '/v1/keys/text')).body).toBe('abc');
  });

  test('and a log grow on conditions', async () => {
    const told = await ask('POST', '/v1/keys/log/append', { headers: BYTES, body: 'one,' });
    expect(JSON.parse(told.body)).toEqual({ length: 4, version: versionOf(told) });
    const headers = { ...BYTES, 'if-match': told.headers.etag as string };
    expect((await ask('POST', '/v1/keys/log/append', { headers, body: 'two,' })).status).toBe(200);
    expect((await ask('POST', '/v1/keys/log/append', { headers, body: 'lost' })).status).toBe(412);
    expect((await ask('GET', '/v1/keys/log')).body).toBe('one,two,');
  });
});

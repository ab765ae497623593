/** Who may ask: pages of other sites reach loopback as well, and a browser tells where they are from. */

import type { RingNode } from '../../src';
import type { HttpFault } from '../../src/doors/http/http-fault';
import { checkCaller } from '../../src/doors/http/request/caller';
import { httpDoorOptions } from '../../src/doors/http/flags';
import { TestRing } from '../ring/test-ring';
import { ask, BYTES, detailOf, type Asking, type Told } from './http-client';

let ring: TestRing;
let address: string;

beforeAll(async () => {
  ring = await TestRing.start({ replicationFactor: 1 });
  const http = { host: '127.0.0.1', port: 0, names: ['ring.example'], origins: ['https://app.example'] };
  address = (await ring.addNode({ http })).httpAddress as string;
});
afterAll(() => ring.stop());

const get = (headers: Record<string, string>): Promise<Told> => ask(address, 'GET', '/v1/ring', { headers });

function statusOf(headers: Record<string, string>, authority?: string): number {
  try {
    checkCaller(headers, authority, { hosts: new Set(['ring.example']), origins: new Set() });
    return 200;
  } catch (error) {
    return (error as HttpFault).status;
  }
}

describe('the header Host', () => {
  test.each([
    ['localhost', 200],
    ['localhost:8080', 200],
    ['LOCALHOST', 200],
    ['127.0.0.1:1', 200],
    ['127.255.0.9', 200],
    ['[::1]:80', 200],
    ['ring.example', 200],
    ['ring.example:99', 200],
    ['evil.example', 421],
    ['localhost.evil.example', 421],
    ['127.0.0.1.evil.example', 421],
    ['128.0.0.1', 421],
    ['[::2]', 421],
    ['2130706433', 421],
    ['127.1', 421],
    ['', 400],
    ['a b', 400],
    ['user@localhost', 400],
    ['localhost:80:80', 400],
  ])('%j is answered with %d', (host, status) => {
    expect(statusOf({ host })).toBe(status);
  });

  test('is that of the target where the target names its server', () => {
    expect(statusOf({ host: 'localhost' }, 'evil.example')).toBe(421);
    expect(statusOf({ host: 'evil.example' }, 'localhost')).toBe(200);
  });

  test('of another name keeps a page out that points its name here', async () => {
    const told = await get({ host: 'evil.example' });
    expect([told.status, detailOf(told)]).toEqual([
      421,
      'this door is not "evil.example"; start the node with --http-name (NODE_HTTP_NAME) if it is',
    ]);
    const change = await ask(address, 'PUT', '/v1/keys/rebound', {
      headers: { ...BYTES, host: 'evil.example' },
      body: 'x',
    });
    expect(change.status).toBe(421);
    expect((await ask(address, 'GET', '/v1/keys/rebound')).status).toBe(404);
  });
});

describe('a page', () => {
  test.each([
    ['of another origin', { origin: 'https://evil.example' }],
    ['without an origin', { origin: 'null' }],
    ['at another port', { origin: 'http://localhost:1' }],
    ['of another site', { 'sec-fetch-site': 'cross-site' }],
  ])('%s is refused, and changes nothing', async (_, headers) => {
    expect((await get(headers)).status).toBe(403);
    const change: Asking = { headers: { ...BYTES, ...headers }, body: 'x' };
    expect((await ask(address, 'PUT', '/v1/keys/by-page', change)).status).toBe(403);
    expect((await ask(address, 'DELETE', '/v1/keys/by-page', { headers })).status).toBe(403);
    expect((await ask(address, 'GET', '/v1/keys/by-page')).status).toBe(404);
  });

  test('of this door is answered', async () => {
    expect((await get({ origin: `http://${address}`, 'sec-fetch-site': 'same-origin' })).status).toBe(200);
    expect((await get({ 'sec-fetch-site': 'none' })).status).toBe(200);
  });

  test('of an origin that the door was given may read answers, and asks first what it may do', async () => {
    const origin = 'https://app.example';
    const told = await get({ origin, 'sec-fetch-site': 'cross-site' });
    expect([told.status, told.headers['access-control-allow-origin'], told.headers.vary]).toEqual([
      200,
      origin,
      'Origin',
    ]);
    const asked = {
      origin,
      'access-control-request-method': 'PUT',
      'access-control-request-headers': 'if-match',
    };
    const allowed = await ask(address, 'OPTIONS', '/v1/keys/x', { headers: asked });
    expect(allowed.status).toBe(204);
    expect(allowed.headers).toMatchObject({
      'access-control-allow-origin': origin,
      'access-control-allow-methods': 'DELETE, GET, PUT, HEAD, OPTIONS',
      'access-control-allow-headers': expect.stringContaining('If-Match'),
    });
    const refused = await ask(address, 'OPTIONS', '/v1/keys/x', {
      headers: { ...asked, origin: 'https://evil.example' },
    });
    expect([refused.status, refused.headers['access-control-allow-origin']]).toEqual([403, undefined]);
  });
});

describe('a change', () => {
  test.each([
    [undefined, /the content type is missing; send Content-Type: application\/octet-stream/],
    ['text/plain', /any web page can send/],
    ['Text/Plain; charset=utf-8', /any web page can send/],
    ['application/x-www-form-urlencoded', /any web page can send/],
    ['multipart/form-data; boundary=x', /any web page can send/],
    ['nonsense', /no content type/],
  ])('with the content type %j is refused', async (type, words) => {
    const headers: Record<string, string> = type === undefined ? {} : { 'content-type': type };
    const told = await ask(address, 'PUT', '/v1/keys/simple', { headers, body: 'x' });
    expect([told.status, detailOf(told)]).toEqual([415, expect.stringMatching(words)]);
    const added = await ask(address, 'POST', '/v1/keys/simple/add', { headers, body: '{}' });
    expect(added.status).toBe(415);
    expect((await ask(address, 'GET', '/v1/keys/simple')).status).toBe(404);
  });

  test('of any other type is stored as it is', async () => {
    const told = await ask(address, 'PUT', '/v1/keys/typed', {
      headers: { 'content-type': 'image/png' },
      body: 'x',
    });
    expect(told.status).toBe(204);
  });
});

describe('the command line', () => {
  const given = {
    httpPort: 0,
    httpHost: '127.0.0.1',
    httpName: undefined,
    httpOrigin: undefined,
    httpConnections: undefined,
  };

  test('opens no door unless it names a port', () => {
    expect(httpDoorOptions({ ...given, httpPort: undefined })).toBeUndefined();
    expect(httpDoorOptions(given)).toEqual({ host: '127.0.0.1', port: 0, names: [], origins: [] });
  });
});

test('a port that is taken fails the start and names the flag', async () => {
  const port = Number(address.split(':')[1]);
  const twice: Promise<RingNode> = ring.addNode({ http: { host: '127.0.0.1', port } });
  await expect(twice).rejects.toThrow(/in use; choose another one with --http-port or NODE_HTTP_PORT/);
});

/** What nobody should send, on real sockets: the protocol's own answer, bounded memory, and the rest untouched. */

import type { RingNode } from '../../src';
import { TestRing } from '../ring/test-ring';
import { ask, BYTES, detailOf, RawClient } from './http-client';

const TIMES = { headersMs: 600, requestMs: 1_000, idleMs: 60_000, unreadMs: 500, drainMs: 2_000 };
const OCTETS = 'Content-Type: application/octet-stream';

let ring: TestRing;
let node: RingNode;
let address: string;
let clients: RawClient[] = [];

beforeAll(async () => {
  ring = await TestRing.start({ replicationFactor: 1 });
  node = await ring.addNode({ http: { host: '127.0.0.1', port: 0, times: TIMES } });
  address = node.httpAddress as string;
  await ask(address, 'PUT', '/v1/keys/there', { headers: BYTES, body: 'value' });
});
afterEach(async () => {
  for (const client of clients) client.close();
  clients = [];
  expect((await ask(address, 'GET', '/v1/keys/there')).body).toBe('value');
});
afterAll(() => ring.stop());

async function open(at = address): Promise<RawClient> {
  const client = await RawClient.open(at);
  clients.push(client);
  return client;
}

const get = (key: string): Promise<string> =>
  ask(address, 'GET', `/v1/keys/${key}`).then(({ status, body }) => (status === 200 ? body : String(status)));

describe('a target', () => {
  test('of 8 KB is read whole, and beyond 16 KB none is', async () => {
    const long = await ask(address, 'GET', `/v1/keys/${'k'.repeat(8_000)}`);
    expect([long.status, detailOf(long)]).toEqual([400, 'the key has 8000 bytes; 1024 are allowed']);
    const client = await open();
    client.send(`GET /v1/keys/${'k'.repeat(17_000)}`);
    expect(await client.untilEnded()).toMatch(/^HTTP\/1\.1 431 .*"status":431/s);
  });

  test.each([
    ['GET http://localhost/v1/keys/there', 200],
    ['GET http://evil.example/v1/keys/there', 421],
    ['GET ftp://localhost/v1/keys/there', 400],
    ['GET /v1/keys/there#x', 400],
    ['GET /v1/keys/../keys/there', 404],
    ['GET /v1//keys/there', 404],
    ['GET /v1/keys/there?', 200],
    ['GET /v1/keys/%74here', 200],
    ['OPTIONS *', 400],
    ['TRACE /v1/keys/there', 405],
    ['PROPFIND /v1/keys/there', 405],
  ])('%s is answered with %d', async (line, status) => {
    const client = await open();
    client.send(line);
    expect(await client.statuses(1)).toEqual([status]);
  });
});

describe('what is no HTTP', () => {
  test.each([
    ['bytes', '\x00\x01\x02\xff\r\n\r\n'],
    ['a greeting of TLS', '\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03'],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['Redis', '*1\r\n$4\r\nPING\r\n'],
    ['a line without a version', 'GET /\r\n\r\n'],
    ['a header with a zero byte', 'GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n'],
    ['a header without a name', 'GET / HTTP/1.1\r\n: x\r\n\r\n'],
    ['a folded header', 'GET / HTTP/1.1\r\nHost: localhost\r\nX: a\r\n b\r\n\r\n'],
    ['a space before the colon', 'GET / HTTP/1.1\r\nHost : localhost\r\n\r\n'],
  ])('%s is told so, and the connection ends', async (_, text) => {
    const client = await open();
    client.raw(text);
    expect(await client.untilEnded()).toMatch(/^HTTP\/1\.1 4\d\d .*Connection: close/s);
  });

  test('behind a request is told after its answer', async () => {
    const client = await open();
    client.raw('GET /v1/keys/there HTTP/1.1\r\nHost: localhost\r\n\r\n\0\0\0\0');
    expect(await client.untilEnded()).toMatch(/^HTTP\/1\.1 200 .*valueHTTP\/1\.1 400 /s);
  });
});

describe('lengths', () => {
  test.each([
    ['two that differ', ['Content-Length: 3', 'Content-Length: 4'], 400],
    ['a length and chunks', ['Content-Length: 3', 'Transfer-Encoding: chunked'], 400],
    ['one that is no number', ['Content-Length: 3x'], 400],
    ['one below 0', ['Content-Length: -1'], 400],
    ['one beyond any', ['Content-Length: 99999999999999999999'], 400],
    ['one beyond what is allowed', ['Content-Length: 1048577'], 413],
    ['a coding that is not the last', ['Transfer-Encoding: chunked, gzip'], 400],
  ])('%s are refused', async (_, headers, status) => {
    const client = await open();
    client.send('PUT /v1/keys/lengths', [OCTETS, ...headers], 'abcd');
    expect(await client.statuses(1)).toEqual([status]);
    expect(await get('lengths')).toBe('404');
  });

  test('of a chunk that is none are refused', async () => {
    const client = await open();
    client.send('PUT /v1/keys/lengths', [OCTETS, 'Transfer-Encoding: chunked'], 'xyz\r\nabc\r\n');
    expect(await client.untilEnded()).toMatch(/^HTTP\/1\.1 400 /);
    expect(await get('lengths')).toBe('404');
  });
});

describe('a body', () => {
  test('in chunks is taken, up to the limit', async () => {
    const client = await open();
    client.send(
      'PUT /v1/keys/chunks',
      [OCTETS, 'Transfer-Encoding: chunked'],
      '3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n',
    );
    expect(await client.statuses(1)).toEqual([204]);
    expect(await get('chunks')).toBe('abcde');
    const chunk = `10000\r\n${'v'.repeat(0x10000)}\r\n`;
    client.send('PUT /v1/keys/chunks', [OCTETS, 'Transfer-Encoding: chunked'], chunk.repeat(17));
    expect(await client.statuses(2)).toEqual([204, 413]);
    // What is still to come is passed over, and the connection goes on.
    client.raw(`${chunk}0\r\n\r\n`);
    client.send('GET /v1/keys/chunks');
    expect(await client.statuses(3)).toEqual([204, 413, 200]);
  });

  test('without an end is answered, and cut long before its time is over', async () => {
    const patient = await ring.addNode({ http: { host: '127.0.0.1', port: 0 } });
    const client = await open(patient.httpAddress);
    client.send('PUT /v1/keys/endless', [OCTETS, 'Transfer-Encoding: chunked']);
    const chunk = `10000\r\n${'v'.repeat(0x10000)}\r\n`;
    const flood = setInterval(() => !client.ended && client.raw(chunk.repeat(16)), 1);
    const text = await client.untilEnded();
    clearInterval(flood);
    expect(text).toMatch(/^HTTP\/1\.1 413 /);
    expect(await get('endless')).toBe('404');
    ring.nodes.splice(ring.nodes.indexOf(patient), 1);
    await patient.leave();
    await patient.stop();
  }, 20_000);

  test.each(['gzip', 'deflate', 'br', 'x'])('in the coding %s is refused unread', async (coding) => {
    const told = await ask(address, 'PUT', '/v1/keys/coded', {
      headers: { ...BYTES, 'content-encoding': coding },
      body: 'x',
    });
    expect([told.status, detailOf(told)]).toEqual([
      415,
      `the content encoding "${coding}" is not taken; send the bytes as they are`,
    ]);
  });

  test.each(['GET', 'HEAD', 'DELETE'])('of a %s is refused', async (method) => {
    const client = await open();
    client.send(`${method} /v1/keys/there`, ['Content-Length: 3'], 'abc');
    client.send('GET /v1/keys/there');
    expect(await client.statuses(2)).toEqual([413, 200]);
  });

  test('that is waited with is asked for, unless it is refused', async () => {
    const client = await open();
    client.send('PUT /v1/keys/waited', [OCTETS, 'Content-Length: 3', 'Expect: 100-continue']);
    expect(await client.statuses(1)).toEqual([100]);
    client.raw('abc');
    expect(await client.statuses(2)).toEqual([100, 204]);
    client.send('PUT /v1/keys/waited', [OCTETS, 'Content-Length: 9000000', 'Expect: 100-continue']);
    expect(await client.untilEnded()).toMatch(/ 413 Payload Too Large\r\n.*Connection: close/s);
    const eager = await open();
    eager.send(
      'PUT /v1/keys/waited',
      [OCTETS, 'Content-Length: 2000000', 'Expect: 100-continue'],
      'x'.repeat(2_000_000),
    );
    eager.send('PUT /v1/keys/waited', [OCTETS, 'Content-Length: 3'], 'xyz');
    expect(await eager.untilEnded()).toMatch(/^HTTP\/1\.1 413 /);
    const other = await open();
    other.send('PUT /v1/keys/waited', [OCTETS, 'Content-Length: 3', 'Expect: a miracle'], 'xyz');
    expect(await other.statuses(1)).toEqual([417]);
    expect(await get('waited')).toBe('abc');
  });
});

describe('a request', () => {
  test('of HTTP/1.0 is answered, and its connection ends', async () => {
    const client = await open();
    client.raw('GET /v1/keys/there HTTP/1.0\r\nHost: localhost\r\n\r\n');
    expect(await client.untilEnded()).toMatch(/^HTTP\/1\.1 200 .*value$/s);
  });

  test.each([
    ['no Host', 'GET /v1/ring HTTP/1.1\r\n\r\n', 400],
    ['no Host in HTTP/1.0', 'GET /v1/ring HTTP/1.0\r\n\r\n', 400],
    ['two Hosts', 'GET /v1/ring HTTP/1.1\r\nHost: localhost\r\nhost: evil.example\r\n\r\n', 400],
  ])('with %s is refused', async (_, text, status) => {
    const client = await open();
    client.raw(text);
    expect(await client.statuses(1)).toEqual([status]);
  });

  test('for a range is answered with all', async () => {
    const told = await ask(address, 'GET', '/v1/keys/there', { headers: { range: 'bytes=0-1' } });
    expect([told.status, told.body]).toEqual([200, 'value']);
  });

  test('to become something else stays what it is', async () => {
    const client = await open();
    client.send('GET /v1/keys/there', ['Connection: Upgrade', 'Upgrade: websocket']);
    expect(await client.statuses(1)).toEqual([200]);
  });
});

describe('requests that do not wait for answers', () => {
  test('are carried out in their order', async () => {
    const client = await open();
    const count = 200;
    client.raw(
      Array.from({ length: count }, (_, i) => {
        const body = String(i);
        return (
          `PUT /v1/keys/piped HTTP/1.1\r\nHost: localhost\r\n${OCTETS}\r\nContent-Length: ${body.length}\r\n\r\n${body}` +
          'GET /v1/keys/piped HTTP/1.1\r\nHost: localhost\r\n\r\n'
        );
      }).join(''),
    );
    const text = await client.until(
      (received) => [...received.matchAll(/HTTP\/1\.1 2/g)].length === 2 * count,
    );
    await client.until((received) => received.endsWith(`\r\n\r\n${count - 1}`));
    const read = [...text.matchAll(/application\/octet-stream.*?\r\n\r\n(\d+)/gs)].map(([, value]) =>
      Number(value),
    );
    expect(read).toEqual(Array.from({ length: count }, (_, i) => i));
  }, 30_000);

  test('and are never read cost what their connection may hold', async () => {
    await ask(address, 'PUT', '/v1/keys/megabyte', { headers: BYTES, body: 'v'.repeat(1 << 20) });
    const client = await open();
    client.socket.pause();
    const before = process.memoryUsage().rss;
    client.raw('GET /v1/keys/megabyte HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(1_000));
    for (let i = 0; i < 50; i++) expect(await get('there')).toBe('value');
    expect(process.memoryUsage().rss - before).toBeLessThan(150e6);
  }, 30_000);
});

describe('a caller', () => {
  test.each([
    ['its headers', 'GET /v1/keys/there HTTP/1.1\r\nHost: loc'],
    [
      'its body',
      `PUT /v1/keys/half HTTP/1.1\r\nHost: localhost\r\n${OCTETS}\r\nContent-Length: 10\r\n\r\nabc`,
    ],
  ])('that sends %s by half is told so after a while', async (_, text) => {
    const client = await open();
    client.raw(text);
    expect(await client.untilEnded()).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n.*"status":408/s);
    expect(await get('half')).toBe('404');
  });

  test('with a half body goes when such bodies take half of the memory, long before its time is over', async () => {
    const patient = await ring.addNode({ http: { host: '127.0.0.1', port: 0 } });
    const at = patient.httpAddress as string;
    const halves = await Promise.all(Array.from({ length: 150 }, () => open(at)));
    for (const half of halves)
      half.send('PUT /v1/keys/half', [OCTETS, 'Content-Length: 1048576'], 'v'.repeat(1_000_000));
    expect((await ask(at, 'GET', '/v1/keys/there')).body).toBe('value');
    await Promise.race(halves.map((half) => half.untilEnded()));
    expect((await ask(at, 'GET', '/v1/keys/there')).body).toBe('value');
    expect((await ask(at, 'GET', '/v1/keys/half')).status).toBe(404);
    ring.nodes.splice(ring.nodes.indexOf(patient), 1);
    await patient.leave();
    await patient.stop();
  }, 20_000);

  test('that ends its side is answered first', async () => {
    const client = await open();
    client.socket.end(
      `PUT /v1/keys/ended HTTP/1.1\r\nHost: localhost\r\n${OCTETS}\r\nContent-Length: 1\r\n\r\nx` +
        'GET /v1/keys/ended HTTP/1.1\r\nHost: localhost\r\n\r\n',
    );
    expect(await client.untilEnded()).toMatch(/^HTTP\/1\.1 204 .*HTTP\/1\.1 200 .*x$/s);
  });

  test('that goes away in the middle leaves nothing behind', async () => {
    const client = await open();
    client.raw(`PUT /v1/keys/gone HTTP/1.1\r\nHost: localhost\r\n${OCTETS}\r\nContent-Length: 10\r\n\r\nabc`);
    client.close();
    expect(await get('gone')).toBe('404');
  });

  test('that never reads its events is cut, and memory stays level', async () => {
    const client = await open();
    client.socket.pause();
    client.send('GET /v1/watch?prefix=flood');
    const closed = new Promise((resolve) => client.socket.on('close', resolve));
    const before = process.memoryUsage().rss;
    const value = Buffer.alloc(500_000, 'v');
    let over = false;
    void closed.then(() => (over = true));
    // A paused socket notices its end when it writes.
    const look = setInterval(() => client.socket.write('x'), 100);
    for (let i = 0; !over; i++)
      expect(
        (await ask(address, 'PUT', `/v1/keys/flood${i % 5}`, { headers: BYTES, body: value })).status,
      ).toBe(204);
    clearInterval(look);
    expect(process.memoryUsage().rss - before).toBeLessThan(200e6);
  }, 60_000);

  test('one too many takes the place of one that is idle, or is refused in the words of HTTP', async () => {
    const small = await ring.addNode({ http: { host: '127.0.0.1', port: 0, connectionsMax: 2 } });
    const at = small.httpAddress as string;
    const answered = async (client: RawClient): Promise<void> => {
      client.send('GET /v1/ring');
      expect(await client.statuses(1)).toEqual([200]);
    };
    const [one, two] = [await open(at), await open(at)];
    await answered(two);
    await answered(one);
    const three = await open(at);
    await answered(three);
    await two.untilEnded();
    for (const busy of [one, three]) {
      busy.send('GET /v1/watch?key=a');
      await busy.until((text) => text.includes('event: ready'));
    }
    const four = await open(at);
    expect(await four.untilEnded()).toMatch(/^HTTP\/1\.1 503 .*Retry-After: 1.*RESOURCE_EXHAUSTED/s);
    expect([one.ended, three.ended]).toEqual([false, false]);
    ring.nodes.splice(ring.nodes.indexOf(small), 1);
    await small.leave();
    await small.stop();
  }, 30_000);
});

describe('a node that stops', () => {
  test('answers what has come, tells connections to end, and ends its streams', async () => {
    const other = await ring.addNode({ http: { host: '127.0.0.1', port: 0 } });
    const at = other.httpAddress as string;
    const [idle, busy, watching, half] = [await open(at), await open(at), await open(at), await open(at)];
    idle.send('GET /v1/ring');
    await idle.statuses(1);
    watching.send('GET /v1/watch?key=a');
    await watching.until((text) => text.includes('event: ready'));
    half.raw('GET /v1/ri');
    busy.raw(
      Array.from(
        { length: 20 },
        (_, i) =>
          `PUT /v1/keys/stop${i} HTTP/1.1\r\nHost: localhost\r\n${OCTETS}\r\nContent-Length: 1\r\n\r\nx`,
      ).join(''),
    );
    await busy.statuses(1);
    ring.nodes.splice(ring.nodes.indexOf(other), 1);
    await other.leave();
    const stopped = other.stop();
    const told = await busy.untilEnded();
    expect([...told.matchAll(/HTTP\/1\.1 204/g)].length).toBe(20);
    expect(await watching.untilEnded()).toMatch(/event: ready.*0\r\n\r\n$/s);
    await idle.untilEnded();
    await half.untilEnded();
    await stopped;
  }, 30_000);

  test('answers whole what a slow reader has asked for, and what waits behind it', async () => {
    const value = 'x'.repeat(1024 * 1024);
    await ask(address, 'PUT', '/v1/keys/long', { headers: BYTES, body: value });
    const other = await ring.addNode({ http: { host: '127.0.0.1', port: 0 } });
    const at = other.httpAddress as string;
    ring.nodes.splice(ring.nodes.indexOf(other), 1);
    await other.leave();
    const [slow, idle] = [await open(at), await open(at)];
    idle.send('GET /v1/ring');
    await idle.statuses(1);
    slow.socket.pause();
    for (let i = 0; i < 12; i++) slow.send('GET /v1/keys/long');
    // By then the first answers fill what the system keeps for a reader.
    for (let i = 0; i < 20; i++) await ask(at, 'GET', '/v1/keys/long');
    const stopped = other.stop();
    await idle.untilEnded();
    slow.socket.resume();
    const told = await slow.untilEnded();
    expect(told.split(value).length - 1).toBe(12);
    await stopped;
  }, 30_000);
});

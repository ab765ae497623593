/** Sessions as clients have them, with bytes changed, cut out and repeated: none is a fault of the node's own. */

import fc from 'fast-check';
import type { RingNode } from '../../src';
import { TestRing } from '../ring/test-ring';
import { ask, BYTES, RawClient } from './http-client';

const SESSIONS = [
  'GET /v1/keys/there HTTP/1.1\r\nHost: localhost\r\nIf-None-Match: "1", W/"2"\r\n\r\n',
  'PUT /v1/keys/a%2Fb?ttl=30s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/octet-stream\r\nContent-Length: 3\r\n\r\nabc' +
    'HEAD /v1/keys64/YS9i HTTP/1.1\r\nHost: localhost\r\n\r\n',
  'PUT /v1/keys/x HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n3\r\nabc\r\n0\r\n\r\n',
  'POST /v1/keys/n/add HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n{"delta":5}',
  'POST /v1/transact HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 57\r\n\r\n{"then":[{"op":"set","key":"{a}b","value64":"/w==","ttl":"1h"}]}',
  'GET /v1/keys?tag=a&limit=5&values=false HTTP/1.1\r\nHost: 127.0.0.1:80\r\nConnection: close\r\n\r\n',
  'GET /v1/range?tag=a&from=%00&reverse=true HTTP/1.1\r\nHost: [::1]\r\nOrigin: http://[::1]\r\n\r\n',
  'POST /v1/keys/there/expire HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 34\r\n\r\n{"ttl":"90s","ifExpiry":"greater"}',
  'OPTIONS /v1/keys/x HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: same-origin\r\n\r\nGET /openapi.json HTTP/1.0\r\nHost: localhost\r\n\r\n',
];

interface Mutation {
  readonly at: number;
  readonly kind: 'change' | 'cut' | 'repeat' | 'insert';
  readonly length: number;
  readonly byte: number;
}

const mutations = fc.array(
  fc.record({
    at: fc.nat(400),
    kind: fc.constantFrom<Mutation['kind'][]>('change', 'cut', 'repeat', 'insert'),
    length: fc.integer({ min: 1, max: 12 }),
    byte: fc.oneof(
      fc.nat(255),
      fc.constantFrom(...[...'\r\n\0 :;,"%/?&={}[]0'].map((each) => each.charCodeAt(0))),
    ),
  }),
  { maxLength: 4 },
);

function mutated(session: string, changes: readonly Mutation[]): string {
  return changes.reduce((text, { at, kind, length, byte }) => {
    const place = at % (text.length + 1);
    const [before, piece, behind] = [
      text.slice(0, place),
      text.slice(place, place + length),
      text.slice(place + length),
    ];
    const other = String.fromCharCode(byte);
    const made = { change: other, cut: '', repeat: piece + piece, insert: other + piece }[kind];
    return before + made + behind;
  }, session);
}

test('whatever comes is answered in the words of HTTP, and the others are served', async () => {
  const faults: string[] = [];
  const silent = (): void => undefined;
  const logger = {
    error: (text: string) => void faults.push(text),
    warn: silent,
    info: silent,
    debug: silent,
  };
  const log = { ...logger, child: () => log };
  const ring = await TestRing.start({ replicationFactor: 1 });
  try {
    const http = { host: '127.0.0.1', port: 0, times: { headersMs: 2_000, requestMs: 2_000 } };
    const node: RingNode = await ring.addNode({ http, logger: log });
    const address = node.httpAddress as string;
    await ask(address, 'PUT', '/v1/keys/there', { headers: BYTES, body: 'value' });
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...SESSIONS), mutations, async (session, changes) => {
        const client = await RawClient.open(address);
        client.socket.end(mutated(session, changes), 'latin1');
        const statuses = [...(await client.untilEnded()).matchAll(/^HTTP\/1\.1 (\d+) /gm)].map(([, each]) =>
          Number(each),
        );
        client.close();
        expect(statuses.filter((status) => status >= 500)).toEqual([]);
      }),
      { numRuns: 600, seed: 7 },
    );
    expect(faults).toEqual([]);
    expect((await ask(address, 'GET', '/openapi.json')).status).toBe(200);
  } finally {
    await ring.stop();
  }
}, 60_000);

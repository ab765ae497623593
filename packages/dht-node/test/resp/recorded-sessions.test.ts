/**
 * What clients really send, recorded from them, and what attackers would: a corpus that is cut at every byte, and of
 * which every byte is damaged in turn. None of it breaks the parser, or makes it hold more than has come.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import type { Bytes } from '@ringkeep/shared';
import { ProtocolFault, RequestParser } from '../../src/doors/resp/protocol/request-parser';
import { DirectClient, MemoryRing } from './memory-ring';
import { encoded } from './resp-client';

const FOLDER = join(__dirname, 'sessions');
const RECORDED = Object.fromEntries(
  readdirSync(FOLDER).map((name) => [name.replace('.resp', ''), readFileSync(join(FOLDER, name), 'latin1')]),
);

const SESSIONS: Readonly<Record<string, string>> = {
  ...RECORDED,
  'redis-py':
    encoded(['CLIENT', 'SETINFO', 'LIB-NAME', 'redis-py']) +
    encoded(['SET', 'k', '\x00\r\n$5\xff', 'EX', '10']),
  telnet: 'PING\r\n\r\nset "a b" \'c\'\r\nget "a\\x20b"\r\nQUIT\r\n',
  http: 'GET / HTTP/1.1\r\nHost: localhost:6379\r\nUser-Agent: curl/8\r\n\r\n',
  tls: '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03' + '\x7f'.repeat(60),
  memcached: 'set k 0 0 3\r\nabc\r\nget k\r\n',
  lies: '*2\r\n$3\r\nGET\r\n$99\r\nshort\r\n*-2147483649\r\n*2147483648\r\n$18446744073709551616\r\n',
};

function outcomes(bytes: Buffer, cut: number): string[] {
  const parser = new RequestParser();
  const found: string[] = [];
  for (const chunk of [bytes.subarray(0, cut), bytes.subarray(cut)]) {
    parser.feed(chunk);
    for (let next = parser.next(); next !== undefined; next = parser.next()) {
      found.push(next instanceof ProtocolFault ? next.text : next.join('\u0001'));
      if (next instanceof ProtocolFault) return found;
    }
    expect(parser.heldBytes).toBeLessThanOrEqual(20 * bytes.length + 16 * 1024);
  }
  return found;
}

describe.each(Object.entries(SESSIONS))('a session of %s', (_, session) => {
  const bytes = Buffer.from(session, 'latin1');

  test('is the same wherever it is cut', () => {
    const whole = outcomes(bytes, bytes.length);
    for (let cut = 0; cut < bytes.length; cut++) expect(outcomes(bytes, cut)).toEqual(whole);
  });

  test('breaks nothing with any byte of it damaged', () => {
    for (let at = 0; at < bytes.length; at++) {
      for (const other of [0, 13, 0x39]) {
        const damaged = Buffer.from(bytes);
        damaged[at] = other;
        const cut = (at * 7) % bytes.length;
        expect(outcomes(damaged, cut)).toEqual(outcomes(damaged, bytes.length));
      }
    }
  });
});

/** Of a session that comes in so many reads; some of them when everything before is answered. */
async function repliesTo(
  session: string,
  ends: readonly number[],
  waits: readonly boolean[],
): Promise<string> {
  const bytes = Buffer.from(session, 'latin1');
  const ring = new MemoryRing();
  const client = new DirectClient(ring);
  const parser = new RequestParser();
  for (const [index, end] of [...ends, bytes.length].entries()) {
    parser.feed(bytes.subarray(ends[index - 1] ?? 0, end));
    for (let next = parser.next(); next !== undefined; next = parser.next())
      client.dispatcher.receive(next as readonly Bytes[]);
    client.dispatcher.begin();
    if (waits[index] === true) await ring.settle();
  }
  await ring.settle();
  return client.dispatcher.replies.take();
}

test.each(Object.entries(RECORDED))(
  '%s is told the same in however many reads its session comes',
  async (_, session) => {
    const whole = await repliesTo(session, [], []);
    expect(whole).not.toBe('');
    const cuts = fc.array(fc.nat({ max: session.length }), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(cuts, fc.array(fc.boolean(), { maxLength: 12 }), async (places, waits) => {
        const ends = [...places].sort((a, b) => a - b);
        expect(await repliesTo(session, ends, waits)).toBe(whole);
      }),
      { numRuns: 60 },
    );
  },
);

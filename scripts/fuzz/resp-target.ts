/**
 * The parser of the door for Redis clients: any bytes, pieces of its grammar, and sessions of real clients with damage
 * in them. However they are cut into reads the same requests come out, and no more is held than has come.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { ProtocolFault, RequestParser } from '@ringkeep/dht-node/doors';
import { compiled } from '@ringkeep/local-ring';
import { anyBytes, anyOf, fuzzCase, type FuzzTarget } from './fuzz-case';

const SESSIONS = compiled('packages/dht-node/test/resp/sessions');
const PIECES = [
  '*1\r\n',
  '*2\r\n',
  '*3\r\n',
  '*-1\r\n',
  '*0\r\n',
  '*1048577\r\n',
  '*99999999999999999999\r\n',
  '$0\r\n\r\n',
  '$3\r\nGET\r\n',
  '$5\r\nab\r\nc\r\n',
  '$-1\r\n',
  '$8388609\r\n',
  '$20000\r\n',
  'PING\r\n',
  'set "a b" \'c\'\r\n',
  '"\\x41\\n',
  '\r\n',
  '\r',
  '\n',
  ':1\r\n',
];
/** What a part of an argument takes in memory of its own, before it is known how much of it comes. */
const HELD_BYTES_MORE = 32 * 1024;
/** What an argument costs beside its bytes is counted, too. */
const HELD_FACTOR = 20;

/** Where a text is cut, as parts of its length. */
const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 6 });

type Damage = readonly [at: number, kind: 'byte' | 'drop' | 'twice' | 'piece', what: number];
const damage: fc.Arbitrary<readonly Damage[]> = fc.array(
  fc.tuple(
    fc.double({ min: 0, max: 1, noNaN: true }),
    fc.constantFrom('byte' as const, 'drop' as const, 'twice' as const, 'piece' as const),
    fc.nat(255),
  ),
  { maxLength: 4 },
);

export const RESP_TARGET: FuzzTarget = {
  text: 'requests to the door for Redis clients, cut anywhere',
  cases: [
    fuzzCase('any bytes', fc.tuple(anyBytes(300), cuts), ([text, places]) => sameHowever(text, places)),
    fuzzCase('requests', fc.tuple(anyOf(PIECES, 30), cuts), ([text, places]) => sameHowever(text, places)),
    fuzzCase(
      'damaged sessions',
      fc.tuple(fc.constantFrom(...recordedSessions()), damage, cuts),
      ([session, faults, places]) => sameHowever(damaged(session, faults), places),
    ),
  ],
};

function recordedSessions(): string[] {
  return readdirSync(SESSIONS).map((name) => readFileSync(join(SESSIONS, name), 'latin1'));
}

function damaged(session: string, faults: readonly Damage[]): string {
  return faults.reduce((text, [part, kind, what]) => {
    const at = Math.floor(part * text.length);
    const [before, behind] = [text.slice(0, at), text.slice(at)];
    switch (kind) {
      case 'byte':
        return before + String.fromCharCode(what) + behind.slice(1);
      case 'drop':
        return before + behind.slice(1 + what);
      case 'twice':
        return before + behind.slice(0, 1 + what) + behind;
      case 'piece':
        return before + (PIECES[what % PIECES.length] as string) + behind;
    }
  }, session);
}

function sameHowever(text: string, places: readonly number[]): void {
  const bytes = Buffer.from(text, 'latin1');
  const whole = outcomes([bytes], bytes.length);
  const ends = places.map((part) => Math.floor(part * bytes.length)).sort((a, b) => a - b);
  const cut = [...ends, bytes.length].map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
  const inParts = outcomes(cut, bytes.length);
  if (inParts !== whole)
    throw new Error(
      `cut at ${ends.join(', ')}: ${JSON.stringify(inParts)} in place of ${JSON.stringify(whole)}`,
    );
}

/** The requests, and how they end, as one text. */
function outcomes(chunks: readonly Buffer[], bytes: number): string {
  const parser = new RequestParser();
  const found: string[] = [];
  for (const chunk of chunks) {
    parser.feed(chunk);
    for (let next = parser.next(); next !== undefined; next = parser.next()) {
      if (next instanceof ProtocolFault) return [...found, `FAULT ${next.text}`].join('\n');
      if (next.length === 0) throw new Error('a request without a command');
      found.push(next.map((argument) => `${argument.length}:${argument}`).join(' '));
    }
    if (parser.heldBytes > HELD_FACTOR * bytes + HELD_BYTES_MORE)
      throw new Error(`${parser.heldBytes} bytes are held of ${bytes}`);
  }
  return found.join('\n');
}

/** Requests out of bytes: any cut gives the same, nothing that comes breaks it or costs more than it brought. */

import fc from 'fast-check';
import type { Bytes } from '@ringkeep/shared';
import {
  ARGUMENT_BYTES_MAX,
  ARGUMENTS_MAX,
  LINE_BYTES_MAX,
  REQUEST_BYTES_MAX,
} from '../../src/doors/resp/protocol/limits';
import { ProtocolFault, RequestParser, type Request } from '../../src/doors/resp/protocol/request-parser';

type Outcome = Request | string;

function bytes(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

function takeAll(parser: RequestParser): Outcome[] {
  const found: Outcome[] = [];
  for (;;) {
    const next = parser.next();
    if (next === undefined) return found;
    if (next instanceof ProtocolFault) return [...found, next.text];
    found.push(next);
  }
}

function parsed(chunks: readonly Buffer[]): Outcome[] {
  const parser = new RequestParser();
  const found: Outcome[] = [];
  for (const chunk of chunks) {
    parser.feed(chunk);
    found.push(...takeAll(parser));
    if (typeof found.at(-1) === 'string') break;
  }
  return found;
}

function whole(text: string): Outcome[] {
  return parsed([bytes(text)]);
}

function cut(text: string, at: readonly number[]): Buffer[] {
  const places = [...new Set(at.map((place) => place % (text.length + 1)))].sort((a, b) => a - b);
  return [0, ...places].map((from, index) => bytes(text.slice(from, places[index])));
}

function encoded(request: readonly string[]): string {
  return `*${request.length}\r\n${request.map((arg) => `$${arg.length}\r\n${arg}\r\n`).join('')}`;
}

const binary = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array).toString('latin1'));
const requests = fc.array(fc.array(binary, { minLength: 1, maxLength: 5 }), { maxLength: 6 });
const piece = fc.oneof(
  binary,
  fc.constantFrom(
    '*',
    '$',
    '\r\n',
    '\r',
    '\n',
    '*1\r\n',
    '*3\r\n',
    '$3\r\n',
    '$-1\r\n',
    '*-1\r\n',
    '"',
    "'",
    '\\x',
  ),
  fc.integer({ min: -3, max: 5 }).map((count) => `*${count}\r\n`),
  fc.integer({ min: -3, max: 70_000 }).map((length) => `$${length}\r\n`),
  fc.array(binary, { minLength: 1, maxLength: 3 }).map(encoded),
);
const streams = fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join(''));
const cuts = fc.array(fc.nat(), { maxLength: 20 });

describe('requests', () => {
  test('are the same however their bytes are cut', () => {
    fc.assert(
      fc.property(requests, cuts, (given, at) => {
        const text = given.map(encoded).join('');
        expect(parsed(cut(text, at))).toEqual(given);
      }),
      { numRuns: 500 },
    );
  });

  test('and what is wrong with them are the same however any bytes are cut', () => {
    fc.assert(
      fc.property(streams, cuts, (text, at) => {
        expect(parsed(cut(text, at))).toEqual(whole(text));
      }),
      { numRuns: 2_000 },
    );
  });

  test('that are long come whole, one byte at a time', () => {
    const long = 'x'.repeat(40_000);
    const text = encoded(['SET', 'key', long]) + encoded(['GET', 'key']);
    expect(parsed(Array.from(bytes(text), (byte) => Buffer.from([byte])))).toEqual([
      ['SET', 'key', long],
      ['GET', 'key'],
    ]);
  });

  test('may be inline, with quotes and escapes', () => {
    expect(whole('PING\r\n\r\n  set  "a b" \'c"\\\'d\' "\\x41\\n\\q"\n')).toEqual([
      ['PING'],
      ['set', 'a b', 'c"\'d', 'A\nq'],
    ]);
  });

  test('of no arguments are passed over', () => {
    expect(whole('*0\r\n*-7\r\n*1\r\n$4\r\nPING\r\n')).toEqual([['PING']]);
  });
});

describe('what is no request is refused in the words of Redis', () => {
  test.each([
    ['*3000000000\r\n', 'invalid multibulk length'],
    [`*${2 ** 31}\r\n`, 'invalid multibulk length'],
    [`*${ARGUMENTS_MAX + 1}\r\n`, 'invalid multibulk length'],
    ['*99999999999999999999\r\n', 'invalid multibulk length'],
    ['*abc\r\n', 'invalid multibulk length'],
    ['*+1\r\n', 'invalid multibulk length'],
    ['*3\r\n$3\r\nSET\r\n$1\r\nx\r\nfooz\r\n', "expected '$', got 'f'"],
    ['*1\r\n*1\r\n$4\r\nPING\r\n', "expected '$', got '*'"],
    ['*2\r\n$3\r\nGET\r\n$-10\r\n', 'invalid bulk length'],
    ['*2\r\n$3\r\nGET\r\n$2000000000\r\n', 'invalid bulk length'],
    [`*2\r\n$3\r\nGET\r\n$${ARGUMENT_BYTES_MAX + 1}\r\n`, 'invalid bulk length'],
    ['*2\r\n$3\r\nGET\r\n$blabla\r\n', 'invalid bulk length'],
    ['set """foo"""\r\n', 'unbalanced quotes in request'],
    ["set 'a\r\n", 'unbalanced quotes in request'],
    ['x'.repeat(LINE_BYTES_MAX + 1), 'too big inline request'],
    [`*${'1'.repeat(LINE_BYTES_MAX + 1)}`, 'too big mbulk count string'],
    [`*1\r\n$${'1'.repeat(LINE_BYTES_MAX + 1)}`, 'too big bulk count string'],
  ])('%#', (text, why) => {
    expect(whole(text).at(-1)).toBe(`Protocol error: ${why}`);
  });

  test('and nothing is read after it', () => {
    const parser = new RequestParser();
    parser.feed(bytes('*x\r\n*1\r\n$4\r\nPING\r\n'));
    expect(parser.next()).toBeInstanceOf(ProtocolFault);
    parser.feed(bytes('PING\r\n'));
    expect(parser.next()).toBeInstanceOf(ProtocolFault);
    expect(parser.heldBytes).toBe(0);
  });

  test('where one command brings more than a connection may hold', () => {
    const parser = new RequestParser();
    const argument = `$${ARGUMENT_BYTES_MAX}\r\n${'x'.repeat(ARGUMENT_BYTES_MAX)}\r\n`;
    parser.feed(bytes('*100\r\n'));
    let next = parser.next();
    for (let i = 0; i < REQUEST_BYTES_MAX / ARGUMENT_BYTES_MAX; i++) {
      expect(next).toBeUndefined();
      parser.feed(bytes(argument));
      next = parser.next();
    }
    expect((next as ProtocolFault).text).toBe('Protocol error: too big request');
  });
});

describe('memory', () => {
  test('is not given for what is only announced', () => {
    const parser = new RequestParser();
    parser.feed(bytes(`*${ARGUMENTS_MAX}\r\n$${ARGUMENT_BYTES_MAX}\r\nabc`));
    expect(parser.next()).toBeUndefined();
    expect(parser.heldBytes).toBeLessThan(64 * 1024);
  });

  test('that is held follows what has come', () => {
    fc.assert(
      fc.property(streams, cuts, (text, at) => {
        const parser = new RequestParser();
        let fed = 0;
        for (const chunk of cut(text, at)) {
          parser.feed(chunk);
          fed += chunk.length;
          if (takeAll(parser).some((outcome) => typeof outcome === 'string')) return;
          expect(parser.heldBytes).toBeLessThanOrEqual(20 * fed + 16 * 1024);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('of a long argument is its own: it does not keep what came with it', () => {
    const long = 'v'.repeat(5_000);
    const [request] = whole(encoded(['SET', 'k', long])) as [Request];
    expect(request[2]).toBe(long as Bytes);
  });
});

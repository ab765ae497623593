/** The parsers of the door for HTTP: each says what it found, or refuses with a status of HTTP, and nothing else. */

import fc from 'fast-check';
import {
  base64UrlDecoded,
  checkCaller,
  HttpFault,
  parseJsonObject,
  parseTagList,
  parseTarget,
  parseTtl,
  percentDecoded,
  readTransaction,
} from '@ringkeep/dht-node/doors';
import { RingError } from '@ringkeep/shared';
import { bytesOfBuffer, decodeTransaction, transactionRequest } from '@ringkeep/shared/operations';
import { anyBytes, anyOf, fuzzCase, type FuzzTarget } from './fuzz-case';

const TARGET_PIECES = [
  '/',
  '/v1',
  '/keys',
  '%',
  '%2e',
  '%2F',
  '%00',
  '?',
  '&',
  '=',
  '+',
  '#',
  '..',
  'http://',
  '[',
];
const TAG_PIECES = ['"', '*', ',', ' ', '\t', 'W/', '"17"', 'W/"9"', '"0"', '"\\"', '9007199254740993'];
const TTL_PIECES = ['keep', 'none', '1', '30', '.', '5', 'ms', 's', 'm', 'h', '-', 'e9', ' '];
const JSON_PIECES = [
  '{',
  '}',
  '[',
  ']',
  '"key"',
  '"key64"',
  ':',
  ',',
  '"',
  '\\',
  '\\ud800',
  '1e999',
  'null',
  '__proto__',
];
const HOST_PIECES = ['localhost', '127.0.0.1', '[', '::1', ']', ':', '80', '.', 'evil', '@', '\0', ' '];

/** Operations that are nearly right. */
const field = fc.oneof(
  fc.string({ maxLength: 4 }),
  fc.constantFrom('{a}b', 'YQ==', '5', '1s', 'keep'),
  fc.double(),
  fc.constant(null),
);
const operation = fc.record(
  {
    op: fc.constantFrom(
      'get',
      'set',
      'exchange',
      'delete',
      'add',
      'append',
      'expire',
      'persist',
      'scan',
      '__proto__',
    ),
    ...{ key: field, key64: field, value: field, value64: field, delta: field, ttl: field, at: field },
  },
  { requiredKeys: ['op'] },
);
const condition = fc.record(
  { key: field, ifAbsent: fc.boolean(), ifPresent: fc.boolean(), ifVersion: field, ifValue: field },
  { requiredKeys: ['key'] },
);
const transaction = fc.record(
  {
    if: fc.array(condition, { maxLength: 3 }),
    then: fc.array(operation, { maxLength: 3 }),
    else: fc.array(operation),
  },
  { requiredKeys: [] },
);

/** Every byte of a key, in one of its spellings. */
const spelling = fc.array(fc.tuple(fc.nat(255), fc.boolean()), { maxLength: 40 }).map((bytes) => ({
  bytes: Buffer.from(bytes.map(([byte]) => byte)),
  text: bytes
    .map(([byte, plain]) => (plain && /[\w~-]/.test(char(byte)) ? char(byte) : percent(byte)))
    .join(''),
}));

export const HTTP_TARGET: FuzzTarget = {
  text: 'request targets, queries, headers and JSON of the door for HTTP',
  cases: [
    fuzzCase('request targets', fc.oneof(anyBytes(200), anyOf(TARGET_PIECES, 40)), (raw) =>
      refusesOr(() => {
        const { segments, query } = parseTarget(raw);
        for (const segment of segments)
          if (/[/?#]/.test(segment)) throw new Error('a segment with a / in it');
        query.only(['a']);
      }),
    ),
    fuzzCase('spellings of keys', spelling, ({ bytes, text }) => {
      if (percentDecoded(text, 'x') !== bytes.toString('latin1'))
        throw new Error('another key than was spelled');
      if (base64UrlDecoded(bytes.toString('base64url'), 'x') !== bytes.toString('latin1'))
        throw new Error('another key than was encoded');
    }),
    fuzzCase('base64url', fc.oneof(anyBytes(40), anyOf(['A', 'Q', '=', '-', '_', '/', '+'], 12)), (text) =>
      refusesOr(() => {
        const bytes = base64UrlDecoded(text, 'x');
        if (Buffer.from(bytes, 'latin1').toString('base64url') !== text.replace(/=+$/, ''))
          throw new Error('two spellings of one key');
      }),
    ),
    fuzzCase('lists of tags', fc.oneof(anyBytes(100), anyOf(TAG_PIECES, 80)), (text) =>
      refusesOr(() => parseTagList(text, 'If-Match')),
    ),
    fuzzCase('times to live', fc.oneof(anyBytes(30), anyOf(TTL_PIECES, 6)), (text) =>
      refusesOr(() => {
        const ttl = parseTtl(text, 'ttl');
        if (ttl.kind === 'duration' && !(ttl.ms > 0)) throw new Error('no time at all');
      }),
    ),
    fuzzCase('JSON', fc.oneof(anyBytes(100), anyOf(JSON_PIECES, 30), fc.json()), (text) =>
      refusesOr(() => {
        const fields = parseJsonObject(Buffer.from(text, 'latin1'), ['key', 'key64', 'n', 'list']);
        fields.bytes('key');
        fields.integer('n');
        fields.list('list');
      }),
    ),
    fuzzCase('transactions', transaction, (described) =>
      refusesOr(() => {
        const options = readTransaction(Buffer.from(JSON.stringify(described)));
        const { transaction: encoded } = transactionRequest(options, (given) =>
          bytesOfBuffer(Buffer.from(given)),
        );
        decodeTransaction(encoded);
      }),
    ),
    fuzzCase('hosts and origins', fc.tuple(anyOf(HOST_PIECES, 6), anyOf(HOST_PIECES, 6)), ([host, origin]) =>
      refusesOr(() => {
        const rules = { hosts: new Set<string>(), origins: new Set<string>() };
        checkCaller({ host, origin }, undefined, rules);
        if (!/^(localhost|127\.|\[::1\]|\[[0:]+1\]|\[::ffff:)/i.test(host))
          throw new Error('a host that is not here');
      }),
    ),
  ],
};

/** Anything but a refusal is a failure. */
function refusesOr(parse: () => void): void {
  try {
    parse();
  } catch (error) {
    if (error instanceof RingError && error.code === 'INVALID_ARGUMENT') return;
    if (!(error instanceof HttpFault) || error.status < 400 || error.status > 499) throw error;
  }
}

const char = (byte: number): string => String.fromCharCode(byte);
const percent = (byte: number): string => `%${byte.toString(16).padStart(2, '0')}`;

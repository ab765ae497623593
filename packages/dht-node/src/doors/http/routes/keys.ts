/** One key: read, written and deleted as its bytes are; counted, appended to, and given an end. */

import type { Bytes } from '@ringkeep/shared';
import {
  bufferOfBytes,
  bytesOfBuffer,
  decodeFullAnswer,
  encodeDelta,
  encodeExpiry,
  isInteger64,
  type Expiry,
} from '@ringkeep/shared/operations';
import type { ExpiryCondition } from '@ringkeep/shared/operations/expiry';
import { VERSION_AND_TTL } from '@ringkeep/shared/operations/write-options';
import { BYTES_TYPE, json, type Answer } from '../answer';
import { ask } from '../asking';
import { malformed } from '../http-fault';
import { SMALL_JSON_BYTES_MAX } from '../limits';
import { etagOf } from '../request/etags';
import { parseJsonObject, type Fields } from '../request/json';
import { parseDuration, parseMoment } from '../request/ttl';
import { conditionFailed, conditionsIn, isAsAsked, notPresent, ttlIn } from '../request/write-terms';
import type { Asked, Brings, Route } from './asked';
import { writeKey } from './key-write';

const NONE: readonly Bytes[] = [];
const TTL_TEXT = '`30s`, `500ms`, `2m`, `1h`, `keep` or `none`; without a unit milliseconds';
const CONDITION_HEADERS = {
  'If-Match': 'versions in quotation marks, or `*`: only if the key has one of them, or has a value',
  'If-None-Match': 'versions in quotation marks, or `*`: only if the key has none of them, or has no value',
};
const TTL_HEADER = { 'Ringkeep-TTL': `how long the key is to live: ${TTL_TEXT}` };
const TTL_QUERY = { ttl: `the same as the header Ringkeep-TTL` };
const DONE = { 204: { text: 'Done. ETag is the version of the write.' } };
const REFUSED = { 412: { text: 'The condition does not hold. Nothing was changed.' } };
const ABSENT = { 404: { text: 'The key is not present.' } };
const BYTES: Brings = { kind: 'bytes', bytesMax: ({ core }) => core.parameters.valueBytesMax };
const smallJson = (schema: string): Brings => ({
  kind: 'json',
  schema,
  bytesMax: () => SMALL_JSON_BYTES_MAX,
});

type KeyRoute = Omit<Route, 'path'> & { readonly verb?: string };

const KEY_ROUTES: readonly KeyRoute[] = [
  {
    method: 'GET',
    id: 'getKey',
    summary: 'The value of a key',
    query: {},
    headers: CONDITION_HEADERS,
    brings: { kind: 'none' },
    answers: {
      200: {
        text: 'The value. ETag is its version, Ringkeep-TTL how long it has to live, if it ends.',
        type: BYTES_TYPE,
      },
      304: { text: 'It still has a version that If-None-Match names.' },
      ...ABSENT,
      412: { text: 'It has no version that If-Match names.' },
    },
    handle: get,
  },
  {
    method: 'PUT',
    id: 'setKey',
    summary: 'Stores a value',
    query: TTL_QUERY,
    headers: { ...CONDITION_HEADERS, ...TTL_HEADER },
    brings: BYTES,
    answers: { ...DONE, ...REFUSED },
    handle: put,
  },
  {
    method: 'DELETE',
    id: 'deleteKey',
    summary: 'Removes a key',
    query: {},
    headers: CONDITION_HEADERS,
    brings: { kind: 'none' },
    answers: { 204: { text: 'It was there and is not any more.' }, ...ABSENT, ...REFUSED },
    handle: remove,
  },
  {
    method: 'POST',
    verb: 'exchange',
    id: 'exchangeKey',
    summary: 'Stores a value and tells the one before it',
    query: TTL_QUERY,
    headers: { ...CONDITION_HEADERS, ...TTL_HEADER },
    brings: BYTES,
    answers: {
      200: { text: 'The value before. ETag is the version of the write.', type: BYTES_TYPE },
      204: { text: 'There was none before.' },
      ...REFUSED,
    },
    handle: exchange,
  },
  {
    method: 'POST',
    verb: 'add',
    id: 'addToKey',
    summary: 'Adds to the number that a value is; 0 where there is none',
    query: TTL_QUERY,
    headers: { ...CONDITION_HEADERS, ...TTL_HEADER },
    brings: smallJson('Add'),
    answers: {
      200: { text: 'The new number.', schema: 'Number' },
      ...REFUSED,
      409: { text: 'The value is no number.' },
    },
    handle: add,
  },
  {
    method: 'POST',
    verb: 'append',
    id: 'appendToKey',
    summary: 'Adds bytes at the end of a value',
    query: TTL_QUERY,
    headers: { ...CONDITION_HEADERS, ...TTL_HEADER },
    brings: BYTES,
    answers: { 200: { text: 'The new length.', schema: 'Length' }, ...REFUSED },
    handle: append,
  },
  {
    method: 'POST',
    verb: 'expire',
    id: 'expireKey',
    summary: 'Says when a key ends; what is over removes it',
    query: {},
    headers: CONDITION_HEADERS,
    brings: smallJson('Expire'),
    answers: { ...DONE, ...ABSENT, ...REFUSED },
    handle: expire,
  },
  {
    method: 'POST',
    verb: 'persist',
    id: 'persistKey',
    summary: 'Lets a key end no more',
    query: {},
    headers: CONDITION_HEADERS,
    brings: smallJson('Nothing'),
    answers: { ...DONE, ...ABSENT, ...REFUSED },
    handle: persist,
  },
];

/** Each under both spellings of a key. */
export const keyRoutes: readonly Route[] = ['keys', 'keys64'].flatMap((folder) =>
  KEY_ROUTES.map(({ verb, ...route }) => ({
    ...route,
    id: folder === 'keys' ? route.id : `${route.id}64`,
    path: `/v1/${folder}/{key}${verb === undefined ? '' : `/${verb}`}`,
  })),
);

async function get(asked: Asked): Promise<Answer> {
  const { key, headers } = asked;
  const answer = await ask(asked, { name: 'get', key, operands: NONE, extras: VERSION_AND_TTL });
  const { value, version, ttlMs } = decodeFullAnswer(bufferOfBytes(answer));
  if (headers['if-match'] !== undefined || headers['if-none-match'] !== undefined) {
    const conditions = conditionsIn(headers);
    if (!isAsAsked({ ...conditions, ifNoneMatch: undefined }, version)) throw conditionFailed(version);
    if (!isAsAsked(conditions, version)) return { status: 304, headers: ['ETag', etagOf(version)] };
  }
  if (value === undefined) throw notPresent();
  const told = ['ETag', etagOf(version)];
  if (ttlMs !== undefined) told.push('Ringkeep-TTL', `${Math.max(0, Math.round(ttlMs))}ms`);
  // The value is the end of the answer.
  const bytes = answer.slice(answer.length - value.length) as Bytes;
  return { status: 200, headers: told, type: BYTES_TYPE, bytes };
}

async function put(asked: Asked): Promise<Answer> {
  const { version } = await writeKey(asked, {
    name: 'set',
    operands: [bytesOfBuffer(asked.body)],
    ttl: ttlIn(asked.headers, asked.query),
  });
  return { status: 204, headers: ['ETag', etagOf(version)] };
}

async function remove(asked: Asked): Promise<Answer> {
  const { value } = await writeKey(asked, { name: 'delete', operands: [] });
  if (value === undefined) throw notPresent();
  return { status: 204 };
}

async function exchange(asked: Asked): Promise<Answer> {
  const { version, value } = await writeKey(asked, {
    name: 'exchange',
    operands: [bytesOfBuffer(asked.body)],
    ttl: ttlIn(asked.headers, asked.query),
  });
  const headers = ['ETag', etagOf(version)];
  return value === undefined
    ? { status: 204, headers }
    : { status: 200, headers, type: BYTES_TYPE, body: value as Buffer };
}

async function add(asked: Asked): Promise<Answer> {
  const delta = parseJsonObject(asked.body, ['delta']).integer('delta') ?? 1n;
  if (!isInteger64(delta)) throw malformed('delta of the body must be a whole number of 64 bits');
  const { version, value } = await writeKey(asked, {
    name: 'add',
    operands: [encodeDelta(delta)],
    ttl: ttlIn(asked.headers, asked.query),
  });
  // As text: a JSON number beyond 2^53 would be another one in most languages.
  return json(200, { value: textOf(value), version }, ['ETag', etagOf(version)]);
}

async function append(asked: Asked): Promise<Answer> {
  const { version, value } = await writeKey(asked, {
    name: 'append',
    operands: [bytesOfBuffer(asked.body)],
    ttl: ttlIn(asked.headers, asked.query),
  });
  return json(200, { length: Number(textOf(value)), version }, ['ETag', etagOf(version)]);
}

async function expire(asked: Asked): Promise<Answer> {
  const expiry = expiryIn(parseJsonObject(asked.body, ['ttl', 'at', 'ifExpiry']));
  const { version } = await writeKey(asked, { name: 'expire', operands: [encodeExpiry(expiry)] });
  return ended(version);
}

async function persist(asked: Asked): Promise<Answer> {
  parseJsonObject(asked.body, []);
  const { version } = await writeKey(asked, { name: 'persist', operands: [] });
  return ended(version);
}

function ended(version: number): Answer {
  if (version === 0) throw notPresent();
  return { status: 204, headers: ['ETag', etagOf(version)] };
}

const EXPIRY_CONDITIONS: readonly (string | undefined)[] = ['none', 'some', 'less', 'greater', undefined];

/** Throws a fault, 400. */
function expiryIn(fields: Fields): Expiry {
  const [ttl, at, condition] = [fields.text('ttl'), fields.text('at'), fields.text('ifExpiry')];
  if (!EXPIRY_CONDITIONS.includes(condition))
    throw malformed('ifExpiry of the body must be none, some, less or greater');
  if ((ttl === undefined) === (at === undefined))
    throw malformed('the body must say when: ttl, such as "30s", or at, such as "2030-01-01T00:00:00Z"');
  const ms =
    ttl === undefined ? parseMoment(at as string, 'at of the body') : parseDuration(ttl, 'ttl of the body');
  return {
    kind: ttl === undefined ? 'moment' : 'duration',
    ms,
    condition: condition as ExpiryCondition | undefined,
  };
}

function textOf(bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes ?? []).toString('latin1');
}

/**
 * All keys, in ring order or in that of the keys: an entry a line (NDJSON), as fast as the caller takes them. The last
 * line has `next`, so that nobody takes a stream that was cut off for whole: what to add to the query to go on, or null.
 */

import type { Bytes } from '@ringkeep/shared';
import { bufferOfBytes } from '@ringkeep/shared/operations';
import { Range, rangeTerms, Scan, scanTerms } from '@ringkeep/shared/scans';
import { cursorOf } from '@ringkeep/shared/scans/cursor';
import { pagesThrough } from '../../own/own-scan';
import type { StreamedAnswer } from '../answer';
import { malformed } from '../http-fault';
import { HTTP } from '../name';
import { toldBytes } from '../request/json';
import type { Query } from '../request/target';
import type { Asked, Route } from './asked';

export const NDJSON_TYPE = 'application/x-ndjson';

const COMMON_QUERY = {
  tag: 'only keys of this tag',
  limit: 'entries, at most',
  values: '`false` for keys alone',
};
const STREAM = {
  200: { text: 'An entry a line, and a last line with `next`.', type: NDJSON_TYPE, schema: 'ScanLine' },
};

export const scanRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/v1/keys',
    id: 'scan',
    summary: 'All keys, in ring order: each that is there throughout exactly once',
    query: { prefix: 'only keys that begin so', ...COMMON_QUERY, after: 'where to go on: what `next` said' },
    headers: {},
    brings: { kind: 'none' },
    answers: STREAM,
    handle: scan,
  },
  {
    method: 'GET',
    path: '/v1/range',
    id: 'range',
    summary: 'Keys in their own order: of one tag, or of a ring that has an index of its keys',
    query: {
      from: 'the least key that counts',
      to: 'the least key that is too great',
      ...COMMON_QUERY,
      reverse: '`true` for the greatest key first',
    },
    headers: {},
    brings: { kind: 'none' },
    answers: { ...STREAM, 409: { text: 'The ring has no index of its keys.' } },
    handle: range,
  },
];

interface Entry {
  readonly key: Uint8Array;
  readonly value: Uint8Array | undefined;
  readonly version: number;
  /** Ring time at which the key ends, ms. */
  readonly expiresAtMs?: number | undefined;
}

async function scan({ host, query }: Asked): Promise<StreamedAnswer> {
  const options = { ...bytesIn(query, ['prefix', 'tag']), ...limitIn(query), after: query.get('after') };
  const terms = scanTerms(options, !yesOrNo(query, 'values', true), given);
  const pages = new Scan(terms, pagesThrough(host, HTTP)).pages();
  // What is wrong at once is told with a status of its own.
  let page = await pages.next();
  return {
    type: NDJSON_TYPE,
    stream: async (out) => {
      let next: string | null = null;
      for (; !page.done; page = await pages.next()) {
        const { entries, next: place } = page.value;
        next = place === undefined ? null : `after=${cursorOf(place)}`;
        if (entries.length > 0) await out.write(entries.map(lineOf).join(''));
      }
      await out.write(`${JSON.stringify({ next })}\n`);
    },
  };
}

async function range({ host, query }: Asked): Promise<StreamedAnswer> {
  const reverse = yesOrNo(query, 'reverse', false);
  const withValues = yesOrNo(query, 'values', true);
  const options = { ...bytesIn(query, ['from', 'to', 'tag']), ...limitIn(query), reverse };
  const entries = new Range(rangeTerms(options, given), pagesThrough(host, HTTP))[Symbol.asyncIterator]();
  let entry = await entries.next();
  return {
    type: NDJSON_TYPE,
    stream: async (out) => {
      let count = 0;
      let last: Uint8Array | undefined;
      for (; !entry.done; entry = await entries.next()) {
        const { key, value, version } = entry.value;
        await out.write(lineOf({ key, value: withValues ? value : undefined, version }));
        count++;
        last = key;
      }
      const isMore = last !== undefined && count === options.limit;
      await out.write(
        `${JSON.stringify({ next: isMore ? placeBehind(last as Uint8Array, reverse) : null })}\n`,
      );
    },
  };
}

/** Behind a key is what it is with a zero byte; before it, the key itself, which `to` leaves out. */
function placeBehind(key: Uint8Array, reverse: boolean): string {
  return reverse ? `to=${percentEncoded(key)}` : `from=${percentEncoded(key)}%00`;
}

function percentEncoded(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
}

function lineOf({ key, value, version, expiresAtMs }: Entry): string {
  const line = {
    ...toldBytes('key', key),
    ...(value !== undefined && toldBytes('value', value)),
    version,
    ...(expiresAtMs !== undefined && { expiresAt: new Date(expiresAtMs).toISOString() }),
  };
  return `${JSON.stringify(line)}\n`;
}

type Given = Uint8Array | string;

/** The query's bytes as the options of a scan have them. */
function bytesIn<Name extends string>(query: Query, names: readonly Name[]): { [Each in Name]?: Uint8Array } {
  const found: { [Each in Name]?: Uint8Array } = {};
  for (const name of names) {
    const bytes = query.get(name);
    if (bytes !== undefined) found[name] = bufferOfBytes(bytes);
  }
  return found;
}

const given = (bytes: Given): Bytes => Buffer.from(bytes).toString('latin1') as Bytes;

/** Throws a fault, 400. */
function limitIn(query: Query): { readonly limit?: number } {
  const text = query.get('limit');
  if (text === undefined) return {};
  if (!/^[1-9][0-9]{0,14}$/.test(text)) throw malformed('the parameter limit must be a whole number from 1');
  return { limit: Number(text) };
}

/** Throws a fault, 400. */
function yesOrNo(query: Query, name: string, usual: boolean): boolean {
  const text = query.get(name);
  if (text !== undefined && text !== 'true' && text !== 'false')
    throw malformed(`the parameter ${name} must be true or false`);
  return text === undefined ? usual : text === 'true';
}

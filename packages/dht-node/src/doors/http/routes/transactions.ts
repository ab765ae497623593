/** Several operations on keys of one tag as one, described in JSON. */

import type { Bytes } from '@ringkeep/shared';
import {
  bufferOfBytes,
  transactionRequest,
  transactResult,
  type TransactCondition,
  type TransactOperation,
  type TransactOptions,
  type WriteResult,
} from '@ringkeep/shared/operations';
import { TRANSACTION_BYTES_MAX, TRANSACTION_OPERATIONS_MAX } from '@ringkeep/shared/ring/limits';
import { json, type Answer } from '../answer';
import { ask } from '../asking';
import { malformed } from '../http-fault';
import { Fields, parseJsonObject, toldBytes } from '../request/json';
import { parseDuration, parseMoment } from '../request/ttl';
import type { Asked, Route } from './asked';

/** In base64 bytes are a third longer, and what stands around them is the rest. */
const JSON_BYTES_MAX = 2 * TRANSACTION_BYTES_MAX;

export const transactionRoute: Route = {
  method: 'POST',
  path: '/v1/transact',
  id: 'transact',
  summary: 'Conditions and operations on keys of one tag: all or none',
  query: {},
  headers: {},
  brings: { kind: 'json', schema: 'Transaction', bytesMax: () => JSON_BYTES_MAX },
  answers: {
    200: {
      text: 'Whether the conditions held, and what each operation of that branch was told.',
      schema: 'Transacted',
    },
    409: { text: 'An operation failed, so nothing was changed.' },
  },
  handle: transact,
};

const PARTS = ['if', 'then', 'else'];
const CONDITION_FIELDS = ['key', 'key64', 'ifAbsent', 'ifPresent', 'ifVersion', 'ifValue', 'ifValue64'];
const OPERATION_FIELDS = ['op', 'key', 'key64', 'value', 'value64', 'delta', 'ttl', 'at'];
/** Which of those fields an operation has besides `op` and its key. */
const BROUGHT: Readonly<Record<string, readonly string[]>> = {
  get: [],
  delete: [],
  set: ['value', 'value64', 'ttl'],
  exchange: ['value', 'value64', 'ttl'],
  append: ['value', 'value64', 'ttl'],
  add: ['delta', 'ttl'],
  expire: ['ttl', 'at'],
  persist: [],
};

async function transact(asked: Asked): Promise<Answer> {
  const options = readTransaction(asked.body);
  const { key, transaction } = transactionRequest(options, bytesOf);
  const told = await ask(asked, { name: 'transact', key, operands: [transaction], extras: undefined });
  const { held, version, results } = transactResult(options, bufferOfBytes(told));
  return json(200, {
    held,
    version,
    results: (results as readonly unknown[] as readonly WriteResult[]).map(resultOf),
  });
}

/** The transaction that a body describes. Throws a fault, 400. */
export function readTransaction(body: Buffer): TransactOptions {
  const fields = parseJsonObject(body, PARTS);
  const count = PARTS.reduce((sum, part) => sum + fields.list(part).length, 0);
  // Before anything is made of them.
  if (count > TRANSACTION_OPERATIONS_MAX)
    throw malformed(
      `the transaction has ${count} conditions and operations; ${TRANSACTION_OPERATIONS_MAX} are allowed`,
    );
  return {
    if: fields
      .list('if')
      .map((each, i) => conditionIn(Fields.of(each, `condition ${i + 1}`, CONDITION_FIELDS))),
    then: operationsIn(fields, 'then'),
    else: operationsIn(fields, 'else'),
  };
}

function conditionIn(fields: Fields): TransactCondition {
  const value = fields.bytes('ifValue');
  return {
    key: bufferOfBytes(fields.neededBytes('key')),
    ifAbsent: fields.yesOrNo('ifAbsent'),
    ifPresent: fields.yesOrNo('ifPresent'),
    ifVersion: fields.number('ifVersion'),
    ifValue: value === undefined ? undefined : bufferOfBytes(value),
  } as unknown as TransactCondition;
}

function operationsIn(fields: Fields, branch: string): TransactOperation[] {
  return fields
    .list(branch)
    .map((each, i) => operationIn(Fields.of(each, `operation ${i + 1} of ${branch}`, OPERATION_FIELDS)));
}

/** Every one is told its version, so that all results look alike. */
function operationIn(fields: Fields): TransactOperation {
  const op = fields.text('op') ?? '';
  if (!Object.hasOwn(BROUGHT, op))
    throw malformed(`op of ${fields.where} must be one of ${Object.keys(BROUGHT).join(', ')}`);
  const brought = BROUGHT[op] as readonly string[];
  for (const name of ['value', 'value64', 'delta', 'ttl', 'at'])
    if (fields.has(name) && !brought.includes(name))
      throw malformed(`${fields.where}, ${op}, has no ${name}`);
  return {
    op,
    key: bufferOfBytes(fields.neededBytes('key')),
    withVersion: true,
    ...(brought.includes('value') && { value: bufferOfBytes(fields.neededBytes('value')) }),
    ...(op === 'add' && { delta: fields.integer('delta') ?? 1n }),
    ...(op === 'expire' ? { end: endIn(fields) } : ttlIn(fields)),
  } as TransactOperation;
}

function ttlIn(fields: Fields): { readonly ttl?: 'keep' | 'none'; readonly ttlMs?: number } {
  const ttl = fields.text('ttl');
  if (ttl === undefined) return {};
  return ttl === 'keep' || ttl === 'none' ? { ttl } : { ttlMs: parseDuration(ttl, `ttl of ${fields.where}`) };
}

function endIn(fields: Fields): number | Date {
  const [ttl, at] = [fields.text('ttl'), fields.text('at')];
  if (ttl !== undefined && at === undefined) return parseDuration(ttl, `ttl of ${fields.where}`);
  if (ttl === undefined && at !== undefined) return new Date(parseMoment(at, `at of ${fields.where}`));
  throw malformed(`${fields.where} must say when: ttl, such as "30s", or at, such as "2030-01-01T00:00:00Z"`);
}

function resultOf({ done, version, value }: WriteResult): object {
  return { done, version, ...(value !== undefined && toldBytes('value', value)) };
}

function bytesOf(bytes: string | Uint8Array): Bytes {
  return Buffer.from(bytes).toString('latin1') as Bytes;
}

/** What bodies look like, as JSON Schema (draft 2020-12), for the OpenAPI document. */

const text = (description: string): object => ({ type: 'string', description });
const base64 = (description: string): object => ({ type: 'string', contentEncoding: 'base64', description });
const version = { type: 'integer', minimum: 0, description: 'Of the key; 0 where it is not there.' };

/** `name` as text, or `name64` in base64. */
const bytes = (name: string, description: string): Record<string, object> => ({
  [name]: text(`${description}, if it is text`),
  [`${name}64`]: base64(`${description}, in base64`),
});

const closed = (properties: Record<string, object>, required: readonly string[] = []): object => ({
  type: 'object',
  properties,
  ...(required.length > 0 && { required }),
  additionalProperties: false,
});

const ttl = text('30s, 500ms, 2m, 1h, keep or none; without a unit milliseconds');
const moment = { type: 'string', format: 'date-time' };
const delta = {
  type: ['integer', 'string'],
  description: 'A number of 64 bits, as text beyond 2^53; 1 unless given.',
};
const key = bytes('key', 'The key');

const branch = { type: 'array', items: { $ref: '#/components/schemas/Operation' }, maxItems: 128 };

export const SCHEMAS: Readonly<Record<string, object>> = {
  Problem: {
    type: 'object',
    description: 'RFC 9457. `code` is that of a RingError, CONDITION_FAILED or KEY_NOT_PRESENT.',
    properties: {
      type: { const: 'about:blank' },
      title: text('The phrase of the status'),
      status: { type: 'integer' },
      detail: text('What was wrong, where, and what to do'),
      code: text('For programs'),
    },
    required: ['type', 'title', 'status', 'detail'],
  },
  Nothing: closed({}),
  Add: closed({ delta }),
  Number: closed({ value: text('The new number, in decimal'), version }, ['value', 'version']),
  Length: closed({ length: { type: 'integer', minimum: 0 }, version }, ['length', 'version']),
  Expire: closed({ ttl, at: moment, ifExpiry: { enum: ['none', 'some', 'less', 'greater'] } }),
  ScanLine: {
    type: 'object',
    description:
      'An entry; or, as the last line, `next`: what to add to the query to go on, null at the end.',
    properties: {
      ...key,
      ...bytes('value', 'The value'),
      version,
      expiresAt: moment,
      next: { type: ['string', 'null'] },
    },
  },
  Transaction: closed({
    if: { type: 'array', items: { $ref: '#/components/schemas/Condition' }, maxItems: 128 },
    then: branch,
    else: branch,
  }),
  Condition: closed({
    ...key,
    ifAbsent: { const: true },
    ifPresent: { const: true },
    ifVersion: version,
    ...bytes('ifValue', 'The value that the key must have'),
  }),
  Operation: closed(
    {
      op: { enum: ['get', 'set', 'exchange', 'delete', 'add', 'append', 'expire', 'persist'] },
      ...key,
      ...bytes('value', 'The value to store or to add'),
      delta,
      ttl,
      at: moment,
    },
    ['op'],
  ),
  Transacted: closed(
    {
      held: {
        type: 'boolean',
        description: 'All conditions held, and `then` was carried out; otherwise `else`.',
      },
      version,
      results: { type: 'array', items: { $ref: '#/components/schemas/Result' } },
    },
    ['held', 'version', 'results'],
  ),
  Result: closed({ done: { type: 'boolean' }, version, ...bytes('value', 'What it was told') }, [
    'done',
    'version',
  ]),
  Watch: closed({
    ...key,
    ...bytes('prefix', 'What the keys begin with'),
    ...bytes('tag', 'The tag of the keys'),
    since: text('The cursor to go on from'),
    resync: { type: 'boolean', description: 'What is lost is read anew.' },
  }),
  Change: {
    type: 'object',
    description:
      'The data of an event. Events are put, delete and expiry (of a key), ready and cursor (where a watch goes on), ' +
      'lost (changes of a part of the ring are missing), and with resync the events resync and entry.',
    properties: {
      ...key,
      ...bytes('value', 'The value'),
      version,
      cursor: text('Give it as `since`'),
      phase: { enum: ['begin', 'end'] },
      start: text('First position of the part'),
      end: text('The position behind its last'),
    },
  },
  Ring: {
    type: 'object',
    properties: {
      node: text('The id of this node'),
      clusterId: text('The cluster'),
      version: { type: 'integer' },
      members: { type: 'array', items: { type: 'object' } },
      arcs: { type: 'array', items: { type: 'object' } },
      parameters: { type: 'object' },
    },
    required: ['node', 'clusterId', 'version', 'members', 'arcs', 'parameters'],
  },
};

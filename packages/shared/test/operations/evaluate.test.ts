/** What each operation of the catalogue means, and that the catalogue is what the protocol says. */

import type { Bytes } from '../../src/ring';
import {
  bufferOfBytes,
  bytesOfBuffer,
  CATALOGUE,
  decodeFullAnswer,
  encodeDelta,
  encodeExpiry,
  evaluate,
  isOperationType,
  looksAt,
  nameOf,
  OperationType,
  ringKeyOf,
  seal,
  type Condition,
  type ExpiryCondition,
  type TimeToLive,
  type Extras,
  type OperationName,
  type SingleOperation,
  type StoredValue,
} from '../../src/operations';
import { dht } from '../../src/wire';

const KEY = ringKeyOf('key' as Bytes);
const NOW = 1_000_000;
const AT_NOW = { wallMs: NOW, limits: { keyBytesMax: 100, valueBytesMax: 8 } };
const OLD = 'old' as Bytes;
const NEW = 'new' as Bytes;
const STORED = seal(KEY, 7, OLD);
const told = (value: Bytes | undefined) => ({ ok: true, value });

function expiry(ms: number, condition?: ExpiryCondition, kind: 'duration' | 'moment' = 'duration'): Bytes {
  return encodeExpiry({ kind, ms, condition });
}

/** Of each: it itself, what it makes of a key with a value, and of one without. */
const MEANINGS: Record<Exclude<OperationName, 'transact' | 'scan'>, [SingleOperation, object, object]> = {
  get: [
    { type: OperationType.get, key: KEY },
    { effect: undefined, answer: told(OLD) },
    { effect: undefined, answer: told(undefined) },
  ],
  delete: [
    { type: OperationType.delete, key: KEY },
    { effect: { value: undefined, expiresAtMs: undefined }, answer: told(OLD) },
    { effect: undefined, answer: told(undefined) },
  ],
  exchange: [
    { type: OperationType.exchange, key: KEY, value: NEW },
    { effect: { value: NEW }, answer: told(OLD) },
    { effect: { value: NEW }, answer: told(undefined) },
  ],
  set: [
    { type: OperationType.set, key: KEY, value: NEW },
    { effect: { value: NEW }, answer: told(undefined) },
    { effect: { value: NEW }, answer: told(undefined) },
  ],
  add: [
    { type: OperationType.add, key: KEY, delta: encodeDelta(-3n) },
    {
      effect: undefined,
      answer: {
        ok: false,
        code: 'FAILED_PRECONDITION',
        text: 'nothing was written: the value is not a number of 64 bits',
      },
    },
    { effect: { value: '-3' }, answer: told('-3' as Bytes) },
  ],
  append: [
    { type: OperationType.append, key: KEY, value: NEW },
    { effect: { value: 'oldnew' }, answer: told('6' as Bytes) },
    { effect: { value: NEW }, answer: told('3' as Bytes) },
  ],
  expire: [
    { type: OperationType.expire, key: KEY, expiry: expiry(500) },
    { effect: { value: OLD, expiresAtMs: NOW + 500 }, answer: told('1' as Bytes) },
    { effect: undefined, answer: told(undefined) },
  ],
  persist: [
    { type: OperationType.persist, key: KEY },
    { effect: undefined, answer: told('0' as Bytes) },
    { effect: undefined, answer: told(undefined) },
  ],
};

const add = (value: string, delta: bigint) =>
  evaluate(
    { type: OperationType.add, key: KEY, delta: encodeDelta(delta) },
    seal(KEY, 7, value as Bytes),
    9,
    AT_NOW,
  );

test.each<[string, bigint, string]>([
  ['0', 1n, '1'],
  ['-1', 1n, '0'],
  ['9223372036854775806', 1n, '9223372036854775807'],
  ['-9223372036854775807', -1n, '-9223372036854775808'],
  ['9223372036854775807', -(2n ** 63n), '-1'],
])('%s and %d are %s', (value, delta, sum) => {
  expect(add(value, delta)).toEqual({ effect: { value: sum }, answer: told(sum as Bytes) });
});

test.each(['', '-0', '01', '+1', ' 1', '1.0', '0x1', '9223372036854775808', 'none'])(
  '%j is no number, and nothing is added to it',
  (value) => {
    expect(add(value, 1n)).toMatchObject({
      effect: undefined,
      answer: { code: 'FAILED_PRECONDITION', text: expect.stringContaining('is not a number of 64 bits') },
    });
  },
);

test.each<[string, bigint]>([
  ['9223372036854775807', 1n],
  ['-9223372036854775808', -1n],
])('%s and %d are more than a number holds: nothing is written', (value, delta) => {
  expect(add(value, delta)).toMatchObject({ effect: undefined, answer: { code: 'FAILED_PRECONDITION' } });
});

test('what would be longer than a value may be is not appended', () => {
  const append = { type: OperationType.append, key: KEY, value: '123456' as Bytes } as const;
  expect(evaluate(append, STORED, 9, AT_NOW)).toEqual({
    effect: undefined,
    answer: {
      ok: false,
      code: 'INVALID_ARGUMENT',
      text: 'nothing was written: the value would have 9 bytes; 8 are allowed',
    },
  });
});

const EACH = Object.entries(MEANINGS);

test.each(EACH)('%s of a key with a value, and of one without', (_, [operation, ofOld, ofNone]) => {
  expect(evaluate(operation, STORED, 9, AT_NOW)).toEqual(ofOld);
  expect(evaluate(operation, undefined, 9, AT_NOW)).toEqual(ofNone);
});

/** What it is answered with, decoded. */
function fully(operation: SingleOperation, extras: Extras, latest: StoredValue | undefined) {
  const { effect, answer } = evaluate({ ...operation, extras }, latest, 9, AT_NOW);
  const { held, version, value } = decodeFullAnswer(bufferOfBytes((answer.ok && answer.value) as Bytes));
  return { effect, held, version, value: value && bytesOfBuffer(value) };
}

test.each(EACH)('%s with extras does the same, and is told with its version', (_, [operation]) => {
  const extras = { condition: undefined, showsPresent: false };
  for (const latest of [STORED, undefined]) {
    const { effect, answer } = evaluate(operation, latest, 9, AT_NOW);
    // What cannot be carried out is an error with or without extras.
    if (!answer.ok) continue;
    const version = effect ? 9 : latest ? 7 : 0;
    expect(fully(operation, extras, latest)).toEqual({
      effect,
      held: true,
      version,
      value: answer.value,
    });
  }
});

// ---- when keys end ----

const ENDS = NOW + 300;
const ENDING = seal(KEY, 7, OLD, ENDS);
const withTtl = (operation: SingleOperation, ttl: TimeToLive): SingleOperation => ({
  ...operation,
  extras: { condition: undefined, showsPresent: false, ttl, tellsTtl: true },
});
const endLeft = (operation: SingleOperation, latest: StoredValue | undefined) =>
  evaluate(operation, latest, 9, AT_NOW).effect?.expiresAtMs;

test.each([MEANINGS.set[0], MEANINGS.exchange[0]])(
  '%j leaves a key that does not end, unless it says so',
  (set) => {
    expect(endLeft(set, ENDING)).toBeUndefined();
    expect(endLeft(withTtl(set, { kind: 'keep' }), ENDING)).toBe(ENDS);
    expect(endLeft(withTtl(set, { kind: 'keep' }), STORED)).toBeUndefined();
    expect(endLeft(withTtl(set, { kind: 'none' }), ENDING)).toBeUndefined();
    expect(endLeft(withTtl(set, { kind: 'duration', ms: 40 }), ENDING)).toBe(NOW + 40);
  },
);

test('add and append keep the end of a key, unless they say otherwise', () => {
  const counter = seal(KEY, 7, '5' as Bytes, ENDS);
  for (const operation of [MEANINGS.add[0], MEANINGS.append[0]]) {
    expect(endLeft(operation, counter)).toBe(ENDS);
    expect(endLeft(operation, undefined)).toBeUndefined();
    expect(endLeft(withTtl(operation, { kind: 'none' }), counter)).toBeUndefined();
    expect(endLeft(withTtl(operation, { kind: 'duration', ms: 40 }), undefined)).toBe(NOW + 40);
  }
});

const expire = (operand: Bytes) => ({ type: OperationType.expire, key: KEY, expiry: operand }) as const;

test('expire sets a moment or a time from now on, and removes what is over', () => {
  expect(endLeft(expire(expiry(NOW + 7, undefined, 'moment')), ENDING)).toBe(NOW + 7);
  const removed = { effect: { value: undefined, expiresAtMs: undefined }, answer: told('1' as Bytes) };
  for (const over of [expiry(0), expiry(-5), expiry(NOW, undefined, 'moment')])
    expect(evaluate(expire(over), ENDING, 9, AT_NOW)).toEqual(removed);
});

test.each<[ExpiryCondition, ofNone: boolean, ofEarlier: boolean, ofLater: boolean]>([
  ['none', true, false, false],
  ['some', false, true, true],
  ['less', false, true, false],
  ['greater', true, false, true],
])('expire only if the present end is %s', (condition, ofNone, ofEarlier, ofLater) => {
  const operation = expire(expiry(500, condition));
  const later = seal(KEY, 7, OLD, NOW + 900);
  for (const [latest, held] of [
    [STORED, ofNone],
    [ENDING, ofEarlier],
    [later, ofLater],
  ] as const) {
    const { effect, answer } = evaluate(operation, latest, 9, AT_NOW);
    expect(effect?.expiresAtMs).toBe(held ? NOW + 500 : undefined);
    expect(answer).toEqual(told((held ? '1' : '0') as Bytes));
    const full = fully(operation, { condition: undefined, showsPresent: true }, latest);
    expect(full).toMatchObject({ held, version: held ? 9 : 7, value: OLD });
  }
});

test('persist lets a key end no more, and changes nothing of one that does not end', () => {
  const [persist] = MEANINGS.persist;
  expect(evaluate(persist, ENDING, 9, AT_NOW).effect).toEqual({ value: OLD, expiresAtMs: undefined });
  expect(fully(persist, { condition: undefined, showsPresent: false }, STORED)).toMatchObject({
    effect: undefined,
    version: 7,
  });
});

test('who asks is told how long the key has still to live', () => {
  const told = (operation: SingleOperation, latest: StoredValue | undefined): number | undefined => {
    const extras = { condition: undefined, showsPresent: false, ...operation.extras, tellsTtl: true };
    const { answer } = evaluate({ ...operation, extras }, latest, 9, AT_NOW);
    return decodeFullAnswer(bufferOfBytes((answer.ok && answer.value) as Bytes)).ttlMs;
  };
  expect(told(MEANINGS.get[0], ENDING)).toBe(300);
  expect(told(MEANINGS.get[0], STORED)).toBeUndefined();
  expect(told(MEANINGS.get[0], seal(KEY, 7, OLD, NOW - 5))).toBe(0);
  expect(told(withTtl(MEANINGS.set[0], { kind: 'duration', ms: 40 }), undefined)).toBe(40);
  expect(told(MEANINGS.set[0], ENDING)).toBeUndefined();
});

const CONDITIONS: [Condition, ofOld: boolean, ofNone: boolean][] = [
  [{ kind: 'absent' }, false, true],
  [{ kind: 'present' }, true, false],
  [{ kind: 'version', version: 7 }, true, false],
  [{ kind: 'version', version: 8 }, false, false],
  [{ kind: 'version', version: 0 }, false, true],
  [{ kind: 'value', value: OLD }, true, false],
  [{ kind: 'value', value: '' as Bytes }, false, false],
];

test.each(CONDITIONS)('the condition %j', (condition, ofOld, ofNone) => {
  const [operation] = MEANINGS.exchange;
  for (const [latest, holds] of [
    [STORED, ofOld],
    [undefined, ofNone],
  ] as const) {
    const there = latest === undefined ? undefined : OLD;
    const version = holds ? 9 : latest === undefined ? 0 : 7;
    const effect = holds ? { value: NEW } : undefined;
    const said = { effect, held: holds, version };
    expect(fully(operation, { condition, showsPresent: true }, latest)).toEqual({ ...said, value: there });
    const hidden = { ...said, value: holds ? there : undefined };
    expect(fully(operation, { condition, showsPresent: false }, latest)).toEqual(hidden);
  }
});

test.each<[SingleOperation, ReturnType<typeof looksAt>]>([
  [MEANINGS.set[0], 'unseen'],
  [{ ...MEANINGS.set[0], extras: { condition: undefined, showsPresent: false } }, 'unseen'],
  [{ ...MEANINGS.set[0], extras: { condition: { kind: 'absent' }, showsPresent: false } }, 'decides'],
  [MEANINGS.exchange[0], 'told'],
  [withTtl(MEANINGS.set[0], { kind: 'keep' }), 'decides'],
  [withTtl(MEANINGS.set[0], { kind: 'duration', ms: 1 }), 'unseen'],
])('%j looks at the entry as far as it must: %s', (operation, looks) => {
  expect(looksAt(operation)).toBe(looks);
});

test.each(Object.entries(CATALOGUE))(
  '%s has the code of the protocol, and no other operation has it',
  (name, row) => {
    expect(dht.OperationType[row.wireName]).toBe(row.code);
    expect(nameOf(row.code)).toBe(name);
    expect(isOperationType(row.code)).toBe(true);
  },
);

test('the protocol has no operation that the catalogue lacks', () => {
  const codes = Object.values(dht.OperationType).filter((code) => typeof code === 'number' && code >= 0);
  expect(new Set(codes)).toEqual(new Set(Object.values(OperationType)));
  expect([99, 255, 0.5, -1, NaN].some(isOperationType)).toBe(false);
});

test('where the time of the ring has never been heard, how long a key has to live is not told', () => {
  const unheard = { ...AT_NOW, wallMs: Number.NaN };
  const stored = seal(KEY, 7, OLD, NOW);
  const extras: Extras = { condition: undefined, showsPresent: false, tellsTtl: true };
  const read: SingleOperation = { type: OperationType.get, key: KEY, extras };
  const refused = { effect: undefined, answer: { ok: false, code: 'UNAVAILABLE' } };
  expect(evaluate(read, stored, 0, unheard)).toMatchObject(refused);
  const kept: Extras = { ...extras, ttl: { kind: 'keep' } };
  const write: SingleOperation = { type: OperationType.set, key: KEY, value: NEW, extras: kept };
  expect(evaluate(write, stored, 8, unheard)).toMatchObject(refused);
  // What does not end has nothing to tell, and who does not ask is answered.
  expect(evaluate(read, STORED, 0, unheard).answer).toMatchObject({ ok: true });
  expect(evaluate({ ...read, extras: undefined }, stored, 0, unheard).answer).toEqual(told(OLD));
});

/** What each operation of the catalogue means, and that the catalogue is what the protocol says. */

import type { Bytes } from '../../src/ring';
import {
  bufferOfBytes,
  bytesOfBuffer,
  CATALOGUE,
  decodeFullAnswer,
  encodeDelta,
  evaluate,
  isOperationType,
  looksAt,
  nameOf,
  OperationType,
  ringKeyOf,
  seal,
  type Condition,
  type Extras,
  type OperationName,
  type SingleOperation,
  type StoredValue,
} from '../../src/operations';
import { dht } from '../../src/wire';

const KEY = ringKeyOf('key' as Bytes);
const LIMITS = { keyBytesMax: 100, valueBytesMax: 8 };
const OLD = 'old' as Bytes;
const NEW = 'new' as Bytes;
const STORED = seal(KEY, 7, OLD);
const told = (value: Bytes | undefined) => ({ ok: true, value });

/** Of each: it itself, what it makes of a key with a value, and of one without. */
const MEANINGS: Record<Exclude<OperationName, 'transact'>, [SingleOperation, object, object]> = {
  get: [
    { type: OperationType.get, key: KEY },
    { effect: undefined, answer: told(OLD) },
    { effect: undefined, answer: told(undefined) },
  ],
  delete: [
    { type: OperationType.delete, key: KEY },
    { effect: { value: undefined }, answer: told(OLD) },
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
};

const add = (value: string, delta: bigint) =>
  evaluate(
    { type: OperationType.add, key: KEY, delta: encodeDelta(delta) },
    seal(KEY, 7, value as Bytes),
    9,
    LIMITS,
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
  expect(evaluate(append, STORED, 9, LIMITS)).toEqual({
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
  expect(evaluate(operation, STORED, 9, LIMITS)).toEqual(ofOld);
  expect(evaluate(operation, undefined, 9, LIMITS)).toEqual(ofNone);
});

/** What it is answered with, decoded. */
function fully(operation: SingleOperation, extras: Extras, latest: StoredValue | undefined) {
  const { effect, answer } = evaluate({ ...operation, extras }, latest, 9, LIMITS);
  const { held, version, value } = decodeFullAnswer(bufferOfBytes((answer.ok && answer.value) as Bytes));
  return { effect, held, version, value: value && bytesOfBuffer(value) };
}

test.each(EACH)('%s with extras does the same, and is told with its version', (_, [operation]) => {
  const extras = { condition: undefined, showsPresent: false };
  for (const latest of [STORED, undefined]) {
    const { effect, answer } = evaluate(operation, latest, 9, LIMITS);
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
  expect([6, 255, 0.5, -1, NaN].some(isOperationType)).toBe(false);
});

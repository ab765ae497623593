/** What each operation of the catalogue means, and that the catalogue is what the protocol says. */

import type { Bytes } from '../../src/ring';
import {
  bufferOfBytes,
  bytesOfBuffer,
  CATALOGUE,
  decodeFullAnswer,
  evaluate,
  isOperationType,
  looksAt,
  nameOf,
  OperationType,
  ringKeyOf,
  seal,
  type Condition,
  type Extras,
  type Operation,
  type OperationName,
  type StoredValue,
} from '../../src/operations';
import { dht } from '../../src/wire';

const KEY = ringKeyOf('key' as Bytes);
const OLD = 'old' as Bytes;
const NEW = 'new' as Bytes;
const STORED = seal(KEY, 7, OLD);
const told = (value: Bytes | undefined) => ({ ok: true, value });

/** Of each: it itself, what it makes of a key with a value, and of one without. */
const MEANINGS: Record<OperationName, [Operation, object, object]> = {
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
};

const EACH = Object.entries(MEANINGS);

test.each(EACH)('%s of a key with a value, and of one without', (_, [operation, ofOld, ofNone]) => {
  expect(evaluate(operation, STORED, 9)).toEqual(ofOld);
  expect(evaluate(operation, undefined, 9)).toEqual(ofNone);
});

/** What it is answered with, decoded. */
function fully(operation: Operation, extras: Extras, latest: StoredValue | undefined) {
  const { effect, answer } = evaluate({ ...operation, extras }, latest, 9);
  const { held, version, value } = decodeFullAnswer(bufferOfBytes((answer.ok && answer.value) as Bytes));
  return { effect, held, version, value: value && bytesOfBuffer(value) };
}

test.each(EACH)('%s with extras does the same, and is told with its version', (name, [operation]) => {
  const extras = { condition: undefined, showsPresent: false };
  for (const latest of [STORED, undefined]) {
    const { effect, answer } = evaluate(operation, latest, 9);
    const version = effect ? 9 : latest ? 7 : 0;
    expect(fully(operation, extras, latest)).toEqual({
      effect,
      held: true,
      version,
      value: answer.ok ? answer.value : name,
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

test.each<[Operation, ReturnType<typeof looksAt>]>([
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
  expect([4, 255, 0.5, -1, NaN].some(isOperationType)).toBe(false);
});

/** What each operation of the catalogue means, and that the catalogue is what the protocol says. */

import type { Bytes } from '../../src/ring';
import {
  CATALOGUE,
  evaluate,
  isOperationType,
  nameOf,
  OperationType,
  ringKeyOf,
  type Operation,
  type OperationName,
} from '../../src/operations';
import { dht } from '../../src/wire';

const KEY = ringKeyOf('key' as Bytes);
const OLD = 'old' as Bytes;
const NEW = 'new' as Bytes;

/** Of each: it itself, what it makes of a key with a value, and of one without. */
const MEANINGS: Record<OperationName, [Operation, ReturnType<typeof evaluate>, ReturnType<typeof evaluate>]> =
  {
    get: [
      { type: OperationType.get, key: KEY },
      { effect: undefined, answer: OLD },
      { effect: undefined, answer: undefined },
    ],
    delete: [
      { type: OperationType.delete, key: KEY },
      { effect: { value: undefined }, answer: OLD },
      { effect: { value: undefined }, answer: undefined },
    ],
    exchange: [
      { type: OperationType.exchange, key: KEY, value: NEW },
      { effect: { value: NEW }, answer: OLD },
      { effect: { value: NEW }, answer: undefined },
    ],
    set: [
      { type: OperationType.set, key: KEY, value: NEW },
      { effect: { value: NEW }, answer: undefined },
      { effect: { value: NEW }, answer: undefined },
    ],
    compareAndSet: [
      { type: OperationType.compareAndSet, key: KEY, expected: OLD, value: NEW },
      { effect: { value: NEW }, answer: OLD },
      { effect: undefined, answer: undefined },
    ],
  };

test('compare-and-set changes nothing where the value is another one, and tells it', () => {
  const operation = { type: OperationType.compareAndSet, key: KEY, expected: NEW, value: NEW } as const;
  expect(evaluate(operation, OLD)).toEqual({ effect: undefined, answer: OLD });
  expect(evaluate({ ...operation, expected: '' as Bytes }, undefined)).toEqual({
    effect: undefined,
    answer: undefined,
  });
});

test.each(Object.entries(MEANINGS))(
  '%s of a key with a value, and of one without',
  (_, [operation, ofOld, ofNone]) => {
    expect(evaluate(operation, OLD)).toEqual(ofOld);
    expect(evaluate(operation, undefined)).toEqual(ofNone);
  },
);

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
  expect([5, 255, 0.5, -1, NaN].some(isOperationType)).toBe(false);
});

/** Small histories drawn by hand: each anomaly that a store can show, and the nearest thing that is none. */

import { checkHistory, type HistoryOperation } from '../src';
import { cas, get, operation, remove, set } from './support/history-builder';
import { isLinearizable } from './support/naive-checker';

function verdict(...history: HistoryOperation[]): string {
  const judged = checkHistory(history).verdict;
  expect(judged === 'linearizable').toBe(isLinearizable(history));
  return judged;
}

const GOOD = 'linearizable';
const BAD = 'not-linearizable';

test('an empty history is linearizable', () => {
  expect(verdict()).toBe(GOOD);
});

test('a read after a write that has returned sees it, or it is stale', () => {
  expect(verdict(operation(1, set('a'), 0, 1), operation(2, get('a'), 2, 3))).toBe(GOOD);
  expect(verdict(operation(1, set('a'), 0, 1), operation(2, get(null), 2, 3))).toBe(BAD);
  expect(
    verdict(operation(1, set('a'), 0, 1), operation(1, set('b'), 2, 3), operation(2, get('a'), 4, 5)),
  ).toBe(BAD);
});

test('a read during a write sees the old value or the new one', () => {
  expect(verdict(operation(1, set('a'), 0, 3), operation(2, get(null), 1, 2))).toBe(GOOD);
  expect(verdict(operation(1, set('a'), 0, 3), operation(2, get('a'), 1, 2))).toBe(GOOD);
});

test('a value once read is not un-read, even while its write is in progress', () => {
  const write = operation(1, set('a'), 0, 9);
  expect(verdict(write, operation(2, get('a'), 1, 2), operation(3, get('a'), 3, 4))).toBe(GOOD);
  expect(verdict(write, operation(2, get('a'), 1, 2), operation(3, get(null), 3, 4))).toBe(BAD);
});

test('two readers do not see two writes in opposite orders', () => {
  const writes = [operation(1, set('a'), 0, 9), operation(2, set('b'), 0, 9)];
  const first = [operation(3, get('a'), 1, 2), operation(3, get('b'), 3, 4)];
  expect(verdict(...writes, ...first, operation(4, get('b'), 3, 5), operation(4, get('b'), 6, 7))).toBe(GOOD);
  expect(verdict(...writes, ...first, operation(4, get('b'), 1, 5), operation(4, get('a'), 6, 7))).toBe(BAD);
});

test('a value that nobody wrote is not read', () => {
  expect(verdict(operation(1, set('a'), 0, 1), operation(2, get('b'), 0, 2))).toBe(BAD);
  expect(verdict(operation(1, set('b'), 3, 4), operation(2, get('b'), 0, 2))).toBe(BAD);
  expect(verdict(operation(1, set('b'), 0, 1, 'fail'), operation(2, get('b'), 2, 3))).toBe(BAD);
});

test('a write is not lost: two writes do not replace the same value', () => {
  const start = operation(1, set('a'), 0, 1);
  expect(verdict(start, operation(1, set('b', 'a'), 2, 5), operation(2, set('c', 'b'), 2, 5))).toBe(GOOD);
  expect(verdict(start, operation(1, set('b', 'a'), 2, 5), operation(2, set('c', 'a'), 2, 5))).toBe(BAD);
});

test('what was deleted does not come back', () => {
  const start = [operation(1, set('a'), 0, 1), operation(2, remove('a'), 2, 3)];
  expect(verdict(...start, operation(1, get(null), 4, 5))).toBe(GOOD);
  expect(verdict(...start, operation(1, get('a'), 4, 5))).toBe(BAD);
  expect(verdict(...start, operation(3, remove('a'), 2, 5))).toBe(BAD);
  expect(verdict(...start, operation(3, remove(null), 2, 5))).toBe(GOOD);
});

test('of two swaps from one value only one wins', () => {
  const start = operation(1, set('a'), 0, 1);
  const first = operation(1, cas('a', 'b', true), 2, 5);
  expect(verdict(start, first, operation(2, cas('a', 'c', false), 2, 5))).toBe(GOOD);
  expect(verdict(start, first, operation(2, cas('a', 'c', false, 'b'), 2, 5))).toBe(GOOD);
  expect(verdict(start, first, operation(2, cas('a', 'c', true), 2, 5))).toBe(BAD);
  expect(verdict(start, operation(1, cas('a', 'c', false), 2, 5))).toBe(BAD);
});

test('a swap that says it found another value than it expected is wrong', () => {
  const start = operation(1, set('a'), 0, 1);
  expect(verdict(start, operation(1, cas('a', 'b', true, 'a'), 2, 3))).toBe(GOOD);
  expect(verdict(start, operation(1, cas('a', 'b', true, 'c'), 2, 3))).toBe(BAD);
  expect(verdict(start, operation(1, cas('a', 'b', false, 'a'), 2, 3))).toBe(BAD);
});

test('a swap from or to no value creates and deletes', () => {
  expect(verdict(operation(1, cas(null, 'a', true), 0, 1), operation(1, get('a'), 2, 3))).toBe(GOOD);
  expect(verdict(operation(1, set('a'), 0, 1), operation(1, cas('a', null, true), 2, 3))).toBe(GOOD);
  expect(
    verdict(
      operation(1, set('a'), 0, 1),
      operation(1, cas('a', null, true), 2, 3),
      operation(1, get('a'), 4, 5),
    ),
  ).toBe(BAD);
});

describe('an operation of unknown outcome', () => {
  const start = operation(1, set('a'), 0, 1);
  const unknown = operation(2, set('b'), 2, undefined);

  test('may never take effect', () => {
    expect(verdict(start, unknown, operation(1, get('a'), 50, 51))).toBe(GOOD);
  });

  test('may take effect long after its client gave up', () => {
    const givenUp = operation(2, set('b'), 2, 3, 'unknown');
    expect(verdict(start, givenUp, operation(1, get('a'), 50, 51), operation(1, get('b'), 60, 61))).toBe(
      GOOD,
    );
  });

  test('does not take effect before it was called', () => {
    expect(verdict(start, operation(1, get('b'), 1.2, 1.8), unknown)).toBe(BAD);
  });

  test('does not take effect twice', () => {
    expect(
      verdict(
        start,
        unknown,
        operation(1, get('b'), 3, 4),
        operation(1, set('c'), 5, 6),
        operation(1, get('b'), 7, 8),
      ),
    ).toBe(BAD);
  });

  test('does take effect twice when it was sent twice', () => {
    expect(
      verdict(
        start,
        unknown,
        operation(3, set('b'), 2, undefined),
        operation(1, get('b'), 3, 4),
        operation(1, set('c'), 5, 6),
        operation(1, get('b'), 7, 8),
      ),
    ).toBe(GOOD);
  });

  test('is not undone once it was seen', () => {
    expect(verdict(start, unknown, operation(1, get('b'), 3, 4), operation(1, get('a'), 5, 6))).toBe(BAD);
  });

  test('may be a swap, which takes effect only where it finds what it expects', () => {
    const swap = operation(2, cas('a', 'b', false), 2, undefined);
    expect(verdict(start, swap, operation(1, get('b'), 3, 4))).toBe(GOOD);
    expect(verdict(operation(1, set('c'), 0, 1), swap, operation(1, get('b'), 3, 4))).toBe(BAD);
  });

  test('may be one of a chain, each needed by the next', () => {
    const chain = [
      operation(2, cas('a', 'b', false), 2, undefined),
      operation(3, cas('b', 'c', false), 2, undefined),
      operation(4, cas('c', 'd', false), 2, undefined),
    ];
    expect(verdict(start, ...chain, operation(1, get('d'), 3, 4))).toBe(GOOD);
    expect(verdict(start, ...chain, operation(1, get('d'), 3, 4), operation(1, get('b'), 5, 6))).toBe(BAD);
    expect(verdict(start, ...chain.slice(1), operation(1, get('d'), 3, 4))).toBe(BAD);
  });

  test('leaves its recorded results out of account', () => {
    const claims = operation(2, { op: 'set', value: 'b', previous: 'never' }, 2, undefined);
    expect(verdict(start, claims, operation(1, get('b'), 3, 4))).toBe(GOOD);
  });
});

test('operations that touch at one time are concurrent', () => {
  expect(verdict(operation(1, set('a'), 0, 1), operation(2, get(null), 1, 2))).toBe(GOOD);
  expect(verdict(operation(1, set('a'), 0, 0), operation(2, get(null), 0, 0))).toBe(GOOD);
});

test('keys are independent, and may hold something before the history begins', () => {
  const other = { ...operation(2, get('x'), 2, 3), key: 'other' };
  const history = [operation(1, set('a'), 0, 1), other, operation(1, get('a'), 4, 5)];
  expect(checkHistory(history, { initialValues: new Map([['other', 'x']]) }).verdict).toBe(GOOD);
  const { verdict: judged, keys, failures } = checkHistory(history);
  expect({ judged, keys }).toEqual({ judged: BAD, keys: 2 });
  expect(failures.map(({ key, culprit }) => [key, culprit])).toEqual([['other', other]]);
});

test('keys and values named like parts of an object are nothing special', () => {
  const strange = ['__proto__', 'constructor', 'toString', ''].flatMap((key, at) => [
    { ...operation(at, set(key), 0, 1), key },
    { ...operation(at, get(key), 2, 3), key },
  ]);
  expect(checkHistory(strange).verdict).toBe(GOOD);
});

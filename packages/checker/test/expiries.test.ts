/** Keys that end by themselves: not too soon, not with the value of a write that let them live, and not twice. */

import { checkHistory, type HistoryOperation } from '../src/core';

const at = (callMs: number, operation: object): HistoryOperation =>
  ({
    client: callMs,
    key: 'k',
    callMs,
    returnMs: callMs + 1,
    outcome: 'ok',
    ...operation,
  }) as HistoryOperation;

const verdictOf = (...history: HistoryOperation[]): string => checkHistory(history).verdict;

test('a key may end when its time may be over, and not before', () => {
  const set = at(0, { op: 'set', value: 'a', mayEndFromMs: 100 });
  const gone = { op: 'get', value: null };
  expect(verdictOf(set, at(50, { op: 'get', value: 'a' }), at(150, gone))).toBe('linearizable');
  expect(verdictOf(set, at(150, { op: 'get', value: 'a' }))).toBe('linearizable');
  expect(verdictOf(set, at(50, gone))).toBe('not-linearizable');
});

test('a key that has ended does not come back', () => {
  const set = at(0, { op: 'set', value: 'a', mayEndFromMs: 100 });
  const reads = [at(150, { op: 'get', value: null }), at(200, { op: 'get', value: 'a' })];
  expect(verdictOf(set, ...reads)).toBe('not-linearizable');
});

test('a value that was set without an end does not end with the one before', () => {
  const set = at(0, { op: 'set', value: 'a', mayEndFromMs: 100 });
  const gone = at(150, { op: 'get', value: null });
  expect(verdictOf(set, at(10, { op: 'set', value: 'b', previous: 'a' }), gone)).toBe('not-linearizable');
  expect(verdictOf(set, at(10, { op: 'set', value: 'b', keepsEnd: true }), gone)).toBe('linearizable');
});

test('what is added or appended keeps the end of its key', () => {
  const set = at(0, { op: 'set', value: '5', mayEndFromMs: 100 });
  const gone = at(150, { op: 'get', value: null });
  expect(verdictOf(set, at(10, { op: 'add', delta: '1', result: '6' }), gone)).toBe('linearizable');
  expect(verdictOf(set, at(10, { op: 'append', value: 'x' }), gone)).toBe('linearizable');
});

test('expire lets the value end that it found, and finds a key that is there', () => {
  const set = at(0, { op: 'set', value: 'a' });
  const expire = at(10, { op: 'expire', previous: 'a', version: 2, mayEndFromMs: 100 });
  const gone = at(150, { op: 'get', value: null });
  expect(verdictOf(set, expire, gone)).toBe('linearizable');
  expect(verdictOf(set, expire, at(20, { op: 'set', value: 'b' }), gone)).toBe('not-linearizable');
  expect(verdictOf(at(0, { op: 'delete' }), expire)).toBe('not-linearizable');
  expect(verdictOf(set, at(10, { op: 'persist', version: 0 }))).toBe('not-linearizable');
});

test('an expire of unknown outcome may have let it end', () => {
  const set = at(0, { op: 'set', value: 'a' });
  const expire = at(10, { op: 'expire', outcome: 'unknown', mayEndFromMs: 100 });
  expect(verdictOf(set, expire, at(150, { op: 'get', value: null }))).toBe('linearizable');
  const failed = at(10, { op: 'expire', outcome: 'fail', mayEndFromMs: 100 });
  expect(verdictOf(set, failed, at(150, { op: 'get', value: null }))).toBe('not-linearizable');
});

describe('in a transaction', () => {
  const transact = (then: object[], rest: object = {}): object => ({
    op: 'transact',
    transaction: 't',
    conditions: [],
    elsewhere: false,
    then,
    else: [],
    held: true,
    version: 2,
    told: then.map(() => ({})),
    ...rest,
  });
  const gone = at(150, { op: 'get', value: null });
  const early = at(50, { op: 'get', value: null });

  test('what it leaves with a time to live may end then, and not before', () => {
    const write = at(0, transact([{ do: 'set', value: 'a', mayEndFromMs: 100 }]));
    expect(verdictOf(write, gone)).toBe('linearizable');
    expect(verdictOf(write, early)).toBe('not-linearizable');
  });

  test('a later set in it without one lets it live, and one that keeps the end does not', () => {
    const first = { do: 'set', value: 'a', mayEndFromMs: 100 };
    expect(verdictOf(at(0, transact([first, { do: 'set', value: 'b' }])), gone)).toBe('not-linearizable');
    const kept = transact([first, { do: 'exchange', value: 'b', keepsEnd: true }]);
    expect(verdictOf(at(0, kept), gone)).toBe('linearizable');
    const added = transact([first, { do: 'append', value: 'b' }]);
    expect(verdictOf(at(0, added), at(40, { op: 'get', value: 'ab' }), gone)).toBe('linearizable');
  });

  test('what it sets and keeps ends with what was there', () => {
    const set = at(0, { op: 'set', value: 'a', mayEndFromMs: 100 });
    const keeping = at(10, transact([{ do: 'set', value: 'b', keepsEnd: true }]));
    expect(verdictOf(set, keeping, gone)).toBe('linearizable');
    expect(verdictOf(set, at(10, transact([{ do: 'set', value: 'b' }])), gone)).toBe('not-linearizable');
  });

  test('of a transaction of unknown outcome each branch may have let it end', () => {
    const other = { outcome: 'unknown', held: undefined, told: undefined, version: undefined };
    const branches = { ...other, else: [{ do: 'set', value: 'c', mayEndFromMs: 100 }], elsewhere: true };
    const write = at(0, transact([{ do: 'set', value: 'b' }], branches));
    expect(verdictOf(write, at(40, { op: 'get', value: 'c' }), gone)).toBe('linearizable');
    const lasting = at(0, transact([{ do: 'set', value: 'b' }], other));
    expect(verdictOf(lasting, at(40, { op: 'get', value: 'b' }), gone)).toBe('not-linearizable');
  });
});

/** Histories whose values are right and whose versions are not, and the other way round. */

import { checkHistory, versionFault, type Action, type HistoryOperation } from '../src';

/** One after the other unless `callMs` and `returnMs` say otherwise. */
function history(...operations: (Action & Partial<HistoryOperation>)[]): HistoryOperation[] {
  return operations.map((operation, index) => ({
    client: index,
    key: 'k',
    callMs: 10 * index,
    returnMs: 10 * index + 5,
    outcome: 'ok',
    ...operation,
  }));
}

const set = (value: string, version: number, rest: object = {}): Action => ({
  op: 'set',
  value,
  version,
  ...rest,
});
const ifVersion = (version: number, held: boolean) =>
  ({ condition: { is: 'version', version }, held }) as const;

test('versions that grow with each write, and stand for its value, are right', () => {
  const operations = history(
    { op: 'get', value: null, version: 0 },
    set('a', 3),
    { op: 'get', value: 'a', version: 3 },
    set('b', 5, ifVersion(3, true)),
    set('c', 5, ifVersion(3, false)),
    { op: 'delete', previous: 'b', version: 6 },
    { op: 'delete', previous: null, version: 0 },
    set('a', 9),
    // Another key has numbers of its own.
    { ...set('x', 1), key: 'other' },
  );
  expect(versionFault(operations)).toBeUndefined();
  expect(checkHistory(operations).verdict).toBe('linearizable');
});

test.each<[string, HistoryOperation[]]>([
  ['two writes have one version', history(set('a', 3), set('b', 3))],
  ['one version has two values', history(set('a', 3), { op: 'get', value: 'b', version: 3 })],
  ['a version goes back', history(set('a', 3), set('b', 2))],
  ['a version goes back', history(set('a', 3), set('b', 4), { op: 'get', value: 'a', version: 3 })],
  ['an update is lost', history(set('a', 3), set('b', 4), set('c', 5, ifVersion(3, true)))],
  ['a condition held and is said not to', history(set('a', 3), set('b', 3, ifVersion(3, false)))],
])('%s', (words, operations) => {
  expect(versionFault(operations)).toMatch(`k: ${words}`);
});

test('operations that overlap may have their versions in either order', () => {
  const [first, second] = history(set('a', 4), set('b', 3));
  expect(versionFault([first!, { ...second!, callMs: 2 }])).toBeUndefined();
});

test('what failed, or was not heard of, says nothing of versions', () => {
  expect(versionFault(history(set('a', 3), { ...set('b', 3), outcome: 'unknown' }))).toBeUndefined();
});

test('a condition on a version is one on the value that was written with it', () => {
  const stale = history(set('a', 3), set('b', 4), { ...set('c', 5, ifVersion(3, true)) });
  expect(checkHistory(stale).verdict).toBe('not-linearizable');
  const absent = history(set('a', 3), set('b', 4, ifVersion(0, true)));
  expect(checkHistory(absent).verdict).toBe('not-linearizable');
  // The value is there again, under another version: the condition need not hold.
  const again = history(set('a', 3), set('b', 4), set('a', 5), {
    ...set('c', 5, ifVersion(3, false)),
  });
  expect(checkHistory(again).verdict).toBe('linearizable');
});

/** What a write is told that looks at the entry there is: the newest numbered one, committed or not. */

import type { Bytes, RingKey } from '@ringkeep/shared';
import { ringKeyOf, seal } from '@ringkeep/shared/operations';
import { LatestValues } from '../../src/core/primary/latest-values';
import type { Entry } from '../../src/core/replica/entry-store';
import { Replica } from '../../src/core/replica/replica';
import { MemoryEntryStore } from '../../src/storage';
import { arc, get, put, remove, ring, SELF, set, SteppedNode } from './stepped-node';

/** Primary of the whole ring, alone. */
function alone(): SteppedNode {
  const node = SteppedNode.registered(ring(1, [arc()], [SELF]));
  node.sync();
  return node;
}

const told = (node: SteppedNode, request: number): unknown =>
  node.answer(request)?.map((result) => result.ok && result.value);

test('a write is told what one of an earlier step left, which is not on the disk yet', () => {
  const node = alone();
  node.query(put('key', 'a'));
  const exchanged = node.query(set('key', 'b'));
  const removed = node.query(remove('key'));
  const anew = node.query(set('key', 'c'));
  expect(node.answer(exchanged)).toBeUndefined();
  node.sync();
  expect([exchanged, removed, anew].map((request) => told(node, request))).toEqual([
    ['a'],
    ['b'],
    [undefined],
  ]);
});

test('and what the table has, as soon as all that was numbered is committed', () => {
  const node = alone();
  node.query(set('key', 'a'));
  node.sync();
  const later = node.query(set('key', 'b'));
  node.sync();
  node.query(put('key', 'c'), put('other', 'd'));
  node.sync();
  const last = node.query(remove('key'), remove('other'));
  node.sync();
  expect(told(node, later)).toEqual(['a']);
  expect(told(node, last)).toEqual(['c', 'd']);
});

test('it is told so by the next term of its own node, which evaluates nothing again', () => {
  const node = alone();
  node.hear(ring(2, [arc({ epoch: 2, term: 2 })], [SELF]));
  const exchanged = node.query(put('key', 'a'), set('key', 'b'));
  node.syncRing();
  expect(node.answer(exchanged)).toBeUndefined();
  node.sync();
  expect(told(node, exchanged)).toEqual([undefined, 'a']);
  const next = node.query(set('key', 'c'));
  node.sync();
  expect(told(node, next)).toEqual(['b']);
  expect(node.answer(node.query(get('key')))).toEqual([{ ok: true, value: 'c' }]);
});

test('a committed write is forgotten, unless a newer one on its key is not: the table tells what it left', () => {
  const [key, other] = ['key', 'other'].map((name) => ringKeyOf(name as Bytes)) as [RingKey, RingKey];
  const entry = (of: RingKey, seq: number): Entry => ({
    key: of,
    value: seal(of, seq, `write ${seq}` as Bytes),
  });
  const [first, second, third] = [entry(key, 1), entry(other, 2), entry(key, 3)] as const;
  const entries = new MemoryEntryStore();
  const replica = new Replica({ start: SELF, end: SELF });
  const latest = new LatestValues(entries, replica, () => [third]);
  replica.window.push(first, second);
  expect([latest.of(key), latest.of(other)]).toEqual([third.value, second.value]);
  replica.window.length = 0;
  replica.committed = 2;
  latest.committed([first, second], 2);
  const mended = entry(other, 2_000);
  entries.put([first, mended]);
  expect([latest.of(key), latest.of(other)]).toEqual([third.value, mended.value]);
});

/** Keys end by a numbered deletion of their primary, whoever meets them, and by no other clock. */

import type { Bytes } from '@ringkeep/shared';
import { headOf, ringKeyOf, seal, VERSION_AND_TTL, type StoredValue } from '@ringkeep/shared/operations';
import type { Entry } from '../../src/core/replica/entry-store';
import { entriesOf } from '../../src/core/replica/sequenced-op';
import {
  add,
  arc,
  ending,
  fullAnswers,
  get,
  onCondition,
  OTHER,
  put,
  remove,
  ring,
  SELF,
  set,
  SteppedNode,
  type Follower,
} from './stepped-node';

const KEY = ringKeyOf('key' as Bytes);
const TTL_MS = 500;
const ENDING: Entry = { key: KEY, value: undefined, cause: 'expiry' };

/** Primary of the whole ring, alone, with a key that ends. */
function alone(): SteppedNode {
  const node = SteppedNode.registered(ring(1, [arc()], [SELF, OTHER]));
  node.sync();
  node.query(ending(put('key', 'a'), TTL_MS));
  node.sync();
  node.forget();
  return node;
}

/** The same with one follower in sync, and the key's time over. */
function over(): { node: SteppedNode; follower: Follower } {
  const node = alone();
  node.adopt(ring(2, [arc({ epoch: 2, inSync: [SELF, OTHER] })], [SELF, OTHER]));
  const follower = node.openedBy(OTHER, SELF, 1, { complete: true, lastPrepared: 1, committed: 1 });
  follower.acknowledge(1);
  // No step in between: nothing has swept it yet.
  node.now += TTL_MS;
  node.forget();
  return { node, follower };
}

const prepared = (node: SteppedNode): Entry[] =>
  node
    .of('append')
    .flatMap(({ records }) => records)
    .flatMap((record) => (record.kind === 'prepare' ? entriesOf(record.ops) : []));
const values = (node: SteppedNode, request: number): unknown[] | undefined =>
  node.answer(request)?.map((result) => (result.ok ? result.value : result.code));

test("a time to live becomes a moment of the ring's time, in the entry that is replicated", () => {
  const node = alone();
  const stored = node.entries.raw(KEY) as StoredValue;
  expect(headOf(stored)).toMatchObject({ version: 1, expiresAtMs: node.wallMs + TTL_MS });
  expect(values(node, node.query(get('key')))).toEqual(['a']);
});

test('a read that meets a key whose time is over is answered when its deletion is committed, not from the table', () => {
  const { node, follower } = over();
  const reads = [node.query(get('key')), node.query(get('key'), get('other'))];
  expect(prepared(node)).toEqual([ENDING]);
  node.sync();
  expect(reads.map((read) => node.answer(read))).toEqual([undefined, undefined]);
  follower.acknowledge(2);
  expect(reads.map((read) => values(node, read))).toEqual([[undefined], [undefined, undefined]]);
  expect(node.entries.raw(KEY)).toBeUndefined();
});

test('an evaluation that meets it numbers the deletion first and sees the key absent', () => {
  const { node, follower } = over();
  const request = node.query(
    onCondition(set('key', 'b'), { kind: 'present' }),
    onCondition(set('key', 'c'), { kind: 'absent' }),
  );
  expect(prepared(node).map(({ cause, value }) => [cause, value !== undefined])).toEqual([
    ['expiry', false],
    [undefined, true],
  ]);
  node.sync();
  follower.acknowledge(4);
  expect(fullAnswers(node.answer(request))).toEqual([
    { held: false, version: 0, value: undefined },
    { held: true, version: 4, value: undefined },
  ]);
});

test.each([
  [remove('key'), undefined],
  [set('key', 'b'), undefined],
  [add('key', 5n), '5'],
])('%j finds nothing of it', (operation, told) => {
  const { node, follower } = over();
  const request = node.query(operation);
  expect(prepared(node)[0]).toEqual(ENDING);
  node.sync();
  follower.acknowledge(3);
  expect(values(node, request)).toEqual([told]);
});

test('an unconditional set overwrites it, without an ending and without its end', () => {
  const { node, follower } = over();
  node.query(put('key', 'b'));
  node.sync();
  follower.acknowledge(2);
  expect(prepared(node)).toMatchObject([{ key: KEY, value: expect.any(String) }]);
  expect(headOf(node.entries.raw(KEY) as StoredValue)).toMatchObject({ version: 2, expiresAtMs: undefined });
});

test('what is ended is the newest numbered version: a newer one is not, and none is ended twice', () => {
  const { node, follower } = over();
  node.query(put('key', 'newer'));
  // The table still holds the one whose time is over.
  const read = node.query(get('key'));
  const again = [node.query(get('key')), node.query(get('key'))];
  node.sync();
  node.sync();
  expect(prepared(node)).toHaveLength(1);
  follower.acknowledge(2);
  expect([read, ...again].map((request) => values(node, request))).toEqual([['newer'], ['newer'], ['newer']]);
});

describe("where the ring's time is not known well enough", () => {
  test('no key ends, and it is answered from the table', () => {
    const node = alone();
    node.step({ kind: 'suspended' });
    node.now += 2 * TTL_MS;
    expect(values(node, node.query(get('key')))).toEqual(['a']);
    const request = node.query(onCondition(set('key', 'b'), { kind: 'absent' }));
    node.sync();
    expect(fullAnswers(node.answer(request))).toMatchObject([{ held: false, version: 1 }]);
    expect(prepared(node)).toEqual([]);
  });

  test('a time to live is refused, and accepted again when the registry has told the time', () => {
    const node = alone();
    node.step({ kind: 'suspended' });
    const refused = node.query(ending(put('key', 'b'), TTL_MS));
    expect(node.answer(refused)).toMatchObject([
      { code: 'UNAVAILABLE', text: expect.stringContaining('does not know the time of the ring') },
    ]);
    node.hearTime();
    const accepted = node.query(ending(put('key', 'b'), TTL_MS));
    node.sync();
    expect(fullAnswers(node.answer(accepted))).toMatchObject([{ held: true, version: 2 }]);
  });

  test('doubt grows while the registry is silent, until nothing ends', () => {
    const node = alone();
    expect(node.core.clock.isSure).toBe(true);
    const longMs = node.parameters.clockSkewMs * 1_000;
    node.now += longMs;
    expect(values(node, node.query(get('key')))).toEqual(['a']);
    expect(node.core.clock.isSure).toBe(false);
    node.hearTime();
    expect(node.core.clock.isSure).toBe(true);
  });
});

test('a node that has never heard the time of the ring does not tell how long a key has to live', () => {
  const node = SteppedNode.registered(ring(1, [arc()], [SELF, OTHER]), undefined, false);
  node.sync();
  node.entries.put([{ key: KEY, value: seal(KEY, 1, 'a' as Bytes, node.wallMs + TTL_MS) }]);
  const asked = { ...get('key'), extras: VERSION_AND_TTL };
  const request = node.query(asked, get('key'));
  expect(values(node, request)).toEqual(['UNAVAILABLE', 'a']);
  node.hearTime();
  expect(fullAnswers(node.answer(node.query(asked)))).toEqual([{ held: true, version: 1, value: 'a' }]);
});

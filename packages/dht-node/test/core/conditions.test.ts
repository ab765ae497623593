/** Writes that depend on what is there: which entry decides, under which versions, and what is left when nothing is changed. */

import type { Bytes } from '@ringkeep/shared';
import { ringKeyOf, type Condition, type Operation, type StoredValue } from '@ringkeep/shared/operations';
import { NodeCore, type LogRecord } from '../../src/core';
import { keyOfOp } from '../../src/core/replica/sequenced-op';
import { MemoryEntryStore } from '../../src/storage';
import {
  arc,
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

const ifValue = (value: string): Condition => ({ kind: 'value', value: value as Bytes });
const ifVersion = (version: number): Condition => ({ kind: 'version', version });
/** The classic: stores a value if the key has the expected one. */
const compareAndSet = (expected: string, value: string): Operation =>
  onCondition(set('key', value), ifValue(expected));

/** Primary of the whole ring, alone, with a value under `key`, of version 1. */
function withValue(value = 'a'): SteppedNode {
  const node = SteppedNode.registered(ring(1, [arc()], [SELF, OTHER]));
  node.sync();
  node.query(put('key', value));
  node.sync();
  node.forget();
  return node;
}

/** The same with one follower in sync. */
function withFollower(): { node: SteppedNode; follower: Follower } {
  const node = withValue();
  node.adopt(ring(2, [arc({ epoch: 2, inSync: [SELF, OTHER] })], [SELF, OTHER]));
  const follower = node.openedBy(OTHER, SELF, 1, { complete: true, lastPrepared: 1, committed: 1 });
  follower.acknowledge(1);
  node.forget();
  return { node, follower };
}

const told = (node: SteppedNode, request: number): unknown[] | undefined => fullAnswers(node.answer(request));

const prepared = (node: SteppedNode): Extract<LogRecord, { kind: 'prepare' }>[] =>
  node
    .of('append')
    .flatMap(({ records }) => records)
    .filter((record) => record.kind === 'prepare');

describe('a condition', () => {
  test('is decided by the newest numbered write, of an earlier step or of its own', () => {
    const node = withValue('a');
    const first = node.query(compareAndSet('a', 'b'));
    const rest = node.query(
      compareAndSet('a', 'stale'),
      onCondition(set('key', 'c'), ifVersion(2)),
      onCondition(remove('key'), { kind: 'present' }),
      onCondition(set('key', 'late'), { kind: 'present' }),
      onCondition(set('key', 'anew'), { kind: 'absent' }),
    );
    expect(node.answer(first)).toBeUndefined();
    node.sync();
    node.sync();
    expect(told(node, first)).toEqual([{ held: true, version: 2, value: 'a' }]);
    expect(told(node, rest)).toEqual([
      { held: false, version: 2, value: 'b' },
      { held: true, version: 4, value: 'b' },
      { held: true, version: 5, value: 'c' },
      { held: false, version: 0, value: undefined },
      { held: true, version: 7, value: undefined },
    ]);
    expect(told(node, node.query(onCondition(get('key'))))).toEqual([
      { held: true, version: 7, value: 'anew' },
    ]);
  });

  test('that does not hold takes a number without an entry, and is answered when that is committed', () => {
    const { node, follower } = withFollower();
    const request = node.query(compareAndSet('other', 'b'));
    expect(prepared(node)).toEqual([{ kind: 'prepare', start: SELF, firstSeq: 2, ops: [undefined] }]);
    expect(follower.heard).toContainEqual(
      expect.objectContaining({ kind: 'prepare', firstSeq: 2, ops: [undefined] }),
    );
    node.sync();
    expect(node.answer(request)).toBeUndefined();
    follower.acknowledge(2);
    expect(told(node, request)).toEqual([{ held: false, version: 1, value: 'a' }]);
    expect(node.core.replicas.get(SELF)).toMatchObject({ committed: 2, lastPrepared: 2 });
  });

  test('that does not hold is replayed from the log: the numbers behind it are the same', () => {
    const node = SteppedNode.registered(ring(1, [arc()], [SELF, OTHER]));
    for (const operation of [put('key', 'a'), compareAndSet('other', 'b'), put('key', 'c')]) {
      node.sync();
      node.query(operation);
    }
    const again = new NodeCore(new MemoryEntryStore(true), {
      incarnation: 2,
      process: 2n,
      newcomer: false,
      startedAt: 0,
      leaseBeforeMs: 0,
    });
    again.replay(node.of('append').flatMap(({ records }) => records));
    const { window = [], committed = 0 } = again.replicas.get(SELF) ?? {};
    expect(again.replicas.get(SELF)).toMatchObject({ lastPrepared: 3 });
    expect(window.map((op) => op && keyOfOp(op))).toEqual([KEY, undefined, KEY].slice(committed));
  });

  test('is answered when what it saw is committed, though it changes nothing itself', () => {
    const { node, follower } = withFollower();
    node.query(put('key', 'uncommitted'));
    const request = node.query(compareAndSet('a', 'b'));
    node.sync();
    expect(node.answer(request)).toBeUndefined();
    follower.acknowledge(2);
    node.sync();
    expect(node.answer(request)).toBeUndefined();
    follower.acknowledge(3);
    expect(told(node, request)).toEqual([{ held: false, version: 2, value: 'uncommitted' }]);
  });

  test('on a damaged entry waits until that is mended, and is decided by what it was', () => {
    const { node, follower } = withFollower();
    const sound = node.entries.raw(KEY) as StoredValue;
    node.damage(KEY);
    const request = node.query(compareAndSet('a', 'b'));
    expect(prepared(node)).toEqual([]);
    const ranges = [{ from: KEY, to: `${KEY}\0` as Bytes }];
    follower.say({ kind: 'repair', committed: 1, ranges, entries: [{ key: KEY, value: sound }] });
    node.sync();
    follower.acknowledge(2);
    expect(told(node, request)).toEqual([{ held: true, version: 2, value: 'a' }]);
    expect(node.answer(node.query(get('key')))).toEqual([{ ok: true, value: 'b' }]);
  });

  test('on a damaged entry of the only copy in sync is UNAVAILABLE, and writes nothing', () => {
    const node = withValue('a');
    node.damage(KEY);
    expect(told(node, node.query(compareAndSet('a', 'b')))).toEqual(['UNAVAILABLE']);
    expect(prepared(node)).toEqual([]);
  });
});

describe('a delete', () => {
  test('of a key that is not there changes nothing, and is committed all the same before it is answered', () => {
    const { node, follower } = withFollower();
    const request = node.query(remove('other'));
    expect(prepared(node)).toMatchObject([{ ops: [undefined] }]);
    node.sync();
    expect(node.answer(request)).toBeUndefined();
    follower.acknowledge(2);
    expect(node.answer(request)).toEqual([{ ok: true, value: undefined }]);
  });

  test('of a damaged entry removes it', () => {
    const node = withValue('a');
    node.damage(KEY);
    node.query(remove('key'));
    node.sync();
    expect(prepared(node)).toMatchObject([{ ops: [{ key: KEY, value: undefined }] }]);
    expect(node.answer(node.query(get('key')))).toEqual([{ ok: true, value: undefined }]);
  });
});

test('who asks for the version alone needs no look at what is there, and is told that of the write', () => {
  const node = withValue('a');
  node.damage(KEY);
  const request = node.query(onCondition(put('key', 'b')));
  node.sync();
  expect(told(node, request)).toEqual([{ held: true, version: 2, value: undefined }]);
});

/** A write that depends on the value there is: which value decides, and what is left when it changes nothing. */

import type { Bytes } from '@ringkeep/shared';
import { ringKeyOf, type StoredValue } from '@ringkeep/shared/operations';
import { NodeCore, type LogRecord } from '../../src/core';
import { MemoryEntryStore } from '../../src/storage';
import {
  arc,
  compareAndSet,
  get,
  OTHER,
  put,
  remove,
  ring,
  SELF,
  SteppedNode,
  type Follower,
} from './stepped-node';

const KEY = ringKeyOf('key' as Bytes);

/** Primary of the whole ring, alone, with a value under `key`. */
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

const told = (node: SteppedNode, request: number): unknown[] | undefined =>
  node.answer(request)?.map((result) => (result.ok ? result.value : result.code));

const prepared = (node: SteppedNode): Extract<LogRecord, { kind: 'prepare' }>[] =>
  node
    .of('append')
    .flatMap(({ records }) => records)
    .filter((record) => record.kind === 'prepare');

describe('compare-and-set', () => {
  test('is decided by the newest numbered write, of an earlier step or of its own', () => {
    const node = withValue('a');
    const first = node.query(compareAndSet('key', 'a', 'b'));
    const rest = node.query(
      compareAndSet('key', 'a', 'stale'),
      compareAndSet('key', 'b', 'c'),
      remove('key'),
      compareAndSet('key', 'c', 'late'),
    );
    expect(node.answer(first)).toBeUndefined();
    node.sync();
    node.sync();
    expect(told(node, first)).toEqual(['a']);
    expect(told(node, rest)).toEqual(['b', 'b', 'c', undefined]);
    expect(told(node, node.query(get('key')))).toEqual([undefined]);
  });

  test('that changes nothing takes a number without an entry, and is answered when that is committed', () => {
    const { node, follower } = withFollower();
    const request = node.query(compareAndSet('key', 'other', 'b'));
    expect(prepared(node)).toEqual([{ kind: 'prepare', start: SELF, firstSeq: 2, ops: [undefined] }]);
    expect(follower.heard).toContainEqual(
      expect.objectContaining({ kind: 'prepare', firstSeq: 2, ops: [undefined] }),
    );
    node.sync();
    expect(node.answer(request)).toBeUndefined();
    follower.acknowledge(2);
    expect(told(node, request)).toEqual(['a']);
    expect(node.core.replicas.get(SELF)).toMatchObject({ committed: 2, lastPrepared: 2 });
  });

  test('what it saw is committed before it is answered, though it changes nothing itself', () => {
    const { node, follower } = withFollower();
    node.query(put('key', 'uncommitted'));
    const request = node.query(compareAndSet('key', 'a', 'b'));
    node.sync();
    expect(node.answer(request)).toBeUndefined();
    follower.acknowledge(2);
    node.sync();
    expect(node.answer(request)).toBeUndefined();
    follower.acknowledge(3);
    expect(told(node, request)).toEqual(['uncommitted']);
  });

  test('without an effect is replayed from the log: the numbers after it are the same', () => {
    const again = new NodeCore(new MemoryEntryStore(true), {
      incarnation: 2,
      process: 2n,
      newcomer: false,
      startedAt: 0,
      leaseBeforeMs: 0,
    });
    const whole = SteppedNode.registered(ring(1, [arc()], [SELF, OTHER]));
    for (const operation of [put('key', 'a'), compareAndSet('key', 'other', 'b'), put('key', 'c')]) {
      whole.sync();
      whole.query(operation);
    }
    again.replay(whole.of('append').flatMap(({ records }) => records));
    expect(again.replicas.get(SELF)).toMatchObject({ lastPrepared: 3 });
    expect(whole.core.replicas.get(SELF)).toMatchObject({ lastPrepared: 3 });
  });

  test('on a damaged entry waits until that is mended, and is decided by what it was', () => {
    const { node, follower } = withFollower();
    const sound = node.entries.raw(KEY) as StoredValue;
    node.damage(KEY);
    const request = node.query(compareAndSet('key', 'a', 'b'));
    expect(prepared(node)).toEqual([]);
    const ranges = [{ from: KEY, to: `${KEY}\0` as Bytes }];
    follower.say({ kind: 'repair', committed: 1, ranges, entries: [{ key: KEY, value: sound }] });
    node.sync();
    follower.acknowledge(2);
    expect(told(node, request)).toEqual(['a']);
    expect(told(node, node.query(get('key')))).toEqual(['b']);
  });

  test('on a damaged entry of the only copy in sync is UNAVAILABLE, and writes nothing', () => {
    const node = withValue('a');
    node.damage(KEY);
    const request = node.query(compareAndSet('key', 'a', 'b'));
    expect(told(node, request)).toEqual(['UNAVAILABLE']);
    expect(prepared(node)).toEqual([]);
  });
});

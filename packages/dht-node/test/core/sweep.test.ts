/** Keys whose time is over end though nobody meets them: soon, in bounded steps, by their primary alone. */

import type { Bytes } from '@ringkeep/shared';
import { ringKeyOf, seal } from '@ringkeep/shared/operations';
import { SWEEP_KEYS_MAX, SWEEP_WINDOW_MAX } from '../../src/core/limits';
import { entriesOf } from '../../src/core/replica/sequenced-op';
import type { Entry } from '../../src/core/replica/entry-store';
import { arc, ending, OTHER, put, ring, SELF, SteppedNode, type Follower } from './stepped-node';

const TTL_MS = 500;

function alone(): SteppedNode {
  const node = SteppedNode.registered(ring(1, [arc()], [SELF, OTHER]));
  node.sync();
  node.forget();
  return node;
}

function withFollower(): { node: SteppedNode; follower: Follower } {
  const node = alone();
  node.adopt(ring(2, [arc({ epoch: 2, inSync: [SELF, OTHER] })], [SELF, OTHER]));
  const follower = node.openedBy(OTHER, SELF, 1, { complete: true });
  follower.acknowledge(0);
  node.forget();
  return { node, follower };
}

const name = (index: number): string => `key-${index}`;
/** Keys are there from one moment on, and their time is over. */
function giveKeys(node: SteppedNode, count: number): void {
  const entries = Array.from({ length: count }, (_, index): Entry => {
    const key = ringKeyOf(name(index) as Bytes);
    return { key, value: seal(key, 1, 'a' as Bytes, node.wallMs - 1) };
  });
  node.entries.put(entries);
}

const ended = (node: SteppedNode): Entry[] =>
  node
    .of('append')
    .flatMap(({ records }) => records)
    .flatMap((record) => (record.kind === 'prepare' ? entriesOf(record.ops) : []))
    .filter(({ cause }) => cause === 'expiry');

test('a key that nobody meets ends within a second, once', () => {
  const { node, follower } = withFollower();
  node.query(ending(put('key', 'a'), TTL_MS), put('other', 'b'));
  node.sync();
  follower.acknowledge(2);
  node.pass(TTL_MS - 20);
  expect(ended(node)).toEqual([]);
  node.pass(1_000);
  expect(ended(node)).toEqual([{ key: ringKeyOf('key' as Bytes), value: undefined, cause: 'expiry' }]);
  node.sync();
  follower.acknowledge(3);
  expect(node.entries.raw(ringKeyOf('key' as Bytes))).toBeUndefined();
  node.pass(1_000);
  expect(ended(node)).toHaveLength(1);
});

test('very many that end at once are ended in bounded steps, while not too many are under way', () => {
  const { node, follower } = withFollower();
  const count = 3 * SWEEP_WINDOW_MAX;
  giveKeys(node, count);
  let before = 0;
  for (let step = 0; step < 500; step++) {
    node.now += 1;
    node.step({ kind: 'tick' });
    const now = ended(node).length;
    // What is numbered in one step may be prepared together with that of the next one.
    expect(now - before).toBeLessThanOrEqual(2 * SWEEP_KEYS_MAX);
    before = now;
  }
  // The last of them wait to be prepared.
  expect(before).toBeLessThanOrEqual(SWEEP_WINDOW_MAX);
  expect(before).toBeGreaterThan(SWEEP_WINDOW_MAX - SWEEP_KEYS_MAX);
  for (let turn = 0; turn < 200 && ended(node).length < count; turn++) {
    node.sync();
    follower.acknowledge(node.core.replicas.get(SELF)?.lastPrepared ?? 0);
    node.pass(20);
  }
  expect(ended(node)).toHaveLength(count);
  expect(new Set(ended(node).map(({ key }) => key)).size).toBe(count);
});

test('a primary that does not serve, or does not know the time, ends none', () => {
  const { node } = withFollower();
  node.step({ kind: 'suspended' });
  giveKeys(node, 10);
  node.pass(1_000);
  expect(ended(node)).toEqual([]);
});

test('a node ends the keys of its own arcs alone; of another one it follows what that one ends', () => {
  const node = alone();
  const newer = { epoch: 2, term: 2 };
  const own = arc({ ...newer, end: OTHER });
  const followed = arc({ ...newer, start: OTHER, primary: OTHER, inSync: [OTHER, SELF] });
  node.adopt(ring(2, [own, followed], [SELF, OTHER]));
  node.sync();
  giveKeys(node, 100);
  node.pass(1_000);
  node.sync();
  node.pass(1_000);
  const keys = Array.from({ length: 100 }, (_, index) => ringKeyOf(name(index) as Bytes)).filter(
    (key) => node.core.view.arcOfKey(key)?.primary === SELF,
  );
  expect(keys.length).toBeGreaterThan(20);
  expect(keys.length).toBeLessThan(80);
  expect(
    ended(node)
      .map(({ key }) => key)
      .sort(),
  ).toEqual(keys.sort());
});

test('one that is damaged is no reason to look again soon', () => {
  const node = alone();
  giveKeys(node, 1);
  node.damage(ringKeyOf(name(0) as Bytes));
  node.pass(300);
  expect(ended(node)).toEqual([]);
  const soonest = Array.from({ length: 20 }, () => {
    node.now = Math.ceil(node.core.nextTickAt);
    const before = node.now;
    node.step({ kind: 'tick' });
    return node.core.nextTickAt - before;
  });
  expect(Math.min(...soonest)).toBeGreaterThan(5);
});

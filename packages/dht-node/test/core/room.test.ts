/** Nodes whose disk has no room, stepped by hand: what is refused, what goes on, and what waits. */

import { unknownHistory } from '@ringkeep/shared';
import type { PrimaryBody } from '../../src/core';
import { SteppedNode, arc, get, OTHER, put, remove, ring, SELF, set, THIRD } from './stepped-node';

const FULL = { kind: 'room', lacking: 'the disk is nearly full' } as const;
const ROOM = { kind: 'room', lacking: undefined } as const;

/** Primary of the whole ring with one follower in sync, open. */
function withFollower(): { node: SteppedNode; follower: ReturnType<SteppedNode['openedBy']> } {
  const node = SteppedNode.registered(ring(1, [arc()], [SELF]));
  node.sync();
  node.adopt(ring(2, [arc({ epoch: 2, inSync: [SELF, OTHER] })], [SELF, OTHER]));
  const follower = node.openedBy(OTHER, SELF, 1, { complete: true });
  follower.acknowledge(0);
  node.query(put('there', 'before'));
  node.sync();
  follower.acknowledge(1);
  node.forget();
  return { node, follower };
}

const refused = (reason: string): object => [
  { ok: false, code: 'RESOURCE_EXHAUSTED', text: `nothing was written: ${reason}` },
];

describe('a primary without room', () => {
  test('refuses what is new, as not started, and answers reads and deletes', () => {
    const { node, follower } = withFollower();
    node.step(FULL);
    for (const write of [put('key', 'value'), set('there', 'after')])
      expect(node.answer(node.query(write))).toEqual(refused('the disk is nearly full'));
    expect(node.answer(node.query(get('there')))).toEqual([{ ok: true, value: 'before' }]);
    const deletion = node.query(remove('there'));
    node.sync();
    follower.acknowledge(2);
    expect(node.answer(deletion)).toEqual([{ ok: true, value: 'before' }]);
  });

  test('finishes what was begun, and takes new entries by itself when there is room', () => {
    const { node, follower } = withFollower();
    const begun = node.query(put('key', 'value'));
    node.step(FULL);
    node.sync();
    follower.acknowledge(2);
    expect(node.answer(begun)).toEqual([{ ok: true, value: undefined }]);
    node.step(ROOM);
    const later = node.query(put('key', 'later'));
    node.sync();
    follower.acknowledge(3);
    expect(node.answer(later)).toEqual([{ ok: true, value: undefined }]);
  });

  test('says so, once for each change', () => {
    const { node } = withFollower();
    node.step(FULL);
    node.step({ kind: 'room', lacking: 'the disk is a little fuller' });
    node.step(ROOM);
    const told = node.of('event').filter(({ event }) => event.kind === 'room');
    expect(told.map(({ event }) => event)).toEqual([FULL, ROOM]);
    node.step(FULL);
    expect(node.core.inspection.status().roomLacking).toBe('the disk is nearly full');
  });
});

describe('a member without room', () => {
  test('stays in sync, and its primary refuses what is new until it has room', () => {
    const { node, follower } = withFollower();
    follower.acknowledge(1, { full: true });
    const reason = 'the disk of a replica has no room, at the node http://127.0.0.1:1001';
    expect(node.answer(node.query(put('key', 'value')))).toEqual(refused(reason));
    for (let beats = 0; beats < 50; beats++) {
      node.pass(200);
      follower.acknowledge(1, { full: true });
    }
    expect(node.of('call-registry').filter(({ request }) => request.kind === 'propose')).toEqual([]);
    expect(node.answer(node.query(get('there')))).toEqual([{ ok: true, value: 'before' }]);
    const deletion = node.query(remove('there'));
    node.sync();
    follower.acknowledge(2, { full: true });
    expect(node.answer(deletion)).toEqual([{ ok: true, value: 'before' }]);
    follower.acknowledge(2);
    const later = node.query(put('key', 'value'));
    node.sync();
    follower.acknowledge(3);
    expect(node.answer(later)).toEqual([{ ok: true, value: undefined }]);
  });

  test('a follower that is no member does not stand in the way of writes', () => {
    const node = SteppedNode.registered(ring(1, [arc()], [SELF]));
    node.sync();
    node.openedBy(THIRD, SELF, 1).acknowledge(0, { live: false, full: true });
    const write = node.query(put('key', 'value'));
    node.sync();
    expect(node.answer(write)).toEqual([{ ok: true, value: undefined }]);
  });
});

describe('a follower without room', () => {
  const others = (
    inSync: readonly [typeof OTHER] | readonly [typeof OTHER, typeof SELF],
  ): ReturnType<typeof arc> =>
    arc({ start: OTHER, end: SELF, epoch: 4, term: 4, primary: OTHER, inSync: [...inSync] });
  const own = arc({ start: SELF, end: OTHER, epoch: 4, term: 4, primary: OTHER, inSync: [OTHER] });
  const streams = (node: SteppedNode): unknown =>
    node.of('open-stream').map(({ message }) => message.stream.start);

  test('begins no copy, breaks one off that it has begun, and begins again when there is room', () => {
    const node = SteppedNode.registered(ring(1, [own, others([OTHER])], [SELF, OTHER]));
    expect(streams(node)).toEqual(expect.arrayContaining([SELF, OTHER]));
    node.forget();
    node.step(FULL);
    expect(node.of('close-stream')).toHaveLength(2);
    node.pass(1_000);
    expect(streams(node)).toEqual([]);
    node.step(ROOM);
    node.pass(200);
    expect(streams(node)).toEqual(expect.arrayContaining([SELF, OTHER]));
  });

  test('goes on following where it is in sync, and tells its primary', () => {
    const node = SteppedNode.registered(ring(1, [own, others([OTHER])], [SELF, OTHER]));
    const opened = node.of('open-stream').find(({ message }) => message.stream.start === OTHER);
    const { connection, message } = opened as NonNullable<typeof opened>;
    const hear = (body: PrimaryBody): void => {
      const told = { stream: message.stream, sentAtMs: 7, body };
      node.step({ kind: 'primary-message', connection, message: told });
      node.sync();
    };
    hear({ kind: 'start-over' });
    hear({
      kind: 'live',
      committed: 0,
      window: [],
      history: unknownHistory(0),
      overrules: 0,
      hash: undefined,
    });
    node.adopt(ring(2, [own, { ...others([OTHER, SELF]), epoch: 5 }], [SELF, OTHER]));
    node.forget();
    node.step(FULL);
    expect(node.of('close-stream').map((each) => each.connection)).not.toContain(connection);
    hear({ kind: 'heartbeat', committed: 0 });
    expect(node.last('send-to-primary').message.body).toMatchObject({ kind: 'acknowledge', full: true });
    node.step(ROOM);
    hear({ kind: 'heartbeat', committed: 0 });
    expect(node.last('send-to-primary').message.body).toMatchObject({ kind: 'acknowledge', full: false });
  });
});

test('a primary whose disk falls behind refuses every write and answers reads, until it has caught up', () => {
  const { node, follower } = withFollower();
  node.step({ kind: 'disk-overloaded', overloaded: true });
  for (const write of [put('key', 'value'), remove('there')])
    expect(node.answer(node.query(write))).toMatchObject([{ ok: false, code: 'RESOURCE_EXHAUSTED' }]);
  expect(node.answer(node.query(get('there')))).toEqual([{ ok: true, value: 'before' }]);
  node.step({ kind: 'disk-overloaded', overloaded: false });
  const later = node.query(put('key', 'later'));
  node.sync();
  follower.acknowledge(2);
  expect(node.answer(later)).toEqual([{ ok: true, value: undefined }]);
});

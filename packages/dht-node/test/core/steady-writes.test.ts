/**
 * A primary whose writes never pause: the member acknowledges after 2 ms, the follower that is to be taken in after 5, so
 * that the commit point is ahead of the follower whenever one looks.
 */

import { entryBytes } from '../../src/core/replica/sequenced-op';
import { SteppedNode, arc, OTHER, put, ring, SELF, THIRD, type Follower } from './stepped-node';

const MEMBER_MS = 2;
const FOLLOWER_MS = 5;

interface Running {
  readonly node: SteppedNode;
  /** A millisecond with a write; @returns how many are committed */
  readonly millisecond: () => number;
}

/** `isHeard`: whether the follower's acknowledgements come through in that millisecond. */
function writing(
  follower: (node: SteppedNode) => Follower,
  isHeard: (ms: number) => boolean = () => true,
): Running {
  const node = SteppedNode.registered(ring(1, [arc()], [SELF]));
  node.sync();
  node.adopt(ring(2, [arc({ epoch: 2, inSync: [SELF, OTHER] })], [SELF, OTHER, THIRD]));
  const member = node.openedBy(OTHER, SELF, 1, { complete: true });
  member.acknowledge(0);
  const slow = follower(node);
  const sent: number[] = [];
  const millisecond = (): number => {
    node.now += 1;
    sent.push(node.core.replicas.get(SELF)?.lastPrepared ?? 0);
    node.query(put(`key ${node.now}`, 'value'));
    node.sync();
    const at = (ago: number): number => sent.at(-1 - ago) ?? 0;
    if (sent.length > MEMBER_MS) member.acknowledge(at(MEMBER_MS));
    if (sent.length > FOLLOWER_MS && isHeard(sent.length)) slow.acknowledge(at(FOLLOWER_MS));
    node.step({ kind: 'tick' });
    const copy = node.core.replicas.get(SELF);
    return copy?.committed ?? 0;
  };
  return { node, millisecond };
}

const proposals = (node: SteppedNode): string[] =>
  node
    .of('call-registry')
    .flatMap(({ request }) => (request.kind === 'propose' ? [request.proposal.kind] : []));

test('a follower that keeps pace is admitted, however steady the writes are', () => {
  const { node, millisecond } = writing((primary) => primary.openedBy(THIRD, SELF, 1));
  for (let ms = 0; ms < 50 && !proposals(node).includes('admit'); ms++) millisecond();
  expect(proposals(node)).toContain('admit');
});

test('a newcomer that keeps pace is given its part, and the writes pause no longer than for what is on its way', () => {
  const part = { start: THIRD, end: SELF };
  const { node, millisecond } = writing((primary) => primary.openedBy(THIRD, SELF, 1, { range: part }));
  for (let ms = 0; ms < 50; ms++) millisecond();
  expect(proposals(node)).toContain('handover');
});

test('one that falls silent while it is waited for holds commits back for a tenth of a second, and not soon again', () => {
  const { node, millisecond } = writing(
    (primary) => primary.openedBy(THIRD, SELF, 1),
    (ms) => ms <= FOLLOWER_MS + 1 || ms > 150,
  );
  const pauses: number[] = [];
  let [before, since] = [0, 0];
  for (let ms = 0; ms < 3_000; ms++) {
    const committed = millisecond();
    if (committed === before) continue;
    pauses.push(ms - since);
    [before, since] = [committed, ms];
  }
  expect(pauses.filter((pause) => pause > 2 * MEMBER_MS)).toEqual([expect.closeTo(100, -1)]);
  expect(proposals(node)).not.toContain('admit');
  for (let ms = 0; ms < 200; ms++) millisecond();
  expect(proposals(node)).toContain('admit');
});

test('a transfer ends however much is written meanwhile to what it has passed', () => {
  const node = SteppedNode.registered(ring(1, [arc()], [SELF, THIRD]));
  node.sync();
  const value = 'v'.repeat(300_000);
  for (let key = 0; key < 20; key++) node.query(put(`key ${key}`, value));
  node.sync();
  const follower = node.openedBy(THIRD, SELF, 1);
  const sent: number[] = [];
  for (let ms = 0; ms < 1_000 && !follower.kinds.includes('live'); ms++) {
    node.now += 1;
    const entries = follower.heard.flatMap((body) => ('entries' in body ? body.entries : []));
    const passed = entries[0]?.key;
    if (passed !== undefined) node.query({ ...put('', value), key: passed });
    node.sync();
    sent.push(entryBytes(entries));
    const takenBytes = sent.at(-1 - FOLLOWER_MS) ?? 0;
    const taken = { prepared: 0, applied: 0, live: false, sentAtMs: node.now, takenBytes, full: false };
    follower.say({ kind: 'acknowledge', ...taken });
    node.step({ kind: 'tick' });
  }
  expect(follower.kinds).toContain('committed-ops');
  expect(follower.kinds).toContain('live');
});

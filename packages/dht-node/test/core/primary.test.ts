/** A primary stepped by hand: when it commits, reads, opens, and what it proposes. */

import { position, type Ring } from '@ringkeep/shared';
import type { OpenStream } from '../../src/core';
import { SteppedNode, arc, get, OTHER, put, remove, ring, SELF, set, THIRD } from './stepped-node';

const alone = (): SteppedNode => {
  const node = SteppedNode.registered(ring(1, [arc()], [SELF]));
  node.sync();
  return node;
};

/** Primary of the whole ring with one follower in sync, open. */
function withFollower(): { node: SteppedNode; follower: ReturnType<SteppedNode['openedBy']> } {
  const node = alone();
  node.adopt(ring(2, [arc({ epoch: 2, inSync: [SELF, OTHER] })], [SELF, OTHER]));
  const follower = node.openedBy(OTHER, SELF, 1, { complete: true });
  follower.acknowledge(0);
  node.forget();
  return { node, follower };
}

describe('alone', () => {
  test('a write is answered when it is on the disk, and not before', () => {
    const node = alone();
    const request = node.query(set('key', 'value'));
    expect(node.answer(request)).toBeUndefined();
    node.sync();
    expect(node.answer(request)).toEqual([{ ok: true, value: undefined }]);
  });

  test('a read shows what is committed and nothing that is only prepared', () => {
    const node = alone();
    node.query(set('key', 'value'));
    expect(node.answer(node.query(get('key')))).toEqual([{ ok: true, value: undefined }]);
    node.sync();
    expect(node.answer(node.query(get('key')))).toEqual([{ ok: true, value: 'value' }]);
  });

  test('writes of one batch on one key each answer the value before them', () => {
    const node = alone();
    const request = node.query(set('key', 'a'), set('key', 'b'), remove('key'), set('key', 'c'));
    node.sync();
    expect(node.answer(request)?.map((result) => result.ok && result.value)).toEqual([
      undefined,
      'a',
      'b',
      undefined,
    ]);
  });

  test('only the writes that ask for it are answered the value before them', () => {
    const node = alone();
    const untold = node.query(put('key', 'a'), put('key', 'b'));
    const mixed = node.query(put('key', 'c'), set('key', 'd'), put('key', 'e'), remove('key'));
    node.sync();
    const values = (request: number): unknown =>
      node.answer(request)?.map((result) => result.ok && result.value);
    expect(values(untold)).toEqual([undefined, undefined]);
    expect(values(mixed)).toEqual([undefined, 'c', undefined, 'e']);
  });

  test('each read of a large frame gets the value of its own key, whatever stands between them', () => {
    const node = alone();
    const names = Array.from({ length: 256 }, (_, i) => `key ${i}`);
    node.query(...names.map((name) => put(name, `value of ${name}`)));
    node.sync();
    const frame = names.map((name, i) =>
      i % 7 === 3 ? put(name, 'new') : i % 5 === 1 ? get(`no ${name}`) : get(name),
    );
    const request = node.query(...frame);
    node.sync();
    const expected = names.map((name, i) => (i % 7 === 3 || i % 5 === 1 ? undefined : `value of ${name}`));
    expect(node.answer(request)).toEqual(expected.map((value) => ({ ok: true, value })));
  });

  test('all writes of a step are one log batch', () => {
    const node = alone();
    node.forget();
    node.step(
      {
        kind: 'query',
        request: 901,
        operations: [set('a', '1')],
        hops: 0,
        deadlineAtMs: node.now + 1_000,
        ringVersion: 0,
        direct: false,
      },
      {
        kind: 'query',
        request: 902,
        operations: [set('b', '2')],
        hops: 0,
        deadlineAtMs: node.now + 1_000,
        ringVersion: 0,
        direct: false,
      },
    );
    expect(node.of('append')).toHaveLength(1);
    expect(node.last('append').records).toMatchObject([{ kind: 'prepare', firstSeq: 1, ops: [{}, {}] }]);
  });

  test('a write whose deadline passes while it waits for the disk has an unknown outcome', () => {
    const node = alone();
    const request = node.query(set('key', 'value'));
    node.pass(5_100);
    expect(node.answer(request)).toMatchObject([{ ok: false, code: 'OUTCOME_UNKNOWN' }]);
  });
});

describe('with a follower in sync', () => {
  test('a write commits when both have it on the disk, in either order', () => {
    for (const first of ['disk', 'follower']) {
      const { node, follower } = withFollower();
      const request = node.query(set('key', 'value'));
      expect(follower.kinds).toEqual(['prepare']);
      if (first === 'disk') node.sync();
      else follower.acknowledge(1);
      expect(node.answer(request)).toBeUndefined();
      if (first === 'disk') follower.acknowledge(1);
      else node.sync();
      expect(node.answer(request)).toMatchObject([{ ok: true }]);
    }
  });

  test('acknowledgements end with their stream: a follower that comes again has acknowledged nothing', () => {
    const { node, follower } = withFollower();
    const request = node.query(set('key', 'value'));
    follower.acknowledge(1);
    node.openedBy(OTHER, SELF, 1, { complete: true });
    node.sync();
    expect(node.answer(request)).toBeUndefined();
  });

  test('reads need the follower’s lease, which is counted from when the message was sent', () => {
    const { node, follower } = withFollower();
    const { leaseMs, leaseMarginMs } = node.parameters;
    node.now += leaseMs - leaseMarginMs;
    const request = node.query(get('key'));
    expect(node.answer(request)).toBeUndefined();
    follower.acknowledge(0, { sentAtMs: node.now - leaseMs });
    expect(node.answer(request)).toBeUndefined();
    follower.acknowledge(0, { sentAtMs: node.now - 1 });
    expect(node.answer(request)).toMatchObject([{ ok: true }]);
  });

  test('after the machine slept no lease counts, not even one granted on a message from before', () => {
    const { node, follower } = withFollower();
    const before = node.now;
    node.now += 5;
    node.step({ kind: 'suspended' });
    const request = node.query(get('key'));
    expect(node.answer(request)).toBeUndefined();
    follower.acknowledge(0, { sentAtMs: before });
    expect(node.answer(request)).toBeUndefined();
    node.now += 5;
    follower.acknowledge(0, { sentAtMs: node.now });
    expect(node.answer(request)).toMatchObject([{ ok: true }]);
  });

  test('a member that reconnects is aligned with what it lacks, never started over', () => {
    const { node } = withFollower();
    node.query(set('a', '1'), set('b', '2'));
    const again = node.openedBy(OTHER, SELF, 1, { complete: true, lastPrepared: 1 });
    expect(again.heard[0]).toMatchObject({
      kind: 'align',
      lastPrepared: 2,
      committed: 0,
      firstSeq: 2,
      ops: [{}],
    });
  });

  test('what a member lacks and fits no message comes in several, each of which goes on where the last one ended', () => {
    const { node } = withFollower();
    const large = 'x'.repeat(600 * 1024);
    node.query(...['a', 'b', 'c', 'd', 'e'].map((key) => set(key, large)));
    const again = node.openedBy(OTHER, SELF, 1, { complete: true, lastPrepared: 1 });
    for (let step = 0; step < 8; step++) node.step({ kind: 'tick' });
    const bringing = again.heard.flatMap((body) =>
      body.kind === 'align' || body.kind === 'prepare' ? [body] : [],
    );
    expect(bringing.map(({ kind }) => kind)).toEqual(['align', 'prepare', 'prepare', 'prepare']);
    expect(bringing.map(({ firstSeq }) => firstSeq)).toEqual([2, 3, 4, 5]);
    expect(bringing[0]).toMatchObject({ lastPrepared: 2, ops: [{}] });
  });

  test('a silent member is dropped after the failure timeout, and counts until that is settled', () => {
    const { node } = withFollower();
    const request = node.query(set('key', 'value'));
    node.sync();
    node.pass(node.parameters.failureTimeoutMs + 100);
    const proposal = node.of('call-registry').find(({ request: { kind } }) => kind === 'propose');
    expect(proposal?.request).toMatchObject({ proposal: { kind: 'drop', nodes: [OTHER], epoch: 2 } });
    expect(node.answer(request)).toBeUndefined();
    node.adopt(ring(3, [arc({ epoch: 3, inSync: [SELF] })], [SELF, OTHER]));
    expect(node.answer(request)).toMatchObject([{ ok: true }]);
  });
});

describe('a primary that waits', () => {
  test('for the answer to a proposal asks for its next step when that is due', () => {
    const { node } = withFollower();
    node.pass(node.parameters.failureTimeoutMs + 200);
    const proposals = (): number =>
      node.of('call-registry').filter(({ request }) => request.kind === 'propose').length;
    expect(proposals()).toBe(1);
    expect(node.passHosted(4_100)).toBe(0);
    expect(proposals()).toBe(3);
  });

  test('whose clock is set forward at every step goes on as a member and commits; only its reads wait', () => {
    const { node, follower } = withFollower();
    const write = node.query(set('key', 'value'));
    const read = node.query(get('key'));
    follower.acknowledge(1);
    node.sync();
    for (let step = 0; step < 300; step++) {
      node.now += 10;
      node.step({ kind: 'suspended' });
      const sentAtMs = node.now - 5;
      follower.acknowledge(1, { sentAtMs });
    }
    expect(node.answer(write)).toMatchObject([{ ok: true }]);
    expect(node.answer(read)).toMatchObject([{ ok: true }]);
    const waits = node.query(get('key'));
    expect(node.answer(waits)).toBeUndefined();
    const kinds = new Set(node.effects.map(({ kind }) => kind));
    expect(kinds.has('refused') || kinds.has('left') || kinds.has('close-follower')).toBe(false);
    node.now += 5;
    follower.acknowledge(1, { sentAtMs: node.now });
    expect(node.answer(waits)).toMatchObject([{ ok: true }]);
  });
});

describe('a member that is lost to the arc', () => {
  const inSync = [SELF, OTHER, THIRD];
  const ids = [SELF, OTHER, THIRD];

  /** Primary of an arc with two more members, neither of which has spoken; registered long ago or just now. */
  function takingOver(registeredMsAgo: number, members = ids, dead = [OTHER]): SteppedNode {
    const node = alone();
    node.pass(registeredMsAgo);
    node.forget();
    node.adopt(ring(2, [arc({ epoch: 2, term: 2, inSync, handover: false })], members, dead));
    node.sync();
    return node;
  }

  function proposed(node: SteppedNode): unknown[] {
    return node
      .of('call-registry')
      .flatMap(({ request }) => (request.kind === 'propose' ? [request.proposal] : []));
  }

  test('is not dropped by a process that has just registered though nobody else in sync is alive', () => {
    const node = takingOver(0, ids, [OTHER, THIRD]);
    node.pass(node.parameters.failureTimeoutMs - 200);
    expect(proposed(node)).toEqual([]);
    node.pass(400);
    expect(proposed(node)[0]).toMatchObject({ kind: 'drop', nodes: [OTHER, THIRD] });
  });

  test('because the ring says that it is dead, and it does not acknowledge, is dropped at once', () => {
    const node = takingOver(60_000);
    node.pass(20);
    expect(proposed(node)).toMatchObject([{ kind: 'drop', nodes: [OTHER] }]);
  });

  test('is dropped on the word of the ring only by a process that has been there for long enough', () => {
    const node = takingOver(0);
    node.pass(node.parameters.failureTimeoutMs - 200);
    expect(proposed(node)).toEqual([]);
    node.pass(400);
    expect(proposed(node)[0]).toMatchObject({ kind: 'drop', nodes: [OTHER, THIRD] });
  });

  test('is kept while it acknowledges and nobody else has a copy to take its place, whatever the ring says', () => {
    const substitute = position(1n << 62n);
    const node = takingOver(1_000, [SELF, substitute, OTHER, THIRD]);
    const other = node.openedBy(OTHER, SELF, 2, { complete: true });
    const third = node.openedBy(THIRD, SELF, 2, { complete: true });
    for (let beat = 0; beat < 30; beat++) {
      node.pass(node.parameters.leaseMs / 8);
      other.acknowledge(0);
      third.acknowledge(0);
    }
    expect(proposed(node)).toEqual([]);
  });

  test('because it has no copy by the ring is dropped without a higher epoch', () => {
    const node = alone();
    node.adopt(ring(2, [arc({ epoch: 2, inSync })], ids));
    for (const id of [OTHER, THIRD]) node.openedBy(id, SELF, 1, { complete: true }).acknowledge(0);
    expect(proposed(node)).toEqual([]);
    node.adopt(ring(3, [arc({ epoch: 2, inSync, withoutCopy: [THIRD] })], ids));
    expect(proposed(node)).toMatchObject([{ kind: 'drop', epoch: 2, nodes: [THIRD] }]);
  });

  test('because its copy is not complete waits until its drop is settled, then starts over and is admitted', () => {
    const node = alone();
    node.adopt(ring(2, [arc({ epoch: 2, inSync: [SELF, OTHER] })], [SELF, OTHER]));
    const early = node.openedBy(OTHER, SELF, 1, { complete: false });
    expect(early.kinds).toEqual(['wait']);
    expect(proposed(node)).toMatchObject([{ kind: 'drop', nodes: [OTHER] }]);
    expect(node.openedBy(OTHER, SELF, 1, { complete: false }).kinds).toEqual(['wait']);
    node.forget();
    node.adopt(ring(3, [arc({ epoch: 3, inSync: [SELF] })], [SELF, OTHER]));
    const late = node.openedBy(OTHER, SELF, 1, { complete: false });
    expect(late.kinds[0]).toBe('start-over');
    for (let step = 0; step < 4; step++) node.step({ kind: 'tick' });
    late.acknowledge(0);
    node.step({ kind: 'tick' });
    expect(proposed(node)).toMatchObject([{ kind: 'admit', node: OTHER, incarnation: 1 }]);
    node.forget();
    node.adopt(ring(4, [arc({ epoch: 4, inSync: [SELF, OTHER] })], [SELF, OTHER]));
    node.pass(100);
    expect(proposed(node)).toEqual([]);
  });
});

test.each<[string, (ring: Ring) => Partial<OpenStream>]>([
  ['an earlier incarnation', () => ({ incarnation: 0 })],
  ['another process', () => ({ process: 2n })],
  ['another cluster', (known) => ({ ring: { ...known, clusterId: 'other' } })],
])('an opening of %s is put off, be it of a member or not', (_, strange) => {
  const { node } = withFollower();
  node.adopt(ring(3, [arc({ epoch: 3, inSync: [SELF, OTHER] })], [SELF, OTHER, THIRD]));
  const open = strange(node.core.view.ring);
  expect(node.openedBy(OTHER, SELF, 1, { complete: true, ...open }).kinds).toEqual(['wait']);
  expect(node.openedBy(THIRD, SELF, 1, open).kinds).toEqual(['wait']);
  expect(node.openedBy(OTHER, SELF, 1, { complete: true }).kinds).toEqual(['align']);
});

describe('an opening that comes after a later one', () => {
  test('of a member is dropped: it describes a copy that has gone on since', () => {
    const { node } = withFollower();
    const newer = node.openedBy(OTHER, SELF, 1, { complete: true });
    const older = node.openedBy(OTHER, SELF, 1, { complete: true }, 1);
    expect(newer.kinds).toEqual(['align']);
    expect(older.kinds).toEqual([]);
    expect(node.last('close-follower').connection).toBe(older.connection);
  });

  test('by its number, of a node that is no member, is none: without its disk it counts its streams afresh', () => {
    const { node } = withFollower();
    node.adopt(ring(3, [arc({ epoch: 3, inSync: [SELF, OTHER] })], [SELF, OTHER, THIRD]));
    node.openedBy(THIRD, SELF, 1, {}, 1_000);
    node.adopt(ring(4, [arc({ epoch: 3, inSync: [SELF, OTHER] })], [SELF, OTHER]));
    node.adopt(ring(5, [arc({ epoch: 3, inSync: [SELF, OTHER] })], [SELF, OTHER, THIRD]));
    const afresh = node.openedBy(THIRD, SELF, 1, {}, 1);
    expect(afresh.kinds[0]).toBe('start-over');
  });
});

describe('a replica that is proposed', () => {
  function proposing(): ReturnType<typeof withFollower> & { newcomer: ReturnType<SteppedNode['openedBy']> } {
    const { node, follower } = withFollower();
    node.adopt(ring(3, [arc({ epoch: 3, inSync: [SELF, OTHER] })], [SELF, OTHER, THIRD]));
    node.forget();
    const newcomer = node.openedBy(THIRD, SELF, 1);
    for (let step = 0; step < 4; step++) node.step({ kind: 'tick' });
    newcomer.acknowledge(0);
    node.step({ kind: 'tick' });
    follower.acknowledge(0);
    return { node, follower, newcomer };
  }

  test('is copied to and admitted only then', () => {
    const { node, newcomer } = proposing();
    expect(newcomer.kinds.slice(0, 4)).toEqual(['start-over', 'chunk', 'chunk', 'live']);
    expect(node.last('call-registry').request).toMatchObject({
      kind: 'propose',
      proposal: { kind: 'admit', node: THIRD, incarnation: 1 },
    });
  });

  test('counts for commits from the proposal on', () => {
    const { node, follower, newcomer } = proposing();
    const request = node.query(set('key', 'value'));
    node.sync();
    follower.acknowledge(1);
    expect(node.answer(request)).toBeUndefined();
    newcomer.acknowledge(1);
    expect(node.answer(request)).toMatchObject([{ ok: true }]);
  });

  test('goes on counting after a refusal: only a higher epoch settles a proposal, and Keep asks for one', () => {
    const { node } = proposing();
    const { call } = node.last('call-registry');
    const update = { kind: 'ring', ring: node.core.view.ring } as const;
    node.step({ kind: 'proposal-answer', call, accepted: false, reason: 'no', update });
    expect(node.last('call-registry').request).toMatchObject({ proposal: { kind: 'keep', epoch: 3 } });
    node.now += node.parameters.leaseMs * 2;
    const request = node.query(get('key'));
    expect(node.answer(request)).toBeUndefined();
  });
});

test('a follower that is released when it comes again has acknowledged nothing, whatever it had before', () => {
  const nodes = [SELF, OTHER, THIRD];
  const admits = (): unknown[] =>
    node
      .of('call-registry')
      .map(({ request }) => request)
      .filter((request) => request.kind === 'propose' && request.proposal.kind === 'admit');
  const node = alone();
  node.adopt(ring(2, [arc({ epoch: 2 })], nodes));
  const [third, other] = [node.openedBy(THIRD, SELF, 1), node.openedBy(OTHER, SELF, 1)];
  for (let step = 0; step < 4; step++) node.step({ kind: 'tick' });
  third.acknowledge(0);
  other.acknowledge(0);
  expect(admits()).toMatchObject([{ proposal: { node: THIRD } }]);
  // While that is unsettled the ring wants one copy only, and then more again.
  node.adopt(ring(3, [arc({ epoch: 2 })], nodes), { replicationFactor: 1 });
  expect(node.openedBy(OTHER, SELF, 1, { complete: true }).kinds).toEqual(['release']);
  node.forget();
  node.adopt(ring(4, [arc({ epoch: 3, inSync: [SELF, THIRD] })], nodes));
  node.step({ kind: 'tick' });
  expect(admits()).toEqual([]);
});

describe('taking an arc over', () => {
  test('a new primary waits until what it may have granted is over, then for every member', () => {
    const node = alone();
    node.core.grants.grant(arc(), node.now + 1_000);
    node.adopt(ring(2, [arc({ epoch: 5, term: 5, inSync: [SELF, OTHER] })], [SELF, OTHER]));
    const follower = node.openedBy(OTHER, SELF, 5, { complete: true });
    follower.acknowledge(0);
    const request = node.query(set('key', 'value'));
    node.pass(900);
    expect(node.of('event').some(({ event }) => event.kind === 'role-open' && event.term === 5)).toBe(false);
    node.pass(200);
    follower.acknowledge(0);
    expect(node.of('event').some(({ event }) => event.kind === 'role-open' && event.term === 5)).toBe(true);
    node.sync();
    follower.acknowledge(1);
    expect(node.answer(request)).toMatchObject([{ ok: true }]);
  });

  test('after a handover there is nothing to wait out: the old primary had stopped', () => {
    const node = alone();
    node.core.grants.grant(arc(), node.now + 1_000);
    node.adopt(ring(2, [arc({ epoch: 5, term: 5, handover: true })], [SELF]));
    node.sync();
    expect(node.answer(node.query(get('key')))).toMatchObject([{ ok: true }]);
  });

  test('a write that is not on the disk yet when its primary is given a new term is answered once it is', () => {
    const node = alone();
    node.hear(ring(2, [arc({ epoch: 2, term: 2 })], [SELF]));
    const written = node.query(set('key', 'value'));
    node.syncRing();
    expect(node.core.view.version).toBe(2);
    expect(node.answer(written)).toBeUndefined();
    node.sync();
    expect(node.answer(written)).toEqual([{ ok: true, value: undefined }]);
    expect(node.answer(node.query(get('key')))).toEqual([{ ok: true, value: 'value' }]);
  });

  test('a primary that loses its role answers "outcome unknown" for its window and routes the rest on', () => {
    const { node } = withFollower();
    const written = node.query(set('key', 'value'));
    node.adopt(ring(3, [arc({ epoch: 3, term: 3, primary: OTHER, inSync: [OTHER, SELF] })], [SELF, OTHER]));
    expect(node.answer(written)).toMatchObject([{ ok: false, code: 'OUTCOME_UNKNOWN' }]);
    node.query(get('key'));
    expect(node.last('forward')).toMatchObject({ to: { id: OTHER }, hops: 1 });
  });
});

test('an arc whose owner is down answers UNAVAILABLE at once', () => {
  const node = alone();
  const newer = ring(2, [arc({ epoch: 2, term: 2, primary: OTHER, inSync: [OTHER] })], [SELF, OTHER]);
  node.adopt({
    ...newer,
    members: newer.members.map((member) => (member.id === OTHER ? { ...member, state: 'dead' } : member)),
  });
  expect(node.answer(node.query(set('key', 'value')))).toMatchObject([{ ok: false, code: 'UNAVAILABLE' }]);
});

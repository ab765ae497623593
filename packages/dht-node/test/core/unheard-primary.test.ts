/** A member that does not hear its primary says so to the registry; a primary that replaced one is slow to give it back. */

import { checkParameters, type LogExtent, type NodeId, type Ring } from '@ringkeep/shared';
import type { PrimaryBody, RegistryCall } from '../../src/core';
import { OTHER, SELF, SteppedNode, THIRD, arc, ring, type Follower } from './stepped-node';

const PARAMETERS = checkParameters({});
const { leaseMs, failureTimeoutMs } = PARAMETERS;
type Renewal = Extract<RegistryCall, { kind: 'renew' }>;

/** OTHER is primary of everything, SELF and THIRD are in sync; it starts where OTHER is. */
const first = (version = 1, term = 4): Ring =>
  ring(version, [
    arc({
      start: OTHER,
      end: OTHER,
      epoch: term,
      term,
      handover: true,
      primary: OTHER,
      inSync: [OTHER, SELF, THIRD],
    }),
  ]);

function member(): SteppedNode {
  const node = SteppedNode.registered(first(), PARAMETERS);
  node.core.replicas.apply({
    kind: 'create',
    range: { start: OTHER, end: OTHER },
    complete: true,
  });
  return node;
}

/** Lets time pass; each renewal is answered at once. */
function goOn(node: SteppedNode, ms: number, each: () => void = () => undefined): void {
  const answered = new Set<number>();
  for (const until = node.now + ms; node.now < until;) {
    node.pass(50);
    for (const { call, request } of node.of('call-registry')) {
      if (request.kind !== 'renew' || answered.has(call)) continue;
      answered.add(call);
      const update = { kind: 'ring' as const, ring: node.core.view.ring };
      node.step({
        kind: 'member-answer',
        call,
        live: true,
        replaced: '',
        undecided: '',
        roomLacking: '',
        update,
      });
    }
    each();
  }
}

const renewals = (node: SteppedNode): Renewal[] =>
  node.of('call-registry').flatMap(({ request }) => (request.kind === 'renew' ? [request] : []));

/** The primary says something on the newest stream that this node has opened to it. */
function hear(node: SteppedNode): void {
  const { connection, message } = node.last('open-stream');
  const heard = { stream: message.stream, sentAtMs: node.now, body: { kind: 'wait' as const } };
  node.step({ kind: 'primary-message', connection, message: heard });
}

test('a primary that is silent for a lease is complained of at once, and no longer when it is heard', () => {
  const node = member();
  goOn(node, leaseMs - 200);
  expect(renewals(node).every(({ complaints }) => complaints.length === 0)).toBe(true);
  goOn(node, 400);
  expect(renewals(node).at(-1)?.complaints).toEqual([{ start: OTHER, term: 4 }]);
  node.step({ kind: 'tick' });
  hear(node);
  goOn(node, 200);
  expect(renewals(node).at(-1)?.complaints).toEqual([]);
});

test('whatever a primary says is heard, also that one is to come again', () => {
  const node = member();
  goOn(node, 3 * leaseMs, () => hear(node));
  expect(renewals(node).every(({ complaints }) => complaints.length === 0)).toBe(true);
});

test('of arcs that it is primary of, or no member of, a node complains never', () => {
  const arcs = [
    arc({ start: OTHER, end: THIRD, epoch: 4, term: 4, primary: OTHER, inSync: [OTHER, THIRD] }),
    arc({ start: THIRD, end: SELF, epoch: 4, term: 4, primary: OTHER, inSync: [OTHER, SELF] }),
    arc({ start: SELF, end: OTHER, epoch: 4, term: 4, inSync: [SELF, OTHER] }),
  ];
  const node = SteppedNode.registered(ring(1, arcs), PARAMETERS);
  goOn(node, leaseMs + failureTimeoutMs + 500);
  const complained = renewals(node).flatMap(({ complaints }) => complaints.map(({ start }) => start));
  expect([...new Set(complained)]).toEqual([THIRD]);
});

test('another term gives its primary its own time', () => {
  const node = member();
  goOn(node, leaseMs - 200);
  node.adopt(first(2, 5));
  goOn(node, leaseMs - 200);
  expect(renewals(node).every(({ complaints }) => complaints.length === 0)).toBe(true);
  goOn(node, 400);
  expect(renewals(node).at(-1)?.complaints).toEqual([{ start: OTHER, term: 5 }]);
});

test('what a node has slept through is no silence of its primary', () => {
  const node = member();
  node.now += 10 * leaseMs;
  node.step({ kind: 'tick' });
  goOn(node, leaseMs - 200);
  expect(renewals(node).every(({ complaints }) => complaints.length === 0)).toBe(true);
});

describe('a primary that loses all that follow it at once', () => {
  const IDS = [SELF, OTHER, THIRD];
  const arcs = [arc({ epoch: 2, inSync: IDS })];

  /** All are in sync and follow; from now on nobody does. */
  function followed(): { node: SteppedNode; followers: Follower[] } {
    const node = SteppedNode.registered(ring(1, [arc()], [SELF]), PARAMETERS);
    node.sync();
    node.adopt(ring(2, arcs, IDS));
    const followers = [OTHER, THIRD].map((id) => node.openedBy(id, SELF, 1, { complete: true }));
    for (const follower of followers) follower.acknowledge(0);
    node.forget();
    return { node, followers };
  }

  const drops = (node: SteppedNode): unknown[] =>
    node
      .of('call-registry')
      .flatMap(({ request }) =>
        request.kind === 'propose' && request.proposal.kind === 'drop' ? [request.proposal.nodes] : [],
      );

  test('and that the registry hears may itself be the one that is not heard: they have time to say so', () => {
    const { node } = followed();
    goOn(node, 2 * failureTimeoutMs - 100);
    expect(drops(node)).toEqual([]);
    goOn(node, 200);
    expect(drops(node)[0]).toEqual([OTHER, THIRD]);
  });

  test('drops those that the registry does not hear either as before', () => {
    const { node } = followed();
    goOn(node, failureTimeoutMs);
    const next = ring(3, arcs, IDS);
    const members = next.members.map((member) =>
      member.id === SELF ? member : { ...member, state: 'dead' as const },
    );
    node.adopt({ ...next, members });
    goOn(node, 200);
    expect(drops(node)[0]).toEqual([OTHER, THIRD]);
  });

  test('drops one of them as before while the other is heard', () => {
    const { node, followers } = followed();
    goOn(node, failureTimeoutMs + 200, () => followers[1]?.acknowledge(0));
    expect(drops(node)[0]).toEqual([OTHER]);
  });
});

describe('a member that takes over from an owner with writes under way', () => {
  const config = { start: OTHER, end: OTHER, inSync: [OTHER, SELF, THIRD] };
  const log = (lastPrepared: number): LogExtent => ({
    range: { start: OTHER, end: OTHER },
    committed: 0,
    lastPrepared,
    history: { from: 1, pieces: [], starts: [{ term: 4, first: 1 }] },
  });

  /** It has followed the owner up to the first of its two writes. */
  function followed(): SteppedNode {
    const node = member();
    node.pass(200);
    const { connection, message } = node.last('open-stream');
    const hear = (body: PrimaryBody): void =>
      void node.step({
        kind: 'primary-message',
        connection,
        message: { stream: message.stream, sentAtMs: node.now, body },
      });
    hear({
      kind: 'align',
      lastPrepared: 0,
      committed: 0,
      firstSeq: 1,
      ops: [],
      terms: [],
      overrules: 0,
      hash: { term: 4, value: 0 },
    });
    hear({ kind: 'prepare', firstSeq: 1, ops: [undefined], committed: 0, terms: [] });
    node.sync();
    return node;
  }

  function takesOver(node: SteppedNode): { kinds: string[]; yields: unknown[] } {
    node.adopt(ring(2, [arc({ ...config, epoch: 5, term: 5, primary: SELF })]));
    goOn(node, leaseMs + 200);
    node.forget();
    const back = node.openedBy(OTHER, OTHER, 5, { complete: true, lastPrepared: 2, logs: [log(2)] });
    goOn(node, 100);
    const yields = node
      .of('call-registry')
      .filter(({ request }) => request.kind === 'propose' && request.proposal.kind === 'yield');
    return { kinds: back.kinds, yields };
  }

  test('keeps the role, and has the owner give up what only that has prepared', () => {
    const node = followed();
    const { kinds, yields } = takesOver(node);
    expect(yields).toEqual([]);
    expect(kinds[0]).toBe('align');
  });

  test('yields when it was started since: its disk may be older than what it once acknowledged', () => {
    const before = followed();
    const node = SteppedNode.registered(first(), PARAMETERS);
    node.core.replicas.restore(before.core.replicas.snapshot(), node.core.replicas.known);
    const { kinds, yields } = takesOver(node);
    expect(yields).toHaveLength(1);
    expect(kinds[0]).toBe('wait');
  });
});

describe('a primary that took over from one that it did not hear', () => {
  /** OTHER follows here again, on a stream of its own. */
  function tookOver(): { node: SteppedNode; followers: Follower[] } {
    const node = member();
    goOn(node, leaseMs + 300);
    const config = { start: OTHER, end: OTHER, epoch: 5, term: 5, inSync: [OTHER, SELF, THIRD] };
    node.adopt(ring(2, [arc({ ...config, primary: SELF })]));
    node.sync();
    const open = (id: NodeId): Follower => node.openedBy(id, OTHER, 5, { complete: true });
    goOn(node, leaseMs + 200);
    const followers = [open(OTHER), open(THIRD)];
    for (const follower of followers) follower.acknowledge(0);
    node.forget();
    return { node, followers };
  }

  const handovers = (node: SteppedNode): unknown[] =>
    node
      .of('call-registry')
      .filter(({ request }) => request.kind === 'propose' && request.proposal.kind === 'handover');

  test('gives the arc back when it has been reached for two failure timeouts', () => {
    const { node, followers } = tookOver();
    const acknowledge = (): void => followers.forEach((follower) => follower.acknowledge(0));
    goOn(node, 2 * failureTimeoutMs - leaseMs - 600, acknowledge);
    expect(handovers(node)).toEqual([]);
    goOn(node, leaseMs + 1_000, acknowledge);
    expect(handovers(node)[0]).toMatchObject({ request: { proposal: { node: OTHER, at: OTHER } } });
  });

  test('does not while it cannot reach that one, however long that one follows', () => {
    const { node, followers } = tookOver();
    node.missed.add(OTHER);
    goOn(node, 8 * failureTimeoutMs, () => followers.forEach((follower) => follower.acknowledge(0)));
    expect(handovers(node)).toEqual([]);
  });
});

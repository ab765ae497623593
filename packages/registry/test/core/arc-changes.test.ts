import type { NodeId, Proposal } from '@ringkeep/shared';
import { SteppedRegistry, type Node } from './stepped-registry';

function ring(): { registry: SteppedRegistry; a: Node; b: Node; c: Node } {
  const registry = new SteppedRegistry();
  const [a, b, c] = ['a', 'b', 'c'].map((name) => registry.join(`http://${name}:1`)) as [Node, Node, Node];
  return { registry, a, b, c };
}

describe('proposals', () => {
  test('an accepted one is one change with a higher epoch, and watchers hear of it', () => {
    const { registry, a, b } = ring();
    const before = registry.ring;
    registry.watch(1, before.version);
    const answer = registry.propose(a, {
      kind: 'admit',
      start: a.identity.id,
      epoch: 1,
      node: b.identity.id,
      incarnation: 1,
    });
    expect(answer).toMatchObject({ accepted: true, reason: '' });
    expect(registry.ring.version).toBe(before.version + 1);
    expect(registry.ring.arcs).toMatchObject([{ epoch: 2, term: 1, inSync: [a.identity.id, b.identity.id] }]);
    expect(registry.seenBy(1, before)).toEqual(registry.ring);
  });

  test('keep raises the epoch and nothing else', () => {
    const { registry, a } = ring();
    registry.propose(a, { kind: 'keep', start: a.identity.id, epoch: 1 });
    expect(registry.ring.arcs).toMatchObject([{ epoch: 2, term: 1, inSync: [a.identity.id] }]);
  });

  test('a handover inside an arc splits it, and a merge joins the halves again', () => {
    const { registry, a, b } = ring();
    const at = b.identity.id;
    const start = a.identity.id;
    registry.propose(a, { kind: 'handover', start, epoch: 1, node: at, incarnation: 1, at, seq: 17 });
    expect(registry.arc(start)).toMatchObject({
      end: at,
      epoch: 2,
      term: 2,
      handover: true,
      primary: start,
      seq: 17,
    });
    expect(registry.arc(at)).toMatchObject({
      end: start,
      epoch: 2,
      term: 2,
      handover: true,
      primary: at,
      seq: 17,
    });
    registry.propose(b, { kind: 'handover', start: at, epoch: 2, node: start, incarnation: 1, at, seq: 20 });
    registry.propose(a, { kind: 'admit', start, epoch: 2, node: at, incarnation: 1 });
    const merge = { kind: 'merge', start, epoch: 3, nextStart: at, nextEpoch: 3, seq: 30 } as const;
    expect(registry.propose(a, merge).reason).toBe('');
    expect(registry.ring.arcs).toMatchObject([
      { start, end: start, epoch: 4, term: 4, primary: start, seq: 30 },
    ]);
  });

  test('a repeat fails on the epoch and changes nothing', () => {
    const { registry, a, b } = ring();
    const admit: Proposal = {
      kind: 'admit',
      start: a.identity.id,
      epoch: 1,
      node: b.identity.id,
      incarnation: 1,
    };
    registry.propose(a, admit);
    const { version } = registry.ring;
    const answer = registry.propose(a, admit);
    expect(answer).toMatchObject({ accepted: false, reason: 'the epoch is 2, not 1' });
    expect(answer.ring).toEqual({ kind: 'ring', ring: registry.ring });
    expect(registry.ring.version).toBe(version);
  });

  test.each([
    ['of another member than the primary', 'b', 'is not the primary'],
    ['of a stranger', 'stranger', 'is no member'],
    ['of an older incarnation', 'ghost', 'is in its incarnation 1'],
  ])('one %s is refused', (_what, who, reason) => {
    const { registry, a, b } = ring();
    const by = {
      b,
      stranger: { ...a, identity: { ...a.identity, id: b.identity.id } },
      ghost: { ...a, incarnation: 9 },
    };
    if (who === 'stranger') registry.leave(b);
    const proposer = by[who as keyof typeof by];
    const answer = registry.propose(proposer, { kind: 'keep', start: a.identity.id, epoch: 1 });
    expect(answer.reason).toContain(reason);
  });

  test('one of a primary that was declared dead is refused', () => {
    const { registry, a } = ring();
    registry.die([a], []);
    expect(registry.propose(a, { kind: 'keep', start: a.identity.id, epoch: 1 }).reason).toContain(
      'declared dead',
    );
  });

  test('nobody who is dead, leaving or unknown is admitted or handed an arc', () => {
    const { registry, a, b, c } = ring();
    const start = a.identity.id;
    const admit = (node: Node) =>
      registry.propose(a, { kind: 'admit', start, epoch: 1, node: node.identity.id, incarnation: 1 });
    const handOver = (node: Node) =>
      registry.propose(a, {
        kind: 'handover',
        start,
        epoch: 1,
        node: node.identity.id,
        incarnation: 1,
        at: start,
        seq: 0,
      });
    registry.die([b], [a, c]);
    expect(admit(b).reason).toContain('is dead');
    expect(handOver(b).reason).toContain('is dead');
    registry.leave(c);
    expect(admit(c).reason).toContain('is no member');
  });

  test('a leaving member is given no part of an arc; the whole of one it is: its data may be those decided for', () => {
    const { registry, a, b } = ring();
    const start = a.identity.id;
    registry.admit(start, a, [b]);
    registry.leave(b);
    const node = b.identity.id;
    const proposed = (at: NodeId) =>
      registry.propose(a, { kind: 'handover', start, epoch: 2, node, incarnation: 1, at, seq: 0 });
    expect(proposed(node).reason).toContain('is leaving');
    expect(proposed(start).reason).toBe('');
  });

  test.each<[string, (a: Node, b: Node) => Proposal, string]>([
    ['no such arc', (_a, b) => ({ kind: 'keep', start: b.identity.id, epoch: 1 }), 'no arc starts at'],
    [
      'twice in sync',
      (a) => ({ kind: 'admit', start: a.identity.id, epoch: 1, node: a.identity.id, incarnation: 1 }),
      'already in sync',
    ],
    [
      'drops itself',
      (a) => ({ kind: 'drop', start: a.identity.id, epoch: 1, nodes: [a.identity.id] }),
      'drop itself',
    ],
    [
      'drops a stranger',
      (a, b) => ({ kind: 'drop', start: a.identity.id, epoch: 1, nodes: [b.identity.id] }),
      'not in sync',
    ],
    [
      'hands over to itself',
      (a) => ({
        kind: 'handover',
        start: a.identity.id,
        epoch: 1,
        node: a.identity.id,
        incarnation: 1,
        at: a.identity.id,
        seq: 0,
      }),
      'already the primary',
    ],
    [
      'merges what is not there',
      (a, b) => ({
        kind: 'merge',
        start: a.identity.id,
        epoch: 1,
        nextStart: b.identity.id,
        nextEpoch: 1,
        seq: 0,
      }),
      'not there',
    ],
  ])('one that does not fit is refused: %s', (_what, make, reason) => {
    const { registry, a, b } = ring();
    const { ring: before } = registry;
    expect(registry.propose(a, make(a, b)).reason).toContain(reason);
    expect(registry.ring).toBe(before);
  });

  test('a last seq that falls behind the arc is refused', () => {
    const { registry, a, b } = ring();
    const start = a.identity.id;
    registry.propose(a, {
      kind: 'handover',
      start,
      epoch: 1,
      node: b.identity.id,
      incarnation: 1,
      at: b.identity.id,
      seq: 9,
    });
    const answer = registry.propose(a, {
      kind: 'handover',
      start,
      epoch: 2,
      node: b.identity.id,
      incarnation: 1,
      at: start,
      seq: 8,
    });
    expect(answer.reason).toBe('the last seq is at least 9, not 8');
  });
});

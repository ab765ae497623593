import { clockwiseDistance, type NodeId } from '@ringkeep/shared';
import { SteppedRegistry, type Node } from './stepped-registry';

function ids(...nodes: readonly Node[]): NodeId[] {
  return nodes.map((node) => node.identity.id);
}

/** The nodes but the first, the closest before it on the ring first. */
function behind([first, ...others]: readonly Node[]): Node[] {
  const primary = (first as Node).identity.id;
  const distance = (node: Node) => clockwiseDistance(node.identity.id, primary);
  return [...others].sort((x, y) => (distance(x) < distance(y) ? -1 : 1));
}

function group(count: number): { registry: SteppedRegistry; nodes: Node[]; start: NodeId } {
  const registry = new SteppedRegistry();
  const nodes = registry.group(count);
  return { registry, nodes, start: (nodes[0] as Node).identity.id };
}

describe('eviction', () => {
  test('a dead follower stays in sync until its primary takes it out', () => {
    const { registry, nodes, start } = group(3);
    const [a, b, c] = nodes as [Node, Node, Node];
    const before = registry.arc(start);
    registry.die([c], [a, b]);
    expect(registry.arc(start)).toBe(before);
    const answer = registry.propose(a, { kind: 'drop', start, epoch: before.epoch, nodes: ids(c) });
    expect(answer.reason).toBe('');
    expect(registry.arc(start)).toMatchObject({ epoch: before.epoch + 1, term: 1, inSync: ids(a, b) });
  });

  test('of a dead primary the live member closest before it takes over, in a new term', () => {
    const { registry, nodes, start } = group(4);
    const [next] = behind(nodes) as [Node];
    const { epoch, inSync } = registry.arc(start);
    registry.die(nodes.slice(0, 1), nodes.slice(1));
    const arc = registry.arc(start);
    expect(arc).toMatchObject({
      primary: next.identity.id,
      epoch: epoch + 1,
      term: epoch + 1,
      handover: false,
    });
    expect(arc.inSync).toBe(inSync);
  });

  test('of a dead primary nobody takes over who has no copy', () => {
    const { registry, nodes, start } = group(3);
    const [next, last] = behind(nodes) as [Node, Node];
    next.incarnation += 1;
    registry.register({ ...next, held: [] });
    expect(registry.arc(start).withoutCopy).toEqual(ids(next));
    registry.die(nodes.slice(0, 1), [next, last]);
    expect(registry.arc(start)).toMatchObject({ primary: last.identity.id, handover: false });
  });

  test('members that die one after another all stay in sync, whoever of them comes back', () => {
    const { registry, nodes, start } = group(3);
    for (const node of nodes) {
      registry.renew(node);
      registry.advance(100);
    }
    registry.advance(registry.config.parameters.membershipLeaseMs);
    expect(nodes.map((node) => registry.member(node)?.state)).toEqual(['dead', 'dead', 'dead']);
    expect(registry.arc(start).inSync).toHaveLength(3);
    const back = nodes.slice(0, 2);
    for (const node of back) registry.restart(node);
    registry.advanceWith(back, registry.config.returnWaitMs);
    const { primary, inSync } = registry.arc(start);
    expect(ids(...back)).toContain(primary);
    expect(inSync).toEqual(ids(...nodes));
  });

  test('a takeover from a primary that was handed its arc is no handover: that one may not have stopped', () => {
    const { registry, nodes, start } = group(2);
    const [a, b] = nodes as [Node, Node];
    const c = registry.join('http://c:1');
    registry.handOver(a, c);
    registry.admit(start, a, [c]);
    expect(registry.arc(c.identity.id)).toMatchObject({ primary: c.identity.id, handover: true });
    registry.die([c], [a, b]);
    expect(registry.arc(c.identity.id).handover).toBe(false);
    expect(registry.arc(start)).toMatchObject({ primary: start, handover: true });
  });

  test('a primary that is handed the arc too late, and is dead by then, is replaced', () => {
    const { registry, nodes, start } = group(2);
    const [a, b] = nodes as [Node, Node];
    const { epoch } = registry.arc(start);
    registry.die([a], [b]);
    const handed = registry.arc(start);
    expect(handed).toMatchObject({ primary: b.identity.id, term: epoch + 1 });
    registry.restart(a);
    registry.die([b], [a]);
    expect(registry.arc(start)).toMatchObject({ primary: a.identity.id, inSync: ids(a, b) });
  });

  test('an arc without a live in-sync member stays as it is', () => {
    const { registry, nodes, start } = group(2);
    const other = registry.join('http://other:1');
    const before = registry.arc(start);
    registry.advanceWith([other], 4_000);
    expect(nodes.map((node) => registry.member(node)?.state)).toEqual(['dead', 'dead']);
    expect(registry.arc(start)).toBe(before);
  });

  test('every arc of which the dead was primary gets another, and no other arc is changed', () => {
    const { registry, nodes, start } = group(2);
    const [a, b] = nodes as [Node, Node];
    const c = registry.join('http://c:1');
    registry.handOver(a, c);
    const [before, handed] = [registry.arc(start), registry.arc(c.identity.id)];
    registry.die([c], [a, b]);
    expect(registry.arc(start)).toBe(before);
    expect(registry.arc(c.identity.id)).toMatchObject({ epoch: handed.epoch + 1, inSync: handed.inSync });
  });
});

describe('restart', () => {
  test('of a primary: another in-sync member takes over, the restarted one stays in sync', () => {
    const { registry, nodes, start } = group(3);
    const [a] = nodes as [Node];
    const [next] = behind(nodes) as [Node];
    const { epoch, inSync } = registry.arc(start);
    registry.restart(a);
    expect(registry.arc(start)).toMatchObject({
      primary: next.identity.id,
      term: epoch + 1,
      handover: false,
      inSync,
    });
  });

  test('of a primary that was not missed, alone in sync: a new term at once', () => {
    const { registry, nodes, start } = group(1);
    registry.restart(nodes[0] as Node);
    expect(registry.arc(start)).toMatchObject({
      primary: start,
      epoch: 2,
      term: 2,
      handover: false,
      inSync: [start],
    });
    registry.restart(nodes[0] as Node);
    expect(registry.arc(start)).toMatchObject({ epoch: 3, term: 3 });
  });

  test('of a follower: nothing changes for the arc', () => {
    const { registry, nodes, start } = group(2);
    const before = registry.arc(start);
    registry.restart(nodes[1] as Node);
    expect(registry.arc(start)).toBe(before);
  });

  test('a repeat of a restart changes nothing more', () => {
    const { registry, nodes, start } = group(2);
    const a = nodes[0] as Node;
    registry.restart(a);
    const before = registry.arc(start);
    registry.restart(a, 'same process');
    expect(registry.arc(start)).toBe(before);
  });

  test('of all nodes one after another: every arc keeps a primary and nobody is lost', () => {
    const { registry, nodes, start } = group(3);
    for (const node of nodes) registry.restart(node);
    expect(registry.arc(start).inSync).toHaveLength(3);
    expect(registry.arc(start).term).toBeGreaterThan(1);
  });
});

describe('restart without a copy', () => {
  function lost(node: Node): Node & { readonly held: [] } {
    node.incarnation += 1;
    return { ...node, held: [] };
  }

  test('of a primary: another takes over, and the epoch alone says nothing of who has no copy', () => {
    const { registry, nodes, start } = group(3);
    const { epoch, inSync } = registry.arc(start);
    registry.register(lost(nodes[0] as Node));
    expect(registry.arc(start)).toMatchObject({
      primary: behind(nodes)[0]?.identity.id,
      epoch: epoch + 1,
      inSync,
      withoutCopy: [start],
    });
    registry.register(lost(nodes[2] as Node));
    const { withoutCopy } = registry.arc(start);
    expect(withoutCopy).toHaveLength(2);
  });

  test('of the only member: it gets no role, and the arc stays offline', () => {
    const { registry, nodes, start } = group(1);
    const { term } = registry.arc(start);
    registry.register(lost(nodes[0] as Node));
    registry.advanceWith(nodes, 5_000);
    expect(registry.arc(start)).toMatchObject({ primary: start, term, withoutCopy: [start] });
  });

  test('of the first to return: the arc waits for those that have theirs', () => {
    const { registry, nodes, start } = group(3);
    const [a, b] = nodes as [Node, Node, Node];
    registry.die(nodes, []);
    registry.register(lost(b));
    registry.advanceWith([b], 5_000);
    expect(registry.arc(start)).toMatchObject({ term: 1, withoutCopy: ids(b) });
    registry.restart(a);
    registry.advanceWith([a, b], registry.config.returnWaitMs);
    expect(registry.arc(start)).toMatchObject({ primary: start, handover: false, withoutCopy: ids(b) });
    expect(registry.arc(start).term).toBeGreaterThan(1);
    expect(registry.arc(start).inSync).toHaveLength(3);
  });

  test('a copy of a part of the arc is none, several that make it up are one', () => {
    const { registry, nodes, start } = group(3);
    const b = nodes[1] as Node;
    const middle = (start ^ (1n << 63n)) as NodeId;
    const half = { term: 1, committed: 0, lastPrepared: 0 };
    const lower = { ...half, start, end: middle };
    const upper = { ...half, start: middle, end: start };
    for (const [held, without] of [
      [[lower], ids(b)],
      [[upper, lower], []],
      [[upper], ids(b)],
    ] as const) {
      b.incarnation += 1;
      registry.register({ ...b, held });
      expect(registry.arc(start).withoutCopy).toEqual(without);
    }
  });

  test('a member that is admitted anew has a copy', () => {
    const { registry, nodes, start } = group(2);
    const [a, b] = nodes as [Node, Node];
    registry.register(lost(b));
    const { epoch } = registry.arc(start);
    registry.propose(a, { kind: 'drop', start, epoch, nodes: ids(b) });
    expect(registry.arc(start)).toMatchObject({ inSync: ids(a), withoutCopy: [] });
    registry.admit(start, a, [b]);
    expect(registry.arc(start)).toMatchObject({ inSync: ids(a, b), withoutCopy: [] });
  });

  test('a process is not admitted by what an earlier one of its machine acknowledged', () => {
    const { registry, nodes, start } = group(1);
    const a = nodes[0] as Node;
    const b = registry.join('http://b:1');
    registry.register(lost(b));
    const on = { start, epoch: registry.arc(start).epoch, node: b.identity.id };
    expect(registry.propose(a, { kind: 'admit', ...on, incarnation: 1 }).reason).toMatch(
      /is in its incarnation 2, the stream was opened by incarnation 1/,
    );
    expect(registry.propose(a, { kind: 'admit', ...on, incarnation: 2 }).reason).toBe('');
  });

  test('a newcomer that died before it knew its place gets the first arc again', () => {
    const registry = new SteppedRegistry();
    const { identity } = registry.register({ addr: 'http://a:1', claim: 'mine' });
    registry.register({ addr: 'http://a:1', claim: 'mine', incarnation: 2 });
    expect(registry.arc(identity.id)).toMatchObject({ term: 2, withoutCopy: [] });
  });
});

describe('return', () => {
  function offline(count: number): { registry: SteppedRegistry; nodes: Node[]; start: NodeId } {
    const made = group(count);
    made.registry.die(made.nodes, []);
    return made;
  }

  test('the only in-sync member serves again at once, in a new term', () => {
    const { registry, nodes, start } = offline(1);
    registry.restart(nodes[0] as Node);
    expect(registry.arc(start)).toMatchObject({ primary: start, term: 2, handover: false });
  });

  test('a living member that was declared dead returns in a new term, too', () => {
    const { registry, nodes, start } = offline(1);
    registry.restart(nodes[0] as Node, 'same process');
    expect(registry.arc(start)).toMatchObject({ primary: start, term: 2 });
  });

  test('the first to return waits, and shows the arc as it was', () => {
    const { registry, nodes, start } = offline(3);
    const before = registry.arc(start);
    registry.restart(nodes[1] as Node);
    registry.advance(registry.config.returnWaitMs - 1);
    expect(registry.arc(start)).toBe(before);
    expect(registry.member(nodes[1] as Node)?.state).toBe('active');
  });

  test('when all are back, all stay in sync and the old primary is primary again, before the wait is over', () => {
    const { registry, nodes, start } = offline(3);
    const { epoch, inSync } = registry.arc(start);
    for (const node of [...nodes].reverse()) registry.restart(node);
    expect(registry.arc(start)).toMatchObject({ primary: start, inSync, epoch: epoch + 1, term: epoch + 1 });
    expect(registry.core.nextTickAt).toBe(registry.now + registry.config.parameters.membershipLeaseMs);
  });

  test('when the wait is over, the closest before the old primary leads, and all stay in sync', () => {
    const { registry, nodes, start } = offline(4);
    const [nearest, , farthest] = behind(nodes) as [Node, Node, Node];
    registry.restart(farthest);
    registry.advance(500);
    registry.restart(nearest);
    registry.advance(registry.config.returnWaitMs);
    const arc = registry.arc(start);
    expect(arc.primary).toBe(nearest.identity.id);
    expect(arc.inSync).toEqual(ids(...nodes));
  });

  test('a lone returner becomes primary; whoever comes later is still in sync', () => {
    const { registry, nodes, start } = offline(2);
    const [a, b] = nodes as [Node, Node];
    registry.restart(b);
    registry.advance(registry.config.returnWaitMs);
    expect(registry.arc(start)).toMatchObject({ primary: b.identity.id, inSync: ids(a, b) });
    const before = registry.arc(start);
    registry.restart(a);
    expect(registry.arc(start)).toBe(before);
  });

  test('a returner that dies while it waits leaves the arc offline, and the next one waits anew', () => {
    const registry = new SteppedRegistry({ returnWaitMs: 10_000 });
    const nodes = registry.group(2);
    const start = (nodes[0] as Node).identity.id;
    registry.die(nodes, []);
    const before = registry.arc(start);
    registry.restart(nodes[1] as Node);
    registry.advance(5_000);
    expect(registry.arc(start)).toBe(before);
    expect(registry.state.returns).toEqual([]);
    registry.restart(nodes[0] as Node);
    registry.advanceWith([nodes[0] as Node], 10_000);
    expect(registry.arc(start)).toMatchObject({ primary: start, inSync: ids(...nodes) });
  });

  test('nobody may change an arc that waits for its members', () => {
    const { registry, nodes, start } = offline(2);
    const a = nodes[0] as Node;
    registry.restart(a);
    const answer = registry.propose(a, { kind: 'keep', start, epoch: registry.arc(start).epoch });
    expect(answer.reason).toContain('waits for its members');
  });

  test('a crash of the registry does not end the wait', () => {
    const { registry, nodes, start } = offline(2);
    const [a, b] = nodes as [Node, Node];
    registry.restart(b);
    const before = registry.arc(start);
    registry.crash();
    registry.advance(registry.config.returnWaitMs - 1);
    expect(registry.arc(start)).toBe(before);
    registry.restart(a);
    expect(registry.arc(start)).toMatchObject({ primary: start, inSync: ids(a, b) });
  });

  test('a wait that a crash of the registry interrupted begins again and ends', () => {
    const { registry, nodes, start } = offline(2);
    const b = nodes[1] as Node;
    registry.restart(b);
    registry.crash();
    registry.advanceWith([b], registry.config.parameters.membershipLeaseMs);
    expect(registry.arc(start)).toMatchObject({ primary: b.identity.id, inSync: ids(...nodes) });
  });
});

/** How many copies an arc has had is kept when it loses some, and forgotten only for a reason. */

import type { NodeId } from '@ringkeep/shared';
import { SteppedRegistry, type Node } from './stepped-registry';

const COPIES = 3;

function ids(...nodes: readonly Node[]): NodeId[] {
  return nodes.map((node) => node.identity.id);
}

function group(count: number): { registry: SteppedRegistry; nodes: Node[]; start: NodeId } {
  const registry = new SteppedRegistry();
  const nodes = registry.group(count);
  return { registry, nodes, start: (nodes[0] as Node).identity.id };
}

/** The first of the nodes takes others out of the arc's in-sync set. */
function drop(registry: SteppedRegistry, primary: Node, start: NodeId, nodes: readonly Node[]): void {
  const { epoch } = registry.arc(start);
  const answer = registry.propose(primary, { kind: 'drop', start, epoch, nodes: ids(...nodes) });
  expect(answer.reason).toBe('');
}

test('an arc has reached as many copies as are in sync, one more with each that is admitted', () => {
  const registry = new SteppedRegistry();
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) => registry.join(`http://${name}:1`)) as [
    Node,
    Node,
    Node,
    Node,
  ];
  const start = a.identity.id;
  expect(registry.arc(start).copiesReached).toBe(1);
  registry.admit(start, a, [b]);
  expect(registry.arc(start).copiesReached).toBe(2);
  registry.admit(start, a, [c, d]);
  expect(registry.arc(start).copiesReached).toBe(COPIES);
});

test('members that die and are taken out have been reached all the same, until they are forgotten', () => {
  const { registry, nodes, start } = group(3);
  const [a, b, c] = nodes as [Node, Node, Node];
  registry.die([b, c], [a]);
  drop(registry, a, start, [b, c]);
  expect(registry.arc(start)).toMatchObject({ inSync: ids(a), copiesReached: COPIES });
  registry.advanceWith([a], registry.config.forgetAfterMs);
  expect(registry.ring.members).toHaveLength(1);
  expect(registry.arc(start).copiesReached).toBe(1);
});

test('a ring of two whose follower is dead has reached two until that one is forgotten', () => {
  const { registry, nodes, start } = group(2);
  const [a, b] = nodes as [Node, Node];
  registry.die([b], [a]);
  drop(registry, a, start, [b]);
  expect(registry.arc(start).copiesReached).toBe(2);
  registry.advanceWith([a], registry.config.forgetAfterMs);
  expect(registry.arc(start).copiesReached).toBe(1);
  const c = registry.join('http://c:1');
  expect(registry.arc(start).copiesReached).toBe(1);
  registry.admit(start, a, [c]);
  expect(registry.arc(start).copiesReached).toBe(2);
});

test('a member that leaves is not missed, from when it says so', () => {
  const { registry, nodes, start } = group(2);
  const [a, b] = nodes as [Node, Node];
  registry.leave(b);
  expect(registry.arc(start)).toMatchObject({ inSync: ids(a, b), copiesReached: 1 });
  drop(registry, a, start, [b]);
  expect(registry.ring.members).toHaveLength(1);
  expect(registry.arc(start).copiesReached).toBe(1);
});

test('both parts of a divided arc have reached what it had, and a joined one what either part had', () => {
  const { registry, nodes, start } = group(3);
  const [a, b, c] = nodes as [Node, Node, Node];
  registry.die([b, c], [a]);
  drop(registry, a, start, [b, c]);
  const d = registry.join('http://d:1');
  registry.handOver(a, d);
  const [lower, upper] = [registry.arc(start), registry.arc(d.identity.id)];
  expect([lower.copiesReached, upper.copiesReached]).toEqual([COPIES, COPIES]);
  expect(lower.inSync).toEqual(ids(a));
});

test('a takeover changes nothing of it', () => {
  const { registry, nodes, start } = group(3);
  registry.die(nodes.slice(0, 1), nodes.slice(1));
  expect(registry.arc(start)).toMatchObject({ term: 4, copiesReached: COPIES });
});

test('a ring that is to have fewer copies asks for no more, from the start of the registry on', () => {
  const { registry, nodes, start } = group(3);
  const [a, b, c] = nodes as [Node, Node, Node];
  registry.die([b, c], [a]);
  drop(registry, a, start, [b, c]);
  Object.assign(registry.config, {
    parameters: { ...registry.config.parameters, replicationFactor: 1, minCopies: 1 },
  });
  registry.crash();
  expect(registry.arc(start).copiesReached).toBe(1);
});

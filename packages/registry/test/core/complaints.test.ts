/** A primary that lives, and that most of its arc's members do not hear, is replaced by one of them. */

import type { NodeId } from '@ringkeep/shared';
import type { Complaint } from '../../src/core';
import { SteppedRegistry, type Node } from './stepped-registry';

interface Group {
  readonly registry: SteppedRegistry;
  readonly nodes: readonly Node[];
  readonly start: NodeId;
  /** What a member says that does not hear the primary in the present term. */
  readonly silent: Complaint;
}

function group(count: number): Group {
  const registry = new SteppedRegistry();
  const nodes = registry.group(count);
  const start = (nodes[0] as Node).identity.id;
  return { registry, nodes, start, silent: { start, term: registry.arc(start).term } };
}

const idOf = (node: Node | undefined): NodeId | undefined => node?.identity.id;

test('two of three replace the third: one of them is primary in a new term, and all stay in sync', () => {
  const { registry, nodes, start, silent } = group(3);
  const [a, b, c] = nodes as [Node, Node, Node];
  const before = registry.arc(start);
  registry.complain(b, [silent]);
  expect(registry.arc(start)).toBe(before);
  registry.complain(c, [silent]);
  const { primary, inSync, term, handover } = registry.arc(start);
  expect([idOf(b), idOf(c)]).toContain(primary);
  expect(inSync).toEqual(before.inSync);
  expect([term, handover]).toEqual([before.epoch + 1, false]);
  expect(registry.member(a)?.state).toBe('active');
  expect(registry.facts).toContain('missed');
});

test('half of the members is not most of them: a follower alone replaces nobody, nor do two of four', () => {
  for (const count of [2, 4]) {
    const { registry, nodes, start, silent } = group(count);
    const before = registry.arc(start);
    for (const node of nodes.slice(1, 1 + count / 2)) registry.complain(node, [silent]);
    expect(registry.arc(start)).toBe(before);
  }
});

test('what is not said any more does not count, nor what was said too long ago, in another term, or by the dead', () => {
  const stories: ((story: Group, b: Node) => void)[] = [
    ({ registry }, b) => registry.renew(b),
    ({ registry, nodes }, b) => {
      registry.complain(b, [{ start: registry.arc(idOf(nodes[0]) as NodeId).start, term: 7 }]);
    },
    ({ registry, nodes }, b) =>
      registry.advanceWith(
        nodes.filter((node) => node !== b),
        registry.config.parameters.leaseMs + 1,
      ),
    ({ registry, nodes }, b) =>
      registry.die(
        [b],
        nodes.filter((node) => node !== b),
      ),
    ({ registry }, b) => registry.restart(b),
  ];
  for (const story of stories) {
    const whole = group(3);
    const { registry, nodes, start, silent } = whole;
    const [a, b, c] = nodes as [Node, Node, Node];
    registry.complain(b, [silent]);
    story(whole, b);
    registry.complain(c, [silent]);
    expect(registry.arc(start).primary).toBe(idOf(a));
  }
});

test('complaints about the primary before say nothing of the one that took over', () => {
  const { registry, nodes, start, silent } = group(5);
  for (const node of nodes.slice(1)) registry.complain(node, [silent]);
  const after = registry.arc(start);
  for (const node of nodes.slice(1)) registry.complain(node, [silent]);
  expect(registry.arc(start)).toBe(after);
});

test('who has no copy, and who is not in sync any more, does not count and is not chosen', () => {
  const { registry, nodes, start, silent } = group(4);
  const [a, b, c, d] = nodes as [Node, Node, Node, Node];
  b.incarnation += 1;
  registry.register({ ...b, held: [] });
  const present = { ...silent, term: registry.arc(start).term };
  for (const node of [b, c]) registry.complain(node, [present]);
  expect(registry.arc(start).primary).toBe(idOf(a));
  const { epoch } = registry.arc(start);
  registry.propose(a, { kind: 'drop', start, epoch, nodes: [idOf(b) as NodeId] });
  for (const node of [b, c]) registry.complain(node, [present]);
  expect(registry.arc(start).primary).toBe(idOf(a));
  registry.complain(d, [present]);
  expect([idOf(c), idOf(d)]).toContain(registry.arc(start).primary);
});

test('a registry that has just started decides nothing before the members have spoken', () => {
  const { registry, nodes, start, silent } = group(3);
  const [a, b, c] = nodes as [Node, Node, Node];
  registry.crash();
  for (const node of [b, c]) registry.complain(node, [silent]);
  expect(registry.arc(start).primary).toBe(idOf(a));
  registry.renew(a);
  expect(registry.arc(start).primary).not.toBe(idOf(a));
});

/** Whose word that a primary is silent counts, for how long, and what comes of it. */

import { DEFAULT_PARAMETERS, position, type ArcConfig, type NodeId } from '@ringkeep/shared';
import { Complaints } from '../../src/core/complaints';
import { REGISTRY_RULES } from '../../src/core/rules';
import { SteppedRegistry, type Node } from './stepped-registry';

const [MEMBER, START, NOWHERE] = [position(1n), position(2n), position(3n)];
const ARC: ArcConfig = {
  start: START,
  end: START,
  epoch: 4,
  term: 4,
  handover: false,
  primary: START,
  inSync: [START, MEMBER],
  withoutCopy: [],
  copiesReached: 2,
  seq: 0,
};
const isArc = (at: unknown): boolean => at === START;

test('what a renewal says of arcs that there are not is not kept, and ends what was said before', () => {
  const complaints = new Complaints(DEFAULT_PARAMETERS, REGISTRY_RULES);
  expect(complaints.note(MEMBER, [{ start: START, term: 4 }], 0, isArc)).toBe(true);
  expect(complaints.among([MEMBER], ARC, 0)).toEqual([MEMBER]);
  expect(complaints.note(MEMBER, [{ start: NOWHERE, term: 4 }], 0, isArc)).toBe(false);
  expect(complaints.among([MEMBER], ARC, 0)).toEqual([]);
});

test('a complaint counts for half a membership lease, in its term, and not of the primary itself', () => {
  const complaints = new Complaints(DEFAULT_PARAMETERS, REGISTRY_RULES);
  const { leaseMs, membershipLeaseMs } = DEFAULT_PARAMETERS;
  const countsMs = Math.max(leaseMs, membershipLeaseMs / 2);
  for (const id of [MEMBER, START]) complaints.note(id, [{ start: START, term: 4 }], 100, isArc);
  expect(complaints.among([START, MEMBER], ARC, 100 + countsMs)).toEqual([MEMBER]);
  expect(complaints.among([START, MEMBER], ARC, 101 + countsMs)).toEqual([]);
  expect(complaints.among([MEMBER], { ...ARC, term: 5 }, 100)).toEqual([]);
  expect(complaints.among([MEMBER], { ...ARC, start: NOWHERE }, 100)).toEqual([]);
});

describe('a primary that lives and is not heard', () => {
  function group(count: number): { registry: SteppedRegistry; nodes: Node[]; start: NodeId } {
    const registry = new SteppedRegistry();
    const nodes = registry.group(count);
    return { registry, nodes, start: (nodes[0] as Node).identity.id };
  }

  test('is replaced in a new term when more than half of the members complain, itself counted among them', () => {
    const { registry, nodes, start } = group(3);
    const [a, b, c] = nodes as [Node, Node, Node];
    const before = registry.arc(start);
    registry.complain(b, [{ start, term: before.term }]);
    expect(registry.arc(start)).toBe(before);
    registry.complain(c, [{ start, term: before.term }]);
    const after = registry.arc(start);
    expect(after).toMatchObject({ epoch: before.epoch + 1, term: before.epoch + 1, handover: false });
    expect([b.identity.id, c.identity.id]).toContain(after.primary);
    expect(after.inSync).toEqual(before.inSync);
    expect(registry.member(a)?.state).toBe('active');
    expect(registry.facts).toContain('missed');
  });

  test('stays when the second complaint comes too late, or is taken back, or of another term', () => {
    const { registry, nodes, start } = group(3);
    const [a, b, c] = nodes as [Node, Node, Node];
    const before = registry.arc(start);
    const { leaseMs, membershipLeaseMs } = registry.config.parameters;
    registry.complain(b, [{ start, term: before.term }]);
    registry.complain(b, []);
    registry.complain(c, [{ start, term: before.term }]);
    registry.complain(b, [{ start, term: before.term + 1 }]);
    registry.renew(a);
    registry.advance(Math.max(leaseMs, membershipLeaseMs / 2) + 1);
    registry.complain(b, [{ start, term: before.term }]);
    expect(registry.arc(start)).toBe(before);
  });

  test('stays when those who complain are not its members, or dead by then', () => {
    const { registry, nodes, start } = group(3);
    const strangers = [registry.join('http://d:1'), registry.join('http://e:1')];
    const before = registry.arc(start);
    for (const node of strangers) registry.complain(node, [{ start, term: before.term }]);
    expect(registry.arc(start)).toBe(before);
    const ghost: Node = { ...(nodes[1] as Node), incarnation: 0 };
    registry.complain(ghost, [{ start, term: before.term }]);
    registry.complain(nodes[2] as Node, [{ start, term: before.term }]);
    expect(registry.arc(start)).toBe(before);
  });

  test('is not complained of any more by a process that was started again since', () => {
    const { registry, nodes, start } = group(3);
    const [, b, c] = nodes as [Node, Node, Node];
    const before = registry.arc(start);
    registry.complain(b, [{ start, term: before.term }]);
    registry.restart(b);
    registry.complain(c, [{ start, term: before.term }]);
    expect(registry.arc(start)).toBe(before);
  });
});

/** A registry whose data folder was lost, exchanged, or is an old copy; its nodes run on. */

import { knownOf, type KnownRing, type Position } from '@ringkeep/shared';
import type { HeldRange } from '../../src/core';
import { SteppedRegistry, type Node } from './stepped-registry';

const WRONG = expect.objectContaining({ code: 'WRONG_REGISTRY' }) as Error;

describe('a registry with an empty data folder that nodes of a ring call', () => {
  let registry: SteppedRegistry;
  let quietMs: number;
  const stranger: Node = {
    addr: 'http://old:1',
    identity: { id: 5n as Node['identity']['id'], salt: 0, clusterId: 'the-ring-before' },
    incarnation: 1,
  };
  beforeEach(() => {
    registry = new SteppedRegistry();
    quietMs = 4 * registry.config.parameters.membershipLeaseMs;
  });

  test('refuses each of their calls with both ids and what to do, and learns nothing from them', () => {
    const arc = stranger.identity.id;
    for (const call of [
      () => registry.renew(stranger, 70),
      () => registry.leave(stranger),
      () => registry.propose(stranger, { kind: 'keep', start: arc, epoch: 3 }),
      () => registry.register(stranger),
    ]) {
      expect(call).toThrow(WRONG);
      expect(call).toThrow(/cluster the-ring-before, .* cluster the-cluster; .* put it back/);
    }
    expect(registry.ring).toMatchObject({ version: 1, members: [], arcs: [] });
    expect(registry.saves).toBe(0);
    expect(registry.facts).toEqual(['foreign caller']);
  });

  test('begins no second ring while they call, and may once they have been stopped', () => {
    expect(() => registry.renew(stranger)).toThrow(WRONG);
    registry.advance(quietMs - 1);
    expect(() => registry.renew(stranger)).toThrow(WRONG);
    registry.advance(quietMs - 1);
    expect(() => registry.register({ addr: 'http://new:1' })).toThrow(WRONG);
    registry.advance(1);
    registry.join('http://new:1');
    expect(registry.ring.arcs).toHaveLength(1);
  });

  test('goes on with a ring of its own when only a stray node calls', () => {
    registry.join('http://a:1');
    expect(() => registry.renew(stranger)).toThrow(WRONG);
    registry.join('http://b:1');
    expect(registry.ring.members).toHaveLength(2);
  });
});

describe('a registry with an old copy of its data', () => {
  let registry: SteppedRegistry;
  let nodes: [Node, Node, Node];
  let newest: KnownRing;
  beforeEach(() => {
    registry = new SteppedRegistry();
    nodes = registry.group(3) as [Node, Node, Node];
    const old = registry.state;
    const [a, b] = nodes;
    registry.propose(a, { kind: 'drop', start: a.identity.id, epoch: 3, nodes: [b.identity.id] });
    newest = knownOf(registry.ring);
    registry.state = old;
    registry.crash();
    registry.facts.length = 0;
  });

  test('notices it by the first node that knows better, and decides nothing from then on', () => {
    const [a, b, c] = nodes;
    const before = registry.ring;
    expect(() => registry.renew(b, newest)).toThrow(WRONG);
    for (const call of [
      () => registry.renew(c, before.version),
      () => registry.propose(a, { kind: 'keep', start: a.identity.id, epoch: 3 }),
      () => registry.restart(c),
      () => registry.leave(b),
      () => registry.register({ addr: 'http://new:1' }),
    ]) {
      expect(call).toThrow(
        /old copy: it has version \d+ of run 0+2 of the ring, a node knows version \d+ of run 0+1, .*; put the newest one back/,
      );
    }
    expect(registry.ring).toBe(before);
    expect(registry.facts).toEqual(['behind']);
  });

  test('notices it by what a node that comes back has on its disk', () => {
    const [a, , c] = nodes;
    const start = a.identity.id;
    const before = registry.ring;
    expect(() => registry.register({ ...c, incarnation: 2, held: [heldTerm(start, 4)] })).toThrow(
      `old copy: it has epoch 3 at ${start.toString(16).padStart(16, '0')}, a node has taken part in term 4 there`,
    );
    expect(() => registry.renew(a)).toThrow(WRONG);
    expect(registry.ring).toBe(before);
  });

  test('finds nothing wrong with nodes that have taken part in no later term than it knows of', () => {
    const [a, , c] = nodes;
    const held = [heldTerm(a.identity.id, 3), heldTerm(c.identity.id, 1)];
    expect(registry.register({ ...c, incarnation: 2, held }).identity).toEqual(c.identity);
  });

  test('declares nobody dead', () => {
    expect(() => registry.renew(nodes[0], newest)).toThrow(WRONG);
    expect(registry.core.nextTickAt).toBe(Infinity);
    const before = registry.ring;
    registry.now += 60_000;
    registry.step({ kind: 'tick' });
    expect(registry.ring).toBe(before);
  });

  test('takes nobody’s word who does not name the ring', () => {
    const { identity, incarnation } = nodes[0];
    const caller = {
      id: identity.id,
      incarnation,
      process: 0n,
      known: { version: 9_999, run: 5n },
      clusterId: '',
    };
    expect(registry.ask({ kind: 'renew', caller })).toMatchObject({ live: true });
  });
});

/** A node of an older version says no more than that. */
function heldTerm(start: Position, term: number): HeldRange {
  return { start, term, end: undefined, committed: 0, lastPrepared: 0 };
}

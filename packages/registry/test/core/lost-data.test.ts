/** A registry whose data folder was lost, exchanged, or is an old copy; its nodes run on. */

import { RUNS_MAX, knownOf, type KnownRing, type Position } from '@ringkeep/shared';
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
    expect(registry.ask({ kind: 'renew', complaints: [], caller })).toMatchObject({ live: true });
  });
});

/** A node of an older version says no more than that. */
function heldTerm(start: Position, term: number): HeldRange {
  return { start, term, end: undefined, committed: 0, lastPrepared: 0 };
}

describe('old copies of the data, after a restart of everything', () => {
  let registry: SteppedRegistry;
  let nodes: [Node, Node, Node];
  let start: Position;
  beforeEach(() => {
    registry = new SteppedRegistry();
    nodes = registry.group(3) as [Node, Node, Node];
    start = nodes[0].identity.id;
  });

  /** A node comes back with its disk, knowing a version of the ring. */
  function back(node: Node, known: KnownRing): void {
    const { end, term } = registry.arc(start);
    const held: HeldRange[] = [{ start, end, term, committed: 0, lastPrepared: 0 }];
    registry.register({ ...node, incarnation: node.incarnation + 1, held, known });
  }

  /** The registry's data as they are now, to be put back later. */
  function copied(): { readonly known: KnownRing; readonly putBack: (restored?: boolean) => void } {
    const { state } = registry;
    return {
      known: knownOf(registry.ring),
      putBack: (restored = false) => {
        registry.state = state;
        registry.crash(restored);
      },
    };
  }

  const keep = (): void => {
    const { epoch, primary } = registry.arc(start);
    const proposer = nodes.find(({ identity }) => identity.id === primary) as Node;
    registry.propose(proposer, { kind: 'keep', start, epoch });
  };

  test('from before a Drop: whoever was dropped is given nothing before the others have spoken', () => {
    const [a, b, c] = nodes;
    const old = copied();
    registry.propose(a, { kind: 'drop', start, epoch: 3, nodes: [b.identity.id] });
    const newer = knownOf(registry.ring);
    old.putBack();
    back(b, old.known);
    registry.advance(registry.config.parameters.membershipLeaseMs / 2);
    expect(registry.arc(start)).toMatchObject({ epoch: 3, primary: a.identity.id });
    expect(() => back(c, newer)).toThrow(/old copy/);
    expect(() => back(a, newer)).toThrow(WRONG);
  });

  test('on restored data it waits for every member, however long', () => {
    const [a, b, c] = nodes;
    const old = copied();
    registry.propose(a, { kind: 'drop', start, epoch: 3, nodes: [b.identity.id] });
    const newer = knownOf(registry.ring);
    old.putBack(true);
    back(b, old.known);
    registry.advance(60_000);
    expect(registry.arc(start)).toMatchObject({ epoch: 3, primary: a.identity.id });
    expect(() => back(c, newer)).toThrow(/old copy/);
  });

  test('on restored data nobody is dropped, either, before every member has spoken', () => {
    const [a, b, c] = nodes;
    const old = copied();
    old.putBack(true);
    registry.renew(a, old.known);
    registry.renew(b, old.known);
    const drop = { kind: 'drop' as const, start, epoch: 3, nodes: [b.identity.id] };
    expect(() => registry.propose(a, drop)).toThrow(expect.objectContaining({ code: 'UNAVAILABLE' }));
    registry.renew(c, old.known);
    expect(registry.propose(a, drop)).toMatchObject({ accepted: true });
  });

  test('when all have spoken, and nobody knew better, it decides at once', () => {
    const old = copied();
    old.putBack(true);
    const [a, b, c] = nodes;
    back(b, old.known);
    back(c, old.known);
    expect(registry.arc(start).epoch).toBe(3);
    back(a, old.known);
    expect(registry.arc(start).term).toBeGreaterThan(3);
  });

  test('a member that only asks to leave has spoken, too', () => {
    const old = copied();
    old.putBack(true);
    const [a, b, c] = nodes;
    back(a, old.known);
    back(b, old.known);
    expect(registry.arc(start).epoch).toBe(3);
    registry.leave(c);
    expect(registry.arc(start).term).toBeGreaterThan(3);
  });

  test('after an ordinary start it decides when the time is over, though something else comes before the tick', () => {
    const old = copied();
    old.putBack();
    const [a] = nodes;
    back(a, old.known);
    registry.advanceWith([{ ...a, incarnation: 2 }], registry.config.parameters.membershipLeaseMs - 1);
    expect(registry.arc(start).epoch).toBe(3);
    registry.now += 1;
    registry.renew({ ...a, incarnation: 2 });
    expect(registry.arc(start).term).toBeGreaterThan(3);
  });

  test('after an ordinary start one membership lease is enough', () => {
    const old = copied();
    old.putBack();
    const [a, b] = nodes;
    back(b, old.known);
    registry.advanceWith([{ ...b, incarnation: 2 }], registry.config.parameters.membershipLeaseMs + 1_500);
    expect(registry.member(a)?.state).toBe('dead');
    expect(registry.arc(start)).toMatchObject({ primary: b.identity.id });
  });

  test('from before an Admit', () => {
    const late = registry.join('http://late:1');
    const old = copied();
    registry.admit(start, nodes[0], [late]);
    const newer = knownOf(registry.ring);
    old.putBack();
    expect(() => registry.renew(late, newer)).toThrow(/old copy/);
  });

  test('from before a Handover', () => {
    const late = registry.join('http://late:1');
    const old = copied();
    registry.handOver(nodes[0], late);
    const newer = knownOf(registry.ring);
    old.putBack();
    expect(() => back(late, newer)).toThrow(/old copy/);
  });

  test('from before a Leave', () => {
    const old = copied();
    registry.leave(nodes[2]);
    const newer = knownOf(registry.ring);
    old.putBack();
    expect(() => registry.renew(nodes[1], newer)).toThrow(/old copy/);
  });

  test('carried on until it has overtaken the first history by number: the run tells them apart', () => {
    const old = copied();
    registry.propose(nodes[0], { kind: 'drop', start, epoch: 3, nodes: [nodes[1].identity.id] });
    const newer = knownOf(registry.ring);
    old.putBack();
    while (registry.ring.version <= newer.version + 3) keep();
    expect(() => registry.renew(nodes[2], newer)).toThrow(
      /old copy: it has version \d+ of run 0+2 .* of run 0+1/,
    );
    expect(registry.facts.at(-1)).toBe('behind');
  });

  test('a copy of a copy', () => {
    const old = copied();
    keep();
    const first = knownOf(registry.ring);
    old.putBack();
    const second = copied();
    keep();
    const other = knownOf(registry.ring);
    second.putBack();
    expect(() => registry.renew(nodes[1], first)).toThrow(WRONG);
    second.putBack();
    expect(() => registry.renew(nodes[1], other)).toThrow(WRONG);
    second.putBack();
    expect(registry.renew(nodes[1], second.known)).toMatchObject({ live: true });
  });

  test('a start on the newest data is no copy to anybody, however often', () => {
    const known: KnownRing[] = [];
    for (let round = 0; round < 5; round++) {
      known.push(knownOf(registry.ring));
      keep();
      registry.crash();
    }
    for (const each of known) expect(registry.renew(nodes[0], each)).toMatchObject({ live: true });
  });

  test('who was last there before the oldest run that is remembered is refused alone', () => {
    const ancient = knownOf(registry.ring);
    for (let starts = 0; starts < RUNS_MAX; starts++) registry.crash();
    const refused = expect.objectContaining({ code: 'FAILED_PRECONDITION' }) as Error;
    expect(() => registry.renew(nodes[1], ancient)).toThrow(refused);
    expect(registry.renew(nodes[0], knownOf(registry.ring))).toMatchObject({ live: true });
  });

  test('it is shown to nobody, once it is found out', () => {
    const old = copied();
    keep();
    const newer = knownOf(registry.ring);
    old.putBack();
    expect(() => registry.renew(nodes[1], newer)).toThrow(WRONG);
    expect(registry.watch(1)).toMatchObject([{ kind: 'refuse-watch', code: 'WRONG_REGISTRY' }]);
  });
});

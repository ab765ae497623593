/** The next hops of all nodes of a ring, walked from every start, against the ring's own answer. */

import {
  DEFAULT_PARAMETERS,
  HOPS_MAX,
  position,
  positionBytes,
  Random,
  RingView,
  ringKey,
  ROUTINGS,
  type ArcConfig,
  type Bytes,
  type Member,
  type NodeId,
  type Ring,
  type RingKey,
  type Routing,
} from '@ringkeep/shared';
import { FAILED_PEER_MS } from '../../src/core/limits';
import { NextHop } from '../../src/core/routing/next-hop';
import { member, randomIds, ringOf } from './rings';

interface Context {
  now: number;
  self: NodeId;
  parameters: typeof DEFAULT_PARAMETERS;
  view: RingView;
}

/** The next hops of every node, all with one view of the ring. */
class Walkers {
  readonly contexts = new Map<NodeId, Context>();
  readonly hops = new Map<NodeId, NextHop>();

  constructor(
    readonly routing: Routing,
    public view: RingView,
  ) {
    for (const { id } of view.ring.members) this.add(id);
  }

  adopt(ring: Ring): void {
    this.view = new RingView(ring);
    for (const context of this.contexts.values()) context.view = this.view;
    for (const { id } of ring.members) if (!this.hops.has(id)) this.add(id);
  }

  of(id: NodeId): NextHop {
    return this.hops.get(id) as NextHop;
  }

  /** Forwards from a node until the primary has the key; throws when it takes more than it may. */
  walk(start: NodeId, key: RingKey, dead: ReadonlySet<NodeId> = new Set()): number {
    const { primary } = this.view.arcOfKey(key) as ArcConfig;
    let at = start;
    for (let forwards = 0; ; forwards++) {
      if (at === primary) return forwards;
      if (forwards > this.of(at).hopsMax) throw new Error(`runs in circles at ${at} towards ${primary}`);
      let next = this.of(at).towards(primary, key);
      while (next !== undefined && dead.has(next)) {
        this.of(at).failed(next);
        next = this.of(at).towards(primary, key);
      }
      if (next === undefined) throw new Error(`${at} knows no way to ${primary}`);
      if (next === at) throw new Error(`${at} forwards to itself`);
      at = next;
    }
  }

  private add(id: NodeId): void {
    const parameters = { ...DEFAULT_PARAMETERS, routing: this.routing };
    const context = { now: 0, self: id, parameters, view: this.view };
    this.contexts.set(id, context);
    this.hops.set(id, new NextHop(context));
  }
}

/** Random keys, and those that lie at the nodes' own positions. */
function randomKeys(random: Random, ids: readonly NodeId[], count: number): RingKey[] {
  return Array.from({ length: count }, (_, i) => {
    const nearNode = BigInt.asUintN(64, random.pick(ids) + BigInt(random.between(-1, 1)));
    const at = random.chance(0.3) ? nearNode : random.bits64();
    return ringKey(positionBytes(position(at)), `key ${i}` as Bytes);
  });
}

/** What a walk may take at most in a ring whose nodes all know it. */
const BOUNDS: Record<Routing, (nodes: number) => number> = {
  'one-hop': () => 1,
  chord: (nodes) => Math.ceil(Math.log2(nodes)) + 1,
  pastry: (nodes) => 2 * Math.ceil(Math.log(nodes) / Math.log(16)) + 2,
  neighbours: (nodes) => Math.floor(nodes * 0.9) + 1,
};

const partial = ROUTINGS.filter((routing) => routing !== 'one-hop');

describe.each(ROUTINGS)('%s', (routing) => {
  test.each([1, 2, 3, 8, 17, 60, 200])(
    'on %d nodes every key from every start reaches its owner',
    (nodes) => {
      const random = new Random(nodes);
      const ids = randomIds(random, nodes);
      const walkers = new Walkers(routing, new RingView(ringOf(ids.map((id) => member(id, random)))));
      const bound = nodes === 1 ? 0 : BOUNDS[routing](nodes);
      const longest = Math.max(
        ...randomKeys(random, ids, 30).flatMap((key) => ids.map((start) => walkers.walk(start, key))),
      );
      expect(longest).toBeLessThanOrEqual(bound);
    },
  );

  test('rings of random sizes that grow and shrink are followed from version to version', () => {
    for (let seed = 1; seed <= 8; seed++) {
      const random = new Random(seed);
      let members = randomIds(random, random.between(2, 60)).map((id) => member(id, random));
      const walkers = new Walkers(routing, new RingView(ringOf(members)));
      for (let version = 2; version < 8; version++) {
        const ids = members.map(({ id }) => id);
        for (const key of randomKeys(random, ids, 5)) {
          for (const start of ids) {
            const forwards = walkers.walk(start, key);
            if (forwards > BOUNDS[routing](ids.length))
              throw new Error(`seed ${seed}, version ${version}: ${forwards} forwards among ${ids.length}`);
          }
        }
        const newcomers = randomIds(random, random.below(10)).map((id) => member(id, random));
        members = [...members.filter(() => random.chance(0.9)), ...newcomers];
        if (members.length === 0) break;
        walkers.adopt(ringOf(members, version));
      }
    }
  });
});

describe.each(partial)('%s', (routing) => {
  test('a failed node is walked round, and a key of a living owner is always reached', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const random = new Random(seed);
      const ids = randomIds(random, random.between(4, 80));
      const walkers = new Walkers(routing, new RingView(ringOf(ids.map((id) => member(id, random)))));
      const dead = new Set([random.pick(ids)]);
      for (const key of randomKeys(random, ids, 20)) {
        if (dead.has((walkers.view.arcOfKey(key) as ArcConfig).primary)) continue;
        for (const start of ids) if (!dead.has(start)) walkers.walk(start, key, dead);
      }
    }
  });

  test('a node knows only a part of a large ring, and says how much', () => {
    const random = new Random(1);
    const ids = randomIds(random, 200);
    const walkers = new Walkers(routing, new RingView(ringOf(ids.map((id) => member(id, random)))));
    for (const id of ids) {
      const { scheme, peers, entries } = walkers.of(id).status();
      expect(scheme).toBe(routing);
      expect(peers).toBeGreaterThan(0);
      expect(peers).toBeLessThan(60);
      expect(entries).toBeGreaterThanOrEqual(peers);
    }
  });

  test('a failed peer is asked again after a while, or when it has answered', () => {
    const random = new Random(2);
    const ids = randomIds(random, 100);
    const walkers = new Walkers(routing, new RingView(ringOf(ids.map((id) => member(id, random)))));
    const [start] = ids as [NodeId];
    const hop = walkers.of(start);
    for (const key of randomKeys(random, ids, 50)) {
      const { primary } = walkers.view.arcOfKey(key) as ArcConfig;
      const first = hop.towards(primary, key);
      if (first === undefined || first === primary || primary === start) continue;
      hop.failed(first);
      expect(hop.towards(primary, key)).not.toBe(first);
      hop.answered(first);
      expect(hop.towards(primary, key)).toBe(first);
      hop.failed(first);
      (walkers.contexts.get(start) as Context).now += FAILED_PEER_MS;
      expect(hop.towards(primary, key)).toBe(first);
    }
    expect(hop.tableSizes()).toEqual({ avoidedPeers: 0 });
  });

  test('the owner itself is tried even after it has failed: nobody else may answer', () => {
    const random = new Random(3);
    const ids = randomIds(random, 2);
    const walkers = new Walkers(routing, new RingView(ringOf(ids.map((id) => member(id, random)))));
    const [start, owner] = ids as [NodeId, NodeId];
    walkers.of(start).failed(owner);
    expect(walkers.of(start).towards(owner, ringKey(positionBytes(owner), 'k' as Bytes))).toBe(owner);
  });

  test('the walk ends at the primary that the ring names, wherever it lies', () => {
    const random = new Random(4);
    const ids = randomIds(random, 40);
    const ring = ringOf(ids.map((id) => member(id, random)));
    // After fail-overs: every fifth arc belongs to a node far away from it, and its own node to none.
    const arcs = ring.arcs.map((arc, i): ArcConfig => {
      const primary = i % 5 === 0 ? (ring.arcs[(i + 13) % 40] as ArcConfig).start : arc.start;
      return { ...arc, primary, inSync: [primary] };
    });
    const walkers = new Walkers(routing, new RingView({ ...ring, arcs }));
    for (const key of randomKeys(random, ids, 50)) for (const start of ids) walkers.walk(start, key);
  });

  test('the limit of forwards grows with the ring', () => {
    const random = new Random(5);
    const ring = ringOf(randomIds(random, 150).map((id) => member(id, random)));
    const [first] = ring.members as [Member];
    expect(new Walkers(routing, new RingView(ring)).of(first.id).hopsMax).toBe(150);
    const alone = new Walkers(routing, new RingView(ringOf([first])));
    expect(alone.of(first.id).hopsMax).toBe(HOPS_MAX);
  });
});

test('pastry goes by measured round trips where there are any, and they are smoothed', () => {
  const random = new Random(6);
  const ids = randomIds(random, 150);
  const walkers = new Walkers('pastry', new RingView(ringOf(ids.map((id) => member(id, random)))));
  const [start] = ids as [NodeId];
  const hop = walkers.of(start);
  const far = randomKeys(random, ids, 200).find((key) => {
    const { primary } = walkers.view.arcOfKey(key) as ArcConfig;
    const next = hop.towards(primary, key);
    return primary !== start && next !== primary && next !== undefined;
  }) as RingKey;
  const { primary } = walkers.view.arcOfKey(far) as ArcConfig;
  const before = hop.towards(primary, far) as NodeId;
  const digit = (id: NodeId): bigint => id >> 60n;
  const rival = ids.find((id) => digit(id) === digit(before) && id !== before && id !== primary) as NodeId;
  hop.measured(before, 50);
  hop.measured(rival, 2);
  expect(hop.towards(primary, far)).toBe(rival);
  // One slow answer does not outweigh a fast one; many do.
  hop.measured(rival, 100);
  hop.measured(before, 50);
  expect(hop.towards(primary, far)).toBe(rival);
  for (let i = 0; i < 20; i++) {
    hop.measured(rival, 100);
    hop.measured(before, 50);
  }
  expect(hop.towards(primary, far)).toBe(before);
});

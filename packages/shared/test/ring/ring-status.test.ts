import fc from 'fast-check';
import {
  NO_RING,
  RepairPace,
  checkParameters,
  describeStatus,
  isLacking,
  position,
  refusesWrites,
  ringStatus,
  type Member,
  type NodeId,
  type Ring,
} from '../../src/ring';
import { arcAt, memberAt, rings } from './arbitraries';

/** A ring of members 1, 2, … in these states; each arc is given as its in-sync members, the owner first. */
function ringOf(states: readonly Member['state'][], arcs: readonly (readonly number[])[]): Ring {
  const id = (index: number): NodeId => position(BigInt(index));
  return {
    ...NO_RING,
    clusterId: 'cluster',
    version: 1,
    members: states.map((state, index) => memberAt(id(index + 1), state)),
    arcs: arcs.map((inSync, index) =>
      arcAt(
        id(index),
        id((index + 1) % arcs.length),
        inSync.map((member) => id(member)),
      ),
    ),
  };
}

function withCopies(ring: Ring, replicationFactor: number): Ring {
  return { ...ring, parameters: checkParameters({ replicationFactor }) };
}

const [up, dead, leaving] = ['active', 'dead', 'leaving'] as const;
const at = (index: number): string => `http://127.0.0.1:${1024 + index}`;

test.each<[string, Ring, number, string]>([
  ['three copies of three', ringOf([up, up, up], [[1, 2, 3]]), 3, 'healthy'],
  [
    'as many copies as nodes',
    ringOf(
      [up, up],
      [
        [1, 2],
        [2, 1],
      ],
    ),
    3,
    'healthy',
  ],
  ['one node', ringOf([up], [[1]]), 3, 'healthy'],
  ['one copy, as configured', ringOf([up, up], [[1], [2]]), 1, 'healthy'],
  ['more copies than wanted', ringOf([up, up, up], [[1, 2, 3]]), 2, 'healthy'],
  [
    'a node that leaves and is not missed',
    ringOf(
      [up, up, leaving],
      [
        [1, 2],
        [2, 1],
      ],
    ),
    3,
    'healthy',
  ],
  [
    'a copy on its way',
    ringOf(
      [up, up, up],
      [
        [1, 2],
        [2, 3, 1],
        [3, 1, 2],
      ],
    ),
    3,
    'degraded: 1 of 3 arcs have 2 of 3 copies, being repaired',
  ],
  [
    'different numbers of copies',
    ringOf([up, up, up, up], [[1, 2], [2], [3, 1, 2]]),
    3,
    'degraded: 2 of 3 arcs have 1 to 2 of 3 copies, being repaired',
  ],
  [
    'a dead node among three',
    ringOf(
      [up, up, dead],
      [
        [1, 2],
        [2, 1],
      ],
    ),
    3,
    `degraded: 2 of 2 arcs have 2 of 3 copies; waits for ${at(3)}, which is down`,
  ],
  [
    'a dead node that is not evicted yet, and one that can take its place',
    ringOf([up, up, dead, up], [[1, 2, 3]]),
    3,
    'degraded: 1 of 1 arcs have 2 of 3 copies, being repaired',
  ],
  [
    'a dead owner',
    ringOf(
      [dead, up, up],
      [
        [1, 2, 3],
        [2, 3],
      ],
    ),
    3,
    'unavailable: 1 of 2 arcs cannot be used: the owner is down, and another one is to take over',
  ],
  [
    'the only copy down',
    ringOf([dead, up], [[1], [2]]),
    1,
    `unavailable: 1 of 2 arcs cannot be used: no copy runs; waits for ${at(1)}, which is down`,
  ],
  [
    'everybody down',
    ringOf([dead, dead, dead, dead], [[1, 2, 3, 4]]),
    4,
    `unavailable: 1 of 1 arcs cannot be used: no copy runs; waits for ${at(1)}, ${at(2)}, ${at(3)} and 1 more, which are down`,
  ],
  [
    'several obstacles',
    ringOf([dead, up, dead], [[1, 2], [2], [3], [3, 1]]),
    2,
    `unavailable: 3 of 4 arcs cannot be used: 2: no copy runs; 1: the owner is down, and another one is to take over; waits for ${at(1)}, ${at(3)}, which are down`,
  ],
  ['nobody', ringOf([], []), 3, 'unavailable: the ring has no nodes'],
])('%s', (_what, ring, replicationFactor, text) => {
  const status = ringStatus({ ring: withCopies(ring, replicationFactor) });
  expect(describeStatus(status)).toBe(text);
  expect(text.startsWith(status.state)).toBe(true);
});

test('an arc that its owner does not serve cannot be used', () => {
  const ring = ringOf(
    [up, up],
    [
      [1, 2],
      [2, 1],
    ],
  );
  const closed = new Set([position(1n)]);
  expect(describeStatus(ringStatus({ ring, closed }))).toBe(
    'unavailable: 1 of 2 arcs cannot be used: being opened',
  );
});

test('an arc that had more copies than it has tells that it takes no writes', () => {
  const ring = ringOf([up, dead, dead], [[1], [1], [1]]);
  const lost = { ...ring, arcs: ring.arcs.map((arc, index) => ({ ...arc, copiesReached: 1 + index })) };
  const status = ringStatus({ ring: lost });
  expect(status.arcs.map(refusesWrites)).toEqual([false, true, true]);
  expect(status.state).toBe('degraded');
  expect(describeStatus(status)).toBe(
    `degraded: 3 of 3 arcs have 1 of 3 copies; waits for ${at(2)}, ${at(3)}, which are down; ` +
      'writes refused on 2 arcs: 1 of 2 copies needed are in sync (--min-copies)',
  );
});

test('a ring is as bad as its worst arc, and every arc is judged by itself', () => {
  fc.assert(
    fc.property(rings, fc.integer({ min: 1, max: 7 }), (ring, replicationFactor) => {
      const status = ringStatus({ ring: withCopies(ring, replicationFactor) });
      const alive = new Set(ring.members.filter(({ state }) => state !== 'dead').map(({ id }) => id));
      const unusable = ring.arcs.some(({ primary }) => !alive.has(primary));
      const missing = status.arcs.filter(isLacking).length;
      expect(status.state).toBe(unusable ? 'unavailable' : missing > 0 ? 'degraded' : 'healthy');
      for (const { arc, copies, obstacle } of status.arcs) {
        expect(copies).toBe(arc.inSync.filter((id) => alive.has(id)).length);
        expect(obstacle === undefined).toBe(alive.has(arc.primary));
      }
      expect(status.missing === 0).toBe(missing === 0);
    }),
  );
});

test('the rest of a repair is told from what was done of it, and not before something was', () => {
  const pace = new RepairPace();
  const looks: [missing: number, atMs: number, leftMs: number | undefined][] = [
    [0, 0, undefined],
    [40, 1_000, undefined],
    [40, 2_000, undefined],
    [30, 11_000, 30_000],
    [10, 31_000, 10_000],
    [50, 32_000, undefined],
    [25, 42_000, 10_000],
    [0, 50_000, undefined],
    [5, 60_000, undefined],
  ];
  for (const [missing, atMs, leftMs] of looks) expect(pace.look({ missing }, atMs)).toBe(leftMs);
  const status = ringStatus({ ring: ringOf([up, up, up], [[1, 2]]) });
  expect(describeStatus(status, 29_600)).toContain(', being repaired, about 30 s');
  expect(describeStatus(status, 10)).toContain(', about 1 s');
  expect(describeStatus(status, 290_000)).toContain(', about 5 min');
});

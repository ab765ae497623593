/** Questions to a ring against a linear scan. */

import fc from 'fast-check';
import {
  arcContains,
  arcsOverlap,
  clockwiseDistance,
  NO_RING,
  position,
  positionBytes,
  ringKey,
  RingView,
  type Bytes,
  type Member,
  type Position,
  type Ring,
} from '../../src/ring';
import { arcAt, arcs, memberAt, positions, rings } from './arbitraries';

/** The active members clockwise back from a position, the closest first. */
function activeBefore(ring: Ring, point: Position): Member[] {
  return ring.members
    .filter((member) => member.state === 'active')
    .sort((a, b) => (clockwiseDistance(a.id, point) < clockwiseDistance(b.id, point) ? -1 : 1));
}

test('the arc of a position and of a key is the one that contains it', () => {
  fc.assert(
    fc.property(rings, positions, (ring, point) => {
      const view = new RingView(ring);
      const expected = ring.arcs.find((arc) => arcContains(arc, point));
      expect(view.arcOfPosition(point)).toBe(expected);
      expect(view.arcOfKey(ringKey(positionBytes(point), 'key' as Bytes))).toBe(expected);
      expect(view.arcAt(point)).toBe(expected?.start === point ? expected : undefined);
    }),
  );
});

test('the arcs within a range are those that overlap it, clockwise from its start', () => {
  fc.assert(
    fc.property(rings, arcs, (ring, range) => {
      const found = new RingView(ring).arcsWithin(range);
      expect(new Set(found)).toEqual(new Set(ring.arcs.filter((arc) => arcsOverlap(arc, range))));
      const offsets = found.slice(1).map((arc) => clockwiseDistance(range.start, arc.start));
      expect(offsets).toEqual([...offsets].sort((a, b) => (a < b ? -1 : 1)));
    }),
  );
});

test('the copies of an arc belong to its owner by place and to the active members that precede it', () => {
  fc.assert(
    fc.property(rings, fc.integer({ min: 1, max: 5 }), (ring, factor) => {
      const view = new RingView(ring);
      for (const arc of ring.arcs) {
        const expected = activeBefore(ring, arc.start).slice(0, factor);
        expect(view.desiredReplicas(arc, factor)).toEqual(expected.map((member) => member.id));
      }
    }),
  );
});

test('the neighbours of a node are the owners next to it, whether or not it owns anything itself', () => {
  fc.assert(
    fc.property(rings, positions, (ring, id) => {
      const others = ring.arcs.map((arc) => arc.primary).filter((owner) => owner !== id);
      const found = new RingView(ring).neighbours(id);
      if (others.length === 0) return expect(found).toBeUndefined();
      const byDistance = (from: (other: Position) => bigint) =>
        [...others].sort((a, b) => (from(a) < from(b) ? -1 : 1))[0];
      expect(found?.prev.id).toBe(byDistance((other) => clockwiseDistance(other, id)));
      expect(found?.next.id).toBe(byDistance((other) => clockwiseDistance(id, other)));
    }),
  );
});

test('an empty ring has no arcs and no owners', () => {
  const view = new RingView(NO_RING);
  expect(view.arcOfPosition(position(7n))).toBeUndefined();
  expect(view.arcOfKey(ringKey(positionBytes(position(7n)), 'key' as Bytes))).toBeUndefined();
  expect(view.neighbours(position(7n))).toBeUndefined();
});

test('a member that leaves or is dead owns what it owns but should hold nothing', () => {
  const [a, b] = [position(100n), position(200n)];
  const ring: Ring = {
    ...NO_RING,
    clusterId: 'cluster',
    version: 1,
    members: [memberAt(a), memberAt(b, 'leaving')],
    arcs: [arcAt(a, b, [a]), arcAt(b, a, [b])],
  };
  const view = new RingView(ring);
  expect(view.arcOfPosition(position(250n))?.primary).toBe(b);
  expect(view.desiredReplicas(arcAt(b, a, [b]), 3)).toEqual([a]);
});

/** Arcs against the plain definition: walk clockwise from the start until the end. */

import fc from 'fast-check';
import {
  advance,
  arcContains,
  arcCovers,
  arcKeyRanges,
  arcKeyTest,
  arcOutside,
  arcShare,
  arcWidth,
  arcsOverlap,
  clockwiseDistance,
  formatArc,
  formatPosition,
  keyOf,
  parsePosition,
  position,
  positionBytes,
  positionOf,
  ringKey,
  RING_SIZE,
  type Arc,
  type Bytes,
  type Position,
} from '../../src/ring';
import { arcs, positions } from './arbitraries';

const contains = ({ start, end }: Arc, point: Position): boolean =>
  start < end ? point >= start && point < end : point >= start || point < end;

const keys = fc
  .uint8Array({ minLength: 1, maxLength: 20 })
  .map((array) => String.fromCharCode(...array) as Bytes);

test('an arc contains the positions from its start up to its end, through zero if need be', () => {
  fc.assert(fc.property(arcs, positions, (arc, point) => arcContains(arc, point) === contains(arc, point)));
});

test('an arc contains its start, and its end only when it is the whole ring', () => {
  fc.assert(
    fc.property(arcs, (arc) => {
      expect(arcContains(arc, arc.start)).toBe(true);
      expect(arcContains(arc, arc.end)).toBe(arc.start === arc.end);
    }),
  );
});

test('one arc covers another when it holds its first and last position and all between', () => {
  fc.assert(
    fc.property(arcs, arcs, (outer, inner) => {
      const last = advance(inner.end, -1n);
      const inOrder =
        outer.start === outer.end ||
        clockwiseDistance(outer.start, inner.start) <= clockwiseDistance(outer.start, last);
      expect(arcCovers(outer, inner)).toBe(contains(outer, inner.start) && contains(outer, last) && inOrder);
    }),
  );
});

test('an arc is what it shares with another and its parts outside, which do not overlap', () => {
  fc.assert(
    fc.property(arcs, arcs, positions, (arc, other, point) => {
      const parts = arcOutside(arc, other);
      const probes = [
        point,
        arc.start,
        other.start,
        other.end,
        advance(arc.end, -1n),
        advance(other.end, -1n),
      ];
      for (const probe of probes) {
        const holding = parts.filter((part) => contains(part, probe));
        expect(holding).toHaveLength(contains(arc, probe) && !contains(other, probe) ? 1 : 0);
      }
    }),
  );
});

test('two arcs overlap when one holds the start of the other', () => {
  fc.assert(
    fc.property(arcs, arcs, (a, b) => {
      expect(arcsOverlap(a, b)).toBe(contains(a, b.start) || contains(b, a.start));
      expect(arcsOverlap(a, b)).toBe(arcsOverlap(b, a));
    }),
  );
});

test('an arc and the rest of the ring together are as wide as the ring', () => {
  fc.assert(
    fc.property(arcs, (arc) => {
      fc.pre(arc.start !== arc.end);
      expect(arcWidth(arc) + arcWidth({ start: arc.end, end: arc.start })).toBe(RING_SIZE);
    }),
  );
  expect(arcShare({ start: position(5n), end: position(5n) })).toBe(1);
});

test('the key ranges and the key test of an arc hold just the ring keys whose position it contains', () => {
  fc.assert(
    fc.property(arcs, positions, keys, (arc, point, key) => {
      const located = ringKey(positionBytes(point), key);
      const inRanges = arcKeyRanges(arc).filter(
        ({ from, to }) => located >= from && (to === undefined || located < to),
      );
      expect(inRanges).toHaveLength(contains(arc, point) ? 1 : 0);
      expect(arcKeyTest(arc)(located)).toBe(contains(arc, point));
    }),
  );
});

test('ring keys are ordered as the ring is, then as their keys are, and give both back', () => {
  fc.assert(
    fc.property(positions, keys, positions, keys, (a, keyA, b, keyB) => {
      const [first, second] = [ringKey(positionBytes(a), keyA), ringKey(positionBytes(b), keyB)];
      if (a !== b) expect(first < second).toBe(a < b);
      else expect(first < second).toBe(keyA < keyB);
      expect(positionOf(first)).toBe(a);
      expect(keyOf(first)).toBe(keyA);
    }),
  );
});

test('a position is written as sixteen hexadecimal digits and read back, and nothing else is read', () => {
  fc.assert(fc.property(positions, (point) => parsePosition(formatPosition(point)) === point));
  for (const text of ['', '0', '0x00000000000000ff', 'g'.repeat(16), '0'.repeat(17)]) {
    expect(() => parsePosition(text)).toThrow('expected 16 hexadecimal digits');
  }
  expect(() => position(RING_SIZE)).toThrow(RangeError);
  expect(() => position(-1n)).toThrow(RangeError);
  expect(formatArc({ start: position(1n), end: position(255n) })).toBe(
    '[0000000000000001, 00000000000000ff)',
  );
});

test('going on clockwise wraps at the end of the ring', () => {
  fc.assert(
    fc.property(positions, positions, (from, to) => {
      expect(advance(from, clockwiseDistance(from, to))).toBe(to);
      expect(advance(to, -clockwiseDistance(from, to))).toBe(from);
    }),
  );
});

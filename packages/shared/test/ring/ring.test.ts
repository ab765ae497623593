/** Versions of a ring: what leads from one to the next, and what a ring may not be. */

import fc from 'fast-check';
import { NO_RING, position, ringChange, ringFault, updateRing, type Ring } from '../../src/ring';
import { arcAt, memberAt, rings } from './arbitraries';

const [a, b, c] = [position(100n), position(200n), position(300n)];
const ring: Ring = {
  ...NO_RING,
  clusterId: 'cluster',
  version: 7,
  members: [memberAt(a), memberAt(b), memberAt(c)],
  arcs: [arcAt(a, b, [a]), arcAt(b, c, [b]), arcAt(c, a, [c, a])],
};

test('a change applied to the version that it starts from gives the later version', () => {
  fc.assert(
    fc.property(rings, rings, (from, to) => {
      const later = { ...to, version: from.version + 1 };
      const change = ringChange(from, later);
      expect(updateRing(from, { kind: 'change', change })).toEqual(later);
    }),
  );
});

test('an older update changes nothing, and one from another version does not apply', () => {
  const change = { ...ringChange(ring, { ...ring, version: 8 }), fromVersion: 6 };
  expect(updateRing(ring, { kind: 'change', change })).toBeUndefined();
  expect(updateRing({ ...ring, version: 8 }, { kind: 'change', change })?.version).toBe(8);
  expect(updateRing(ring, { kind: 'ring', ring: { ...ring, version: 3 } })).toBe(ring);
});

test('the ring of another cluster is never taken over', () => {
  const other = { ...ring, clusterId: 'other', version: 99 };
  expect(updateRing(ring, { kind: 'ring', ring: other })).toBeUndefined();
  expect(updateRing(ring, { kind: 'change', change: ringChange(ring, other) })).toBeUndefined();
  expect(updateRing(NO_RING, { kind: 'ring', ring: other })).toBe(other);
});

test('rings that are whole have no fault', () => {
  fc.assert(fc.property(rings, (some) => ringFault(some) === undefined));
  expect(ringFault(NO_RING)).toBeUndefined();
});

test.each<[string, Partial<Ring>, RegExp]>([
  [
    'a gap between arcs',
    { arcs: [arcAt(a, b, [a]), arcAt(c, a, [c])] },
    /does not end where the next one starts/,
  ],
  ['a primary that is not in sync', { arcs: [{ ...arcAt(a, a, [a]), primary: b }] }, /is not in sync/],
  ['a replica named twice', { arcs: [arcAt(a, a, [a, b, b])] }, /names a replica twice/],
  ['a term after the epoch', { arcs: [{ ...arcAt(a, a, [a]), term: 9 }] }, /has term 9 at epoch 3/],
  ['a replica that is no member', { arcs: [arcAt(a, a, [a, position(999n)])] }, /which is no member/],
  ['members out of order', { members: [memberAt(b), memberAt(a)], arcs: [] }, /members out of order/],
])('a ring with %s is refused', (_, part, fault) => {
  expect(ringFault({ ...ring, ...part })).toMatch(fault);
});

/** The proximity metric, the closest member as first contact, and schemes by name. */

import { position, Random } from '@ringkeep/shared';
import {
  closestMember,
  createScheme,
  distanceBetween,
  peersSeenFrom,
  randomCoordinates,
} from '@ringkeep/routing';

const member = (id: bigint, ...coordinates: number[]) => ({ id: position(id), coordinates });

test('distance is Euclidean, in any number of dimensions, and unknown without co-ordinates', () => {
  expect(distanceBetween([0, 0], [3, 4])).toBe(5);
  expect(distanceBetween([1, 2, 3], [1, 2, 3])).toBe(0);
  expect(distanceBetween([], [])).toBeUndefined();
  expect(distanceBetween([1], [1, 2])).toBeUndefined();
});

test('random co-ordinates lie in the unit square and repeat with the seed', () => {
  const drawn = randomCoordinates(new Random(5));
  expect(drawn).toHaveLength(2);
  expect(drawn.every((x) => x >= 0 && x < 1)).toBe(true);
  expect(randomCoordinates(new Random(5))).toEqual(drawn);
});

test('peers carry their distance, or none when it is unknown, and leave the node itself out', () => {
  const peers = peersSeenFrom(position(1n), [0, 0], [member(1n, 0, 0), member(2n, 0, 2), member(3n)]);
  expect(peers).toEqual([{ id: 2n, distance: 2 }, { id: 3n }]);
});

test('a newcomer is sent to the closest member, or to the first when nobody’s place is known', () => {
  const members = [member(1n, 0.9, 0.9), member(2n, 0.1, 0.2), member(3n, 0.5, 0.5)];
  expect(closestMember([0, 0], members)?.id).toBe(2n);
  expect(closestMember([], members)?.id).toBe(1n);
  expect(closestMember([0, 0], [])).toBeUndefined();
});

test('of two peers that fit one place of the routing table Pastry forwards to the nearer one', () => {
  const far = { id: position(0xa1n << 56n), distance: 0.9 };
  const near = { id: position(0xa9n << 56n), distance: 0.1 };
  const options = { pastry: { leafSetSize: 2, neighbourhoodSize: 0 } };
  const others = [position(1n), position(1n << 63n)].map((id) => ({ id }));
  const scheme = createScheme('pastry', position(2n), [...others, far, near], options);
  expect(scheme.nextHop(position(0xa0n << 56n))).toBe(near.id);
});

test('schemes are made by name, and settings that make no sense are refused', () => {
  expect(createScheme('chord', position(1n)).name).toBe('chord');
  expect(() => createScheme('chord', position(1n), [], { chord: { successors: 0 } })).toThrow(RangeError);
  expect(() => createScheme('pastry', position(1n), [], { pastry: { leafSetSize: 3 } })).toThrow(RangeError);
});

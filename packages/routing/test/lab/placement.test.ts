/** Placements: how even they make the ring, with fixed seeds, and that places are distinct and in order. */

import { Random } from '@ringkeep/shared';
import { measureBalance, placedIds } from '../../src/lab/placement';
import { RING_SIZE } from '../../src/lab/lab-ring';

test.each([
  [10, 1.9],
  [100, 2.1],
  [1_000, 2.4],
  [5_000, 2.4],
])('of %i balanced nodes the largest share is below %f times the mean', (nodes, most) => {
  expect(measureBalance('balanced', nodes, new Random(1)).largest).toBeLessThan(most);
});

test('a single hash makes shares that differ by orders of magnitude, virtual nodes even them out', () => {
  const hash = measureBalance('hash', 2_000, new Random(1));
  expect(hash.largest).toBeGreaterThan(5);
  expect(hash.smallest).toBeLessThan(0.01);
  expect(hash.deviation).toBeCloseTo(1, 0);
  const virtual = measureBalance('virtual', 2_000, new Random(1));
  expect(virtual.largest).toBeLessThan(1.6);
  expect(virtual.deviation).toBeCloseTo(0.1, 1);
});

test.each(['hash', 'balanced'] as const)(
  'places by %s rise, are distinct, and repeat with the seed',
  (placement) => {
    const ids = placedIds(3_000, placement, new Random(9));
    expect(ids.length).toBe(3_000);
    expect(ids.every((id, i) => id >= 0 && id < RING_SIZE && (i === 0 || id > (ids[i - 1] as number)))).toBe(
      true,
    );
    expect(placedIds(3_000, placement, new Random(9))).toEqual(ids);
  },
);

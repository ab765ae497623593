/** The grid against looking at every point. */

import fc from 'fast-check';
import { Random } from '@ringkeep/shared';
import { LabRing } from '../../src/lab/lab-ring';
import { NearestGrid } from '../../src/lab/nearest-grid';
import { placedIds } from '../../src/lab/placement';

test('the nearest point by the grid is the nearest of all', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 31 - 1 }), fc.integer({ min: 1, max: 300 }), (seed, size) => {
      const random = new Random(seed);
      const ring = new LabRing(placedIds(size, 'hash', random), random);
      const from = random.below(size);
      const to = random.between(from + 1, size);
      const grid = new NearestGrid(ring, from, to);
      for (let i = 0; i < 40; i++) {
        const [x, y] = [random.fraction(), random.fraction()];
        const square = (node: number): number =>
          ((ring.x[node] as number) - x) ** 2 + ((ring.y[node] as number) - y) ** 2;
        const found = grid.nearest(x, y);
        expect(found >= from && found < to).toBe(true);
        let least = Infinity;
        for (let node = from; node < to; node++) least = Math.min(least, square(node));
        expect(square(found)).toBe(least);
      }
    }),
    { numRuns: 40 },
  );
});

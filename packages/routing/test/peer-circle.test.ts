/** The circle of peers against a sorted array, for even and for crowded ids. */

import fc from 'fast-check';
import { clockwiseDistance, position, Random, type NodeId, type Position } from '@ringkeep/shared';
import { PeerCircle } from '../src/peer-circle';
import { randomIds, randomTarget } from './rings';

function naiveIndex(self: NodeId, ids: readonly NodeId[], target: Position): number {
  const offset = clockwiseDistance(self, target);
  return ids.filter((id) => clockwiseDistance(self, id) <= offset).length - 1;
}

test('searching, adding and removing agree with a sorted array', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 31 - 1 }), fc.integer({ min: 1, max: 700 }), (seed, size) => {
      const random = new Random(seed);
      const [self, ...others] = randomIds(random, size) as [NodeId, ...NodeId[]];
      const circle = new PeerCircle(self);
      circle.add(others.map((id) => ({ id })));
      let expected = [...others];
      for (let change = 0; change < 20; change++) {
        const id =
          random.chance(0.5) && expected.length > 0 ? random.pick(expected) : position(random.bits64());
        if (circle.has(id)) {
          expect(circle.remove(id)).toBe(true);
          expected = expected.filter((other) => other !== id);
        } else {
          circle.add([{ id }]);
          expected.push(id);
        }
      }
      expected.sort((a, b) => (clockwiseDistance(self, a) < clockwiseDistance(self, b) ? -1 : 1));
      expect(circle.ids()).toEqual(expected);
      for (let i = 0; i < 50; i++) {
        const target = randomTarget(random, [self, ...expected]);
        expect(circle.lastAtOrBefore(circle.offsetOf(target))).toBe(naiveIndex(self, expected, target));
      }
    }),
    { numRuns: 30 },
  );
});

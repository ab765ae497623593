/** The newest command on each key: what a map would tell, of few keys and of many. */

import fc from 'fast-check';
import type { Bytes } from '@ringkeep/shared';
import { NewestTurns } from '../../src/doors/resp/pipeline/newest-turns';

const keys = Array.from({ length: 50 }, (_, index) => `key:${index % 7}${'x'.repeat(index)}` as Bytes);
const step = fc.record({
  kind: fc.constantFrom('set' as const, 'set' as const, 'delete' as const, 'clear' as const),
  key: fc.oneof(fc.constantFrom(...keys), fc.constant('' as Bytes), fc.constant('\0' as Bytes)),
  turn: fc.nat({ max: 3 }),
  isRare: fc.nat({ max: 40 }),
});

test('it tells what a map would tell', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const newest = new NewestTurns<number>();
      const map = new Map<Bytes, number>();
      for (const { kind, key, turn, isRare } of steps) {
        if (kind === 'set') {
          newest.set(key, turn);
          map.set(key, turn);
        } else if (kind === 'delete') {
          newest.remove(key, turn);
          if (map.get(key) === turn) map.delete(key);
        } else if (isRare === 0) {
          newest.clear();
          map.clear();
        }
        expect(newest.size).toBe(map.size);
        expect([key, ...keys].find((each) => newest.get(each) !== map.get(each))).toBeUndefined();
      }
      expect([...newest.all()].sort()).toEqual([...new Set(map.values())].sort());
    }),
    { numRuns: 300 },
  );
});

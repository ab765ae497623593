/** The map of what is under way does what a Map does, whatever the order. */

import fc from 'fast-check';
import { NumberMap } from '../../src/ring';

interface Thing {
  readonly name: string;
}

type Action =
  { readonly kind: 'set' | 'delete' | 'add'; readonly number: number } | { readonly kind: 'clear' };

const actions: fc.Arbitrary<Action> = fc.oneof(
  { weight: 20, arbitrary: fc.record({ kind: fc.constant('add' as const), number: fc.nat(3) }) },
  { weight: 20, arbitrary: fc.record({ kind: fc.constant('delete' as const), number: fc.nat(60) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('set' as const), number: fc.nat(60) }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'clear' as const }) },
);

test('does what a Map does', () => {
  fc.assert(
    fc.property(fc.array(actions, { maxLength: 400 }), (steps) => {
      const known = new Map<number, Thing>();
      const map = new NumberMap<Thing>();
      let last = 0;
      for (const [index, step] of steps.entries()) {
        const thing = { name: `thing ${index}` };
        if (step.kind === 'clear') {
          known.clear();
          map.clear();
        } else if (step.kind === 'delete') {
          expect(map.delete(step.number)).toBe(known.delete(step.number));
        } else {
          const number = step.kind === 'add' ? (last += step.number) : step.number;
          known.set(number, thing);
          map.set(number, thing);
          expect(map.get(number)).toBe(thing);
        }
        expect(map.size).toBe(known.size);
        expect(map.first).toBe(known.get(Math.min(...known.keys())));
        if (step.kind !== 'clear') expect(map.get(step.number)).toBe(known.get(step.number));
      }
      const numbers = [...known.keys()].sort((a, b) => a - b);
      expect(map.keys()).toEqual(numbers);
      expect(map.values()).toEqual(numbers.map((number) => known.get(number)));
      for (const number of numbers) expect(map.has(number)).toBe(true);
      expect(map.has(Math.max(-1, ...numbers) + 1)).toBe(false);
    }),
  );
});

test('one that stays does not keep the places of those that go', () => {
  const map = new NumberMap<Thing>();
  map.set(0, { name: 'stays' });
  for (let number = 1; number <= 100_000; number++) {
    map.set(number, { name: 'goes' });
    map.delete(number);
  }
  expect(map.keys()).toEqual([0]);
  expect((map as unknown as { slots: unknown[] }).slots.length).toBeLessThan(100);
});

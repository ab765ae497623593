/** Every scheme against a linear scan, on random rings; and each one's own promises about hops and state. */

import fc from 'fast-check';
import { clockwiseDistance, position, Random, type NodeId, type Position } from '@ringkeep/shared';
import { createScheme, SCHEME_NAMES, type RoutingScheme } from '@ringkeep/routing';
import { ownerByScan, pathOf, randomIds, randomTarget, settledRing } from './rings';

const seeds = fc.integer({ min: 0, max: 2 ** 31 - 1 });

describe.each(SCHEME_NAMES)('%s', (name) => {
  test('every look-up from every start reaches the owner that a linear scan finds', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 1, max: 48 }), (seed, size) => {
        const random = new Random(seed);
        const ids = randomIds(random, size);
        const ring = settledRing(name, ids, random);
        for (let i = 0; i < 4; i++) {
          const target = randomTarget(random, ids);
          for (const start of ids) {
            expect(pathOf(ring, start, target).at(-1)).toBe(ownerByScan(ids, target));
          }
        }
      }),
      { numRuns: 30 },
    );
  });

  test('look-ups reach the owner with small structures too', () => {
    fc.assert(
      fc.property(
        seeds,
        fc.integer({ min: 2, max: 80 }),
        fc.constantFrom(1, 2, 4, 8),
        (seed, size, digitBits) => {
          const random = new Random(seed);
          const ids = randomIds(random, size);
          const ring = settledRing(name, ids, random, {
            neighbours: { perSide: 1 },
            chord: { successors: 1 },
            pastry: { leafSetSize: 2, neighbourhoodSize: 0, digitBits: digitBits as 1 | 2 | 4 | 8 },
          });
          for (let i = 0; i < 100; i++) {
            const target = randomTarget(random, ids);
            expect(pathOf(ring, random.pick(ids), target).at(-1)).toBe(ownerByScan(ids, target));
          }
        },
      ),
      { numRuns: 30 },
    );
  });

  test('the candidates begin with the next hop, hold no peer twice, and are empty at the owner', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 1, max: 60 }), (seed, size) => {
        const random = new Random(seed);
        const ids = randomIds(random, size);
        const ring = settledRing(name, ids, random);
        for (let i = 0; i < 60; i++) {
          const scheme = ring.get(random.pick(ids)) as RoutingScheme;
          const target = randomTarget(random, ids);
          const candidates = scheme.candidates(target, 100);
          expect(candidates[0]).toBe(scheme.nextHop(target));
          expect(new Set(candidates).size).toBe(candidates.length);
          expect(candidates).not.toContain(scheme.self);
          expect(candidates.every((id) => scheme.has(id))).toBe(true);
          expect(scheme.candidates(target, 2)).toEqual(candidates.slice(0, 2));
        }
      }),
      { numRuns: 15 },
    );
  });

  test('the order and the grouping in which peers are learnt do not change what is kept', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 2, max: 150 }), (seed, size) => {
        const random = new Random(seed);
        const ids = randomIds(random, size);
        const [self, ...others] = ids as [NodeId, ...NodeId[]];
        const peers = others.map((id) => ({ id, distance: random.fraction() }));
        const atOnce = createScheme(name, self, peers);
        const oneByOne = createScheme(name, self);
        for (const peer of random.shuffle([...peers, ...peers.slice(0, 5)])) oneByOne.learn([peer]);
        expect(oneByOne.peers()).toEqual(atOnce.peers());
        expect(oneByOne.state()).toEqual(atOnce.state());
      }),
      { numRuns: 15 },
    );
  });

  test('a forgotten peer is named no more, neither as next hop nor as candidate nor in an answer', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 3, max: 80 }), (seed, size) => {
        const random = new Random(seed);
        const ids = randomIds(random, size);
        const [self, ...others] = ids as [NodeId, ...NodeId[]];
        const scheme = createScheme(
          name,
          self,
          others.map((id) => ({ id, distance: random.fraction() })),
        );
        const failed = random.shuffle(others).slice(0, random.between(1, size - 1));
        for (const id of failed) {
          const known = scheme.has(id);
          expect(scheme.forget(id)).toBe(known);
        }
        const named = (['everyone', 'around', 'nearby'] as const).flatMap((kind) => scheme.answer({ kind }));
        for (let i = 0; i < 20; i++) {
          const target = randomTarget(random, ids);
          named.push(...scheme.candidates(target, 100));
          const hops = [scheme.nextHop(target), scheme.precedingHop(target)];
          named.push(...hops.filter((id) => id !== undefined));
        }
        expect(named.filter((id) => failed.includes(id) || id === self)).toEqual([]);
      }),
      { numRuns: 20 },
    );
  });

  test('a node alone owns everything and wishes for nothing', () => {
    const alone = createScheme(name, 7n as NodeId, [{ id: 7n as NodeId }]);
    expect(alone.nextHop(3n as Position)).toBeUndefined();
    expect(alone.candidates(3n as Position, 5)).toEqual([]);
    expect(alone.wishes()).toEqual([]);
    expect(alone.state()).toEqual({ peers: 0, entries: 0 });
    expect(alone.forget(9n as NodeId)).toBe(false);
  });
});

describe('hops and state', () => {
  const random = new Random(20_010_826);
  const ids = Array.from({ length: 256 }, () => position(random.bits64()));
  const lookups = Array.from({ length: 300 }, () => ({
    start: random.pick(ids),
    target: position(random.bits64()),
  }));
  const hopsOf = (name: (typeof SCHEME_NAMES)[number]): number[] => {
    const ring = settledRing(name, ids, new Random(1));
    return lookups.map(({ start, target }) => pathOf(ring, start, target).length - 1);
  };
  const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

  test('one hop needs one at most', () => {
    expect(Math.max(...hopsOf('one-hop'))).toBe(1);
  });

  test('neighbours never go more than all the way round, and a quarter of the ring on average', () => {
    expect(mean(hopsOf('neighbours'))).toBeLessThan(256 * 0.35);
  });

  test('Chord stays within log2 N on average, Pastry within log16 N, rounded up', () => {
    expect(mean(hopsOf('chord'))).toBeLessThan(8);
    expect(mean(hopsOf('pastry'))).toBeLessThan(3);
  });

  test('each hop of Chord comes nearer to the target and never passes it', () => {
    const ring = settledRing('chord', ids, new Random(2));
    for (const { start, target } of lookups) {
      const distances = pathOf(ring, start, target).map((id) => clockwiseDistance(id, target));
      for (let i = 1; i < distances.length; i++) {
        expect((distances[i] as bigint) < (distances[i - 1] as bigint)).toBe(true);
      }
    }
  });
});

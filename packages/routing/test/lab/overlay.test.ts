/**
 * Rings whose nodes know only what joining and repair taught them: the schemes' wishes are enough to hold a
 * ring together.
 */

import fc from 'fast-check';
import { position, Random, type NodeId } from '@ringkeep/shared';
import { closestMember, randomCoordinates, type SchemeName } from '@ringkeep/routing';
import { Overlay, type OverlayNode } from '../../src/lab/overlay';
import { ownerByScan, randomTarget } from '../rings';

const seeds = fc.integer({ min: 0, max: 2 ** 31 - 1 });

function grow(name: SchemeName, random: Random, size: number, crowd: number): Overlay {
  const overlay = new Overlay(name);
  while (overlay.size < size) {
    const members = overlay
      .ids()
      .map((id) => ({ id, coordinates: (overlay.node(id) as OverlayNode).coordinates }));
    const count = members.length === 0 ? 1 : Math.min(crowd, size - overlay.size);
    overlay.join(
      Array.from({ length: count }, () => {
        const coordinates = randomCoordinates(random);
        const contact = closestMember(coordinates, members)?.id;
        const id = position(random.bits64());
        return contact === undefined ? { id, coordinates } : { id, coordinates, contact };
      }),
    );
    overlay.maintain();
  }
  return overlay;
}

function missed(overlay: Overlay, random: Random, lookups: number): number {
  const ids = overlay.ids();
  let count = 0;
  for (let i = 0; i < lookups; i++) {
    const target = randomTarget(random, ids);
    const start = overlay.node(random.pick(ids)) as OverlayNode;
    if (overlay.walk(start, target).path?.at(-1) !== ownerByScan(ids, target)) count++;
  }
  return count;
}

describe.each<SchemeName>(['one-hop', 'neighbours', 'chord', 'pastry'])('%s', (name) => {
  test('nodes that join in crowds, each through one contact, are found by all', () => {
    fc.assert(
      fc.property(
        seeds,
        fc.integer({ min: 2, max: 40 }),
        fc.integer({ min: 1, max: 8 }),
        (seed, size, crowd) => {
          const random = new Random(seed);
          const overlay = grow(name, random, size, crowd);
          expect(missed(overlay, random, 60)).toBe(0);
        },
      ),
      { numRuns: 6 },
    );
  });

  test('a single newcomer is found by all as soon as it has joined, before any repair', () => {
    const random = new Random(3);
    const overlay = grow(name, random, 30, 1);
    const id: NodeId = position(random.bits64());
    overlay.join([{ id, coordinates: [0.5, 0.5], contact: random.pick(overlay.ids()) }]);
    expect(missed(overlay, random, 200)).toBe(0);
  });
});

describe.each<SchemeName>(['one-hop', 'chord', 'pastry'])('%s', (name) => {
  test('when a third of the nodes fails at once, two rounds of repair lead every look-up to its new owner', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 3, max: 45 }), (seed, size) => {
        const random = new Random(seed);
        const overlay = grow(name, random, size, 5);
        overlay.fail(random.shuffle(overlay.ids()).slice(0, Math.floor(size / 3)));
        overlay.maintain();
        overlay.maintain();
        expect(missed(overlay, random, 60)).toBe(0);
      }),
      { numRuns: 6 },
    );
  });
});

test('Pastry closes a gap in which more neighbours failed than a side of a leaf set holds', () => {
  const random = new Random(8);
  const overlay = grow('pastry', random, 80, 16);
  const sorted = overlay.ids().sort((a, b) => (a < b ? -1 : 1));
  overlay.fail(sorted.slice(40, 52));
  overlay.maintain();
  overlay.maintain();
  expect(missed(overlay, random, 200)).toBe(0);
  const before = overlay.node(sorted[39] as NodeId) as OverlayNode;
  expect(before.scheme.has(sorted[52] as NodeId)).toBe(true);
});

/** The laboratory's schemes against the library's: the same hops and the same state on the same rings. */

import fc from 'fast-check';
import { Random, type NodeId } from '@ringkeep/shared';
import { createScheme, type RoutingScheme, type SchemeName } from '@ringkeep/routing';
import { ChordLab } from '../../src/lab/chord-lab';
import { LabRing, positionOf, randomPosition, RING_SIZE } from '../../src/lab/lab-ring';
import { NOBODY, type LabScheme, type RepairableScheme } from '../../src/lab/lab-scheme';
import { NeighboursLab } from '../../src/lab/neighbours-lab';
import { OneHopLab } from '../../src/lab/one-hop-lab';
import { PastryLab } from '../../src/lab/pastry-lab';
import { placedIds } from '../../src/lab/placement';
import { walk, walkAround } from '../../src/lab/walk';
import { ownerByScan } from '../rings';

const seeds = fc.integer({ min: 0, max: 2 ** 31 - 1 });

function labScheme(name: SchemeName, ring: LabRing): LabScheme {
  switch (name) {
    case 'one-hop':
      return new OneHopLab(ring);
    case 'neighbours':
      return new NeighboursLab(ring);
    case 'chord':
      return new ChordLab(ring);
    case 'pastry':
      return new PastryLab(ring);
  }
}

function labRing(random: Random, size: number): LabRing {
  const ids = placedIds(size, 'hash', random);
  if (random.chance(0.3)) {
    // A crowd of close neighbours: long shared prefixes.
    const centre = ids[0] as number;
    for (let i = 1; i < size / 3; i++) ids[i] = centre + i * random.between(1, 3) * 2 ** random.below(8);
    ids.sort();
    const distinct = Float64Array.from(new Set(ids));
    return new LabRing(distinct, random);
  }
  return new LabRing(ids, random);
}

function libraryRing(name: SchemeName, ring: LabRing): RoutingScheme[] {
  const ids = Array.from(ring.ids, positionOf);
  return ids.map((self, node) =>
    createScheme(
      name,
      self,
      ids.map((id, other) => ({ id, distance: ring.proximity(node, other) })),
      { pastry: { neighbourhoodSize: 0 } },
    ),
  );
}

describe.each<SchemeName>(['one-hop', 'neighbours', 'chord', 'pastry'])('%s', (name) => {
  test('every hop and every state in the laboratory is that of the library, and the end is the owner', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 1, max: 90 }), (seed, size) => {
        const random = new Random(seed);
        const ring = labRing(random, size);
        const lab = labScheme(name, ring);
        const library = libraryRing(name, ring);
        const ids = library.map((scheme) => scheme.self);
        for (let i = 0; i < 60; i++) {
          const node = random.below(ring.size);
          const near = ring.ids[random.below(ring.size)] as number;
          const target = random.chance(0.5)
            ? randomPosition(random)
            : Math.max(0, near + random.between(-1, 1));
          const hop = lab.hop(node, target);
          const expected = (library[node] as RoutingScheme).nextHop(positionOf(target));
          expect(hop === NOBODY ? undefined : ids[hop]).toBe(expected);
          const owner = ids.indexOf(ownerByScan(ids, positionOf(target)));
          expect(walk(ring, lab, node, target).end).toBe(owner);
          expect(ring.owner(target)).toBe(owner);
        }
        if (name === 'pastry') return;
        for (let node = 0; node < ring.size; node++) {
          expect(lab.state(node)).toEqual((library[node] as RoutingScheme).state());
        }
      }),
      { numRuns: 25 },
    );
  });
});

test('in Chord the smallest gap between two nodes may be the one across zero', () => {
  const ring = new LabRing(Float64Array.of(0.1 * RING_SIZE, 0.9 * RING_SIZE).map(Math.floor), new Random(1));
  const lab = new ChordLab(ring);
  expect([0, 1].map((node) => lab.state(node))).toEqual(
    libraryRing('chord', ring).map((scheme) => scheme.state()),
  );
});

test('the laboratory and the library keep the same routing tables and leaf sets', () => {
  const random = new Random(4);
  const ring = labRing(random, 200);
  const lab = new PastryLab(ring);
  const library = libraryRing('pastry', ring);
  for (let node = 0; node < ring.size; node += 7) {
    const state = (library[node] as RoutingScheme).state();
    expect(lab.state(node).entries).toBe(state.entries + 32);
  }
});

describe.each(['chord', 'pastry'] as const)('%s with half of its nodes dead', (name) => {
  test('finds nearly all owners at once and the same or more after each repair round', () => {
    const random = new Random(11);
    const ring = new LabRing(placedIds(1000, 'hash', random), random);
    const scheme = labScheme(name, ring) as RepairableScheme;
    const alive = new Uint8Array(1000).fill(1);
    for (const node of random.shuffle([...alive.keys()]).slice(0, 500)) alive[node] = 0;
    const living = [...alive.keys()].filter((node) => alive[node] === 1);
    const ids = living.map((node) => positionOf(ring.ids[node] as number));
    const share = (): number => {
      const draw = new Random(5);
      let reached = 0;
      for (let i = 0; i < 2000; i++) {
        const target = randomPosition(draw);
        const owner: NodeId = ownerByScan(ids, positionOf(target));
        const { end } = walkAround(ring, scheme, draw.pick(living), target, alive);
        if (end !== NOBODY && positionOf(ring.ids[end] as number) === owner) reached++;
      }
      return reached / 2000;
    };
    const before = share();
    expect(before).toBeGreaterThan(0.9);
    scheme.repair(alive);
    const once = share();
    expect(once).toBeGreaterThanOrEqual(before);
    scheme.repair(alive);
    expect(share()).toBeGreaterThanOrEqual(once);
  });
});

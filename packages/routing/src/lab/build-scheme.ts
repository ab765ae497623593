/** A scheme over a whole ring, by its name, and what it took to build. */

import { performance } from 'node:perf_hooks';
import type { SchemeName } from '../scheme';
import { ChordLab } from './chord-lab';
import type { LabRing } from './lab-ring';
import type { LabScheme, RepairableScheme } from './lab-scheme';
import { NeighboursLab } from './neighbours-lab';
import { OneHopLab } from './one-hop-lab';
import { PastryLab } from './pastry-lab';
import type { BuildProgress } from './pastry-tables';

export interface Built {
  readonly scheme: LabScheme;
  readonly seconds: number;
}

export function buildScheme(name: SchemeName, ring: LabRing, onProgress?: BuildProgress): Built {
  const startedMs = performance.now();
  const scheme = newScheme(name, ring, onProgress);
  return { scheme, seconds: (performance.now() - startedMs) / 1000 };
}

/** Undefined for schemes whose repair is not peer by peer. */
export function repairable(scheme: LabScheme): RepairableScheme | undefined {
  return scheme instanceof ChordLab || scheme instanceof PastryLab ? scheme : undefined;
}

function newScheme(name: SchemeName, ring: LabRing, onProgress?: BuildProgress): LabScheme {
  switch (name) {
    case 'one-hop':
      return new OneHopLab(ring);
    case 'neighbours':
      return new NeighboursLab(ring);
    case 'chord':
      return new ChordLab(ring);
    case 'pastry':
      return new PastryLab(ring, 16, onProgress);
  }
}

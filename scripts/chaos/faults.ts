/**
 * What goes wrong in a chaos run, and when: drawn from the seed before anything starts.
 *
 * Faults overlap. The nodes that a fault strikes are drawn as well, from those that no other fault holds at that time.
 * The timing of real processes is not repeatable, so these choices are not entirely repeatable either.
 */

import { RingError, quoted, type Random } from '@ringkeep/shared';

export const FAULT_KINDS = {
  kill: 'kill -9 of a node',
  'kill-several': 'kill -9 of several nodes at once',
  'kill-everything': 'kill -9 of everything',
  pause: 'SIGSTOP of a node',
  'pause-several': 'SIGSTOP of several nodes',
  'kill-registry': 'kill -9 of the registry',
  'pause-registry': 'SIGSTOP of the registry',
  cut: 'a node cut off',
  'cut-one-way': 'a node cut off in one direction',
  refuse: 'connections to a node broken and refused',
  delay: 'messages to a node delayed',
  'cut-registry': 'a node cut off from the registry',
  'join-and-leave': 'nodes joined at once and left at once',
  'empty-disk': 'the data of a node gone, all of it or a part',
  'roll-back': 'the data folder of a node put back to an earlier moment',
  'roll-back-registry': 'the data folder of the registry put back to an earlier moment',
  'wrong-address': 'a node started with an address that is not its own',
  'clock-jump': 'the wall clock of a node set forward or back',
  sleep: 'a machine asleep, its monotonic clock standing still',
  'freeze-in-turn': 'SIGSTOP of one node after the other, so that every feed of the ring stands still once',
  'full-disk': 'the disk of a node full',
  'full-registry-disk': 'the disk of the registry full',
  'power-cut': 'the power of a node cut: what it had not synced is lost',
  'power-cut-everything': 'the power of everything cut at once',
} as const;

export type FaultKind = keyof typeof FAULT_KINDS;

export interface Fault {
  readonly kind: FaultKind;
  readonly atMs: number;
  /** How long until it is undone. */
  readonly forMs: number;
  /** How many nodes it strikes. */
  readonly nodes: number;
  /** Seeds what else is chosen. */
  readonly choice: number;
}

interface Habits {
  readonly weight: number;
  readonly forMs: readonly [least: number, most: number];
}

/** Pauses and cuts last longer than every lease (2–2.5 s) more often than not; restarts may be quicker than one. */
const HABITS: Readonly<Record<FaultKind, Habits>> = {
  kill: { weight: 6, forMs: [0, 7_000] },
  'kill-several': { weight: 3, forMs: [0, 6_000] },
  'kill-everything': { weight: 1, forMs: [0, 2_000] },
  pause: { weight: 5, forMs: [500, 8_000] },
  'pause-several': { weight: 2, forMs: [3_000, 6_000] },
  'kill-registry': { weight: 3, forMs: [0, 8_000] },
  'pause-registry': { weight: 2, forMs: [1_000, 7_000] },
  cut: { weight: 3, forMs: [1_000, 8_000] },
  'cut-one-way': { weight: 5, forMs: [1_000, 8_000] },
  refuse: { weight: 2, forMs: [100, 5_000] },
  delay: { weight: 3, forMs: [2_000, 10_000] },
  'cut-registry': { weight: 4, forMs: [1_000, 8_000] },
  'join-and-leave': { weight: 2, forMs: [500, 6_000] },
  'empty-disk': { weight: 4, forMs: [0, 6_000] },
  'roll-back': { weight: 3, forMs: [0, 5_000] },
  'roll-back-registry': { weight: 2, forMs: [1_000, 6_000] },
  'wrong-address': { weight: 3, forMs: [2_000, 8_000] },
  'clock-jump': { weight: 4, forMs: [500, 8_000] },
  sleep: { weight: 3, forMs: [500, 6_000] },
  'freeze-in-turn': { weight: 3, forMs: [4_000, 15_000] },
  'full-disk': { weight: 4, forMs: [1_000, 8_000] },
  'full-registry-disk': { weight: 1, forMs: [1_000, 5_000] },
  'power-cut': { weight: 5, forMs: [0, 6_000] },
  'power-cut-everything': { weight: 2, forMs: [0, 2_000] },
};

const ALL_KINDS = Object.keys(HABITS) as readonly FaultKind[];
/** Those from `empty-disk` on: disks, clocks, addresses. */
const NEW_KINDS = ALL_KINDS.slice(ALL_KINDS.indexOf('empty-disk'));
const FAMILIES: Readonly<Record<string, readonly FaultKind[]>> = {
  all: ALL_KINDS,
  new: NEW_KINDS,
  old: ALL_KINDS.filter((kind) => !NEW_KINDS.includes(kind)),
};

/** Faults that need a disk of its own for each process. */
export const KINDS_OF_DISKS: ReadonlySet<FaultKind> = new Set<FaultKind>([
  'full-disk',
  'full-registry-disk',
  'power-cut',
  'power-cut-everything',
]);

/** Some faults come at once, some leave the ring time to recover. */
const GAP_MS = { least: 200, most: 4_000, rest: 12_000, restShare: 0.22 } as const;
/** Traffic before the first fault. */
const LEAD_MS = 2_000;

/** Reads a list of kinds and families. Throws INVALID_ARGUMENT naming what there is. */
export function readKinds(text: string): readonly FaultKind[] {
  const kinds = text.split(',').flatMap((name): readonly FaultKind[] => {
    const known = FAMILIES[name] ?? ALL_KINDS.filter((kind) => kind === name);
    if (known.length > 0) return known;
    const there = [...Object.keys(FAMILIES), ...ALL_KINDS].join(', ');
    throw new RingError('INVALID_ARGUMENT', `there is no fault ${quoted(name)}; the faults are ${there}`);
  });
  return [...new Set(kinds)];
}

/** The faults of a run, in order. Each is undone before the run is over. */
export function drawFaults(
  random: Random,
  durationMs: number,
  nodes: number,
  kinds: readonly FaultKind[] = ALL_KINDS,
): Fault[] {
  const bag = kinds.flatMap((kind) => Array.from({ length: HABITS[kind].weight }, () => kind));
  const faults: Fault[] = [];
  for (let atMs = LEAD_MS; ;) {
    const kind = random.pick(bag);
    const [least, most] = HABITS[kind].forMs;
    const forMs = random.between(least, most);
    if (atMs + forMs > durationMs) return faults;
    faults.push({ kind, atMs, forMs, nodes: struck(kind, random, nodes), choice: random.word() });
    atMs += random.chance(GAP_MS.restShare) ? GAP_MS.rest : random.between(GAP_MS.least, GAP_MS.most);
  }
}

function struck(kind: FaultKind, random: Random, nodes: number): number {
  switch (kind) {
    case 'kill-registry':
    case 'pause-registry':
    case 'roll-back-registry':
    case 'full-registry-disk':
      return 0;
    case 'kill-everything':
    case 'power-cut-everything':
    case 'freeze-in-turn':
      return nodes;
    case 'kill-several':
    case 'pause-several':
      return random.between(2, Math.max(2, nodes - 1));
    case 'join-and-leave':
      return random.between(1, 3);
    default:
      return 1;
  }
}

/**
 * What a seed stands for: a cluster, its clients, and which faults happen how often (swarm testing: each
 * kind of fault is on with a probability of one half, so that runs differ in kind and not only in detail).
 *
 * Plain data; shrinking turns parts of it off and runs it again.
 */

import { Random, checkParameters, type ClusterParameters } from '@ringkeep/shared';
import type { DiskProfile } from './world/disk';
import type { NetworkProfile } from './world/network';

export const FAULT_KINDS = [
  'crash',
  'power-loss',
  'mass-crash',
  'pause',
  'suspend',
  'partition',
  'one-way-cut',
  'registry-cut',
  'client-cut',
  'clog',
  'disk-stall',
  'disk-full',
  'registry-crash',
  'registry-pause',
  'join',
  'leave',
  'loss',
  'lateness',
  'duplication',
  'stream-break',
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

/** Kinds that are a property of the network all the time; the others happen now and then. */
const NETWORK_KINDS: readonly FaultKind[] = ['loss', 'lateness', 'duplication', 'stream-break'];

export interface Scenario {
  readonly seed: number;
  readonly parameters: ClusterParameters;
  readonly placement: 'balanced' | 'hash';
  readonly forgetAfterMs: number;
  readonly returnWaitMs: number;
  /** Machines that are there from the beginning, and that may join later. */
  readonly machines: number;
  readonly machinesLater: number;
  readonly network: NetworkProfile;
  readonly disk: DiskProfile;
  readonly checkpointEveryMs: number;
  readonly clients: number;
  readonly keys: number;
  /** Pause of a client between two operations, at most. */
  readonly thinkMs: number;
  /** How long a client waits for an answer. */
  readonly patienceMs: number;
  readonly safetyMs: number;
  readonly faults: readonly FaultKind[];
  /** Time between two faults, on average. */
  readonly faultEveryMs: number;
}

export interface Adjustments {
  readonly without?: readonly FaultKind[];
  readonly safetyMs?: number;
  readonly clients?: number;
  readonly machinesLater?: number;
}

export function drawScenario(seed: number, adjustments: Adjustments = {}): Scenario {
  const random = new Random(seed);
  const drawn = FAULT_KINDS.filter(() => random.chance(0.5));
  const calm = random.chance(0.05);
  const faults = calm ? [] : drawn.filter((kind) => !adjustments.without?.includes(kind));
  const on = (kind: FaultKind, value: number): number => (faults.includes(kind) ? value : 0);
  const leaseMs = random.between(150, 900);
  const parameters = checkParameters({
    replicationFactor: random.pick([1, 1, 2, 3, 3, 3]),
    leaseMs,
    leaseMarginMs: Math.max(5, Math.round(leaseMs * (0.05 + 0.2 * random.fraction()))),
    membershipLeaseMs: random.between(500, 2_500),
    failureTimeoutMs: random.between(400, 2_500),
  });
  const latencyMs = random.pick([0.3, 1, 3, 10]);
  const many = random.chance(0.3);
  return {
    seed,
    parameters,
    placement: random.pick(['balanced', 'hash']),
    forgetAfterMs: random.pick([1_000, 2_500, 8_000, 60_000]),
    returnWaitMs: random.pick([0, 300, 1_000]),
    machines: random.between(1, 5),
    machinesLater: adjustments.machinesLater ?? random.below(3),
    network: {
      latencyMs,
      loss: on('loss', random.pick([0.001, 0.01, 0.05])),
      duplication: on('duplication', random.pick([0.01, 0.1])),
      lateness: on('lateness', random.pick([0.002, 0.02])),
      streamBreak: on('stream-break', random.pick([0.0005, 0.005])),
    },
    disk: { syncMs: random.pick([0.2, 1, 5, 20]) },
    checkpointEveryMs: random.pick([500, 2_000, 100_000]),
    clients: adjustments.clients ?? random.between(2, 6),
    keys: many ? random.between(20, 60) : random.between(1, 6),
    thinkMs: random.pick([5, 20, 100]),
    patienceMs: random.between(300, 2_500),
    safetyMs: Math.min(adjustments.safetyMs ?? Infinity, random.between(4_000, 12_000)),
    faults,
    faultEveryMs: random.pick([200, 600, 1_500, 3_000]),
  };
}

/** Faults of a scenario that happen now and then. */
export function passingFaults({ faults }: Scenario): FaultKind[] {
  return faults.filter((kind) => !NETWORK_KINDS.includes(kind));
}

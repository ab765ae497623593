/**
 * What a seed stands for: a cluster, its clients, and which faults happen how often (swarm testing: each
 * kind of fault is on with a probability of one half, so that runs differ in kind and not only in detail).
 *
 * Plain data; shrinking turns parts of it off and runs it again.
 */

import { Random, checkParameters, type ClusterParameters } from '@ringkeep/shared';
import type { TransferSizes } from '@ringkeep/dht-node/core';
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
  'proposals-astray',
  'pushes-astray',
  'duplication',
  'stream-break',
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

/** Kinds that are a property of the network all the time; the others happen now and then. */
const NETWORK_KINDS: readonly FaultKind[] = [
  'loss',
  'lateness',
  'proposals-astray',
  'pushes-astray',
  'duplication',
  'stream-break',
];

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
  /** So small that a handful of keys makes several chunks, buckets and pages. */
  readonly transferSizes: TransferSizes;
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

/** What is left out of a seed's scenario, or made smaller: how a failure is brought down to a short story. */
export interface Adjustments {
  readonly without?: readonly FaultKind[];
  readonly safetyMs?: number;
  readonly clients?: number;
  readonly machinesLater?: number;
}

/** Everything is drawn before anything is adjusted, so that what stays is what it was. */
export function drawScenario(seed: number, adjustments: Adjustments = {}): Scenario {
  const scenario = draw(seed);
  const { without = [], safetyMs, clients, machinesLater } = adjustments;
  const faults = scenario.faults.filter((kind) => !without.includes(kind));
  return {
    ...scenario,
    faults,
    network: withoutFaults(scenario.network, faults),
    safetyMs: Math.min(scenario.safetyMs, safetyMs ?? Infinity),
    clients: Math.min(scenario.clients, clients ?? Infinity),
    machinesLater: Math.min(scenario.machinesLater, machinesLater ?? Infinity),
  };
}

function draw(seed: number): Scenario {
  const random = new Random(seed);
  const drawn = FAULT_KINDS.filter(() => random.chance(0.5));
  const calm = random.chance(0.05);
  const leaseMs = random.chance(0.3) ? random.between(800, 2_500) : random.between(100, 800);
  const replicationFactor = random.pick([1, 2, 2, 3, 3, 3]);
  const parameters = checkParameters({
    replicationFactor,
    leaseMs,
    leaseMarginMs: Math.max(5, Math.round(leaseMs * (0.05 + 0.2 * random.fraction()))),
    membershipLeaseMs: random.between(300, 2_000),
    failureTimeoutMs: random.between(300, 2_000),
  });
  const latencyMs = random.pick([0.3, 1, 3, 10]);
  const many = random.chance(0.3);
  return {
    seed,
    parameters,
    placement: random.pick(['balanced', 'hash']),
    forgetAfterMs: random.pick([1_000, 2_500, 8_000, 60_000]),
    returnWaitMs: random.pick([0, 300, 1_000]),
    machines: random.between(replicationFactor, replicationFactor + 3),
    machinesLater: random.below(3),
    network: {
      latencyMs,
      loss: random.pick([0.001, 0.01, 0.05]),
      duplication: random.pick([0.01, 0.1]),
      lateness: random.pick([0.002, 0.02]),
      proposalsAstray: random.pick([0.1, 0.4]),
      pushesAstray: random.pick([0.2, 0.8]),
      streamBreak: random.pick([0.0005, 0.005]),
    },
    disk: { syncMs: random.pick([0.2, 1, 5, 20]) },
    checkpointEveryMs: random.pick([500, 2_000, 100_000]),
    clients: random.between(2, 6),
    keys: many ? random.between(20, 60) : random.between(1, 6),
    thinkMs: random.pick([5, 20, 100]),
    patienceMs: random.between(300, 4_000),
    safetyMs: random.between(4_000, 10_000),
    faults: calm ? [] : drawn,
    faultEveryMs: random.pick([150, 400, 1_000, 2_500]),
    transferSizes: drawTransferSizes(random),
  };
}

function drawTransferSizes(random: Random): TransferSizes {
  const chunkBytes = random.pick([1, 30, 100_000]);
  return {
    chunkBytes,
    windowBytes: chunkBytes * random.pick([2, 8]),
    bucketBytes: random.pick([1, 20, 2_000]),
    pageBuckets: random.pick([1, 3, 100]),
  };
}

function withoutFaults(network: NetworkProfile, faults: readonly FaultKind[]): NetworkProfile {
  const on = (kind: FaultKind, value: number): number => (faults.includes(kind) ? value : 0);
  return {
    latencyMs: network.latencyMs,
    loss: on('loss', network.loss),
    duplication: on('duplication', network.duplication),
    lateness: on('lateness', network.lateness),
    proposalsAstray: on('proposals-astray', network.proposalsAstray),
    pushesAstray: on('pushes-astray', network.pushesAstray),
    streamBreak: on('stream-break', network.streamBreak),
  };
}

/** True for a kind that happens now and then, and is not a property of the network all the time. */
export function isPassing(kind: FaultKind): boolean {
  return !NETWORK_KINDS.includes(kind);
}

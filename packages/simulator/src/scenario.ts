/**
 * What a seed stands for: a cluster, its clients, and how often which faults happen. This is swarm testing: each kind
 * of fault is on with a probability of one half, so that runs differ in kind and not only in detail.
 *
 * Plain data; shrinking turns parts of it off and runs it again.
 */

import { checkParameters, ROUTINGS, type Random, type ClusterParameters } from '@ringkeep/shared';
import type { Circumstances } from './circumstances';
import { FAULT_KINDS, NETWORK_KINDS, ROT, type FaultKind } from './fault-kinds';
import { DRAWN_FOCUSES, FOCUSES, OLD_DISK_FOCUSES, REGISTRY_FOCUSES, type FocusName } from './focuses';
import { seeded } from './seeded';
import type { TransferSizes } from '@ringkeep/dht-node/core';
import type { DiskOptions } from '@ringkeep/dht-node/storage';
import type { NetworkProfile } from './world/network';

export interface Scenario extends Circumstances {
  readonly seed: number;
  readonly focus: FocusName | undefined;
}

/** What is left out of a seed's scenario, or made smaller: how a failure is brought down to a short story. */
export interface Adjustments {
  /** In place of the one that the seed draws, if any. */
  readonly focus?: FocusName | 'none';
  readonly without?: readonly FaultKind[];
  readonly safetyMs?: number;
  readonly clients?: number;
  readonly machinesLater?: number;
}

/** Everything is drawn before anything is adjusted, so that what stays is what it was. */
export function drawScenario(seed: number, adjustments: Adjustments = {}): Scenario {
  const scenario = draw(seed, adjustments.focus);
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

const FOCUS_CHANCE = 0.4;
const OLD_DISKS_CHANCE = 0.05;
const REGISTRY_DATA_CHANCE = 0.05;

function draw(seed: number, wanted: FocusName | 'none' | undefined): Scenario {
  const focus = wanted === 'none' ? undefined : (wanted ?? drawFocus(seed));
  const given = focus ? FOCUSES[focus] : undefined;
  const calm = focus === undefined && seeded(seed, 'calm').chance(0.05);
  const chance = calm || given?.alone ? 0 : focus === undefined ? 0.5 : 0.2;
  const faults = FAULT_KINDS.filter(
    (kind) =>
      seeded(seed, kind).chance(kind === ROT && focus !== undefined ? 0 : chance) ||
      given?.always.includes(kind),
  );
  const drawn = { ...drawParameters(seed), ...given?.parameters };
  const { replicationFactor } = drawn;
  const minCopies = given?.parameters?.minCopies ?? drawMinCopies(seed, replicationFactor);
  const parameters = { ...drawn, minCopies };
  const machines = seeded(seed, 'machines');
  const network = seeded(seed, 'network');
  const clients = seeded(seed, 'clients');
  const times = seeded(seed, 'times');
  return {
    seed,
    focus,
    parameters,
    placement: machines.pick(['balanced', 'hash']),
    machines: machines.between(replicationFactor, replicationFactor + 3),
    machinesLater: machines.below(3),
    forgetAfterMs: times.pick([1_000, 2_500, 8_000, 60_000]),
    returnWaitMs: times.pick([0, 300, 1_000]),
    checkpointEveryMs: times.pick([500, 2_000, 100_000]),
    safetyMs: times.between(4_000, 10_000),
    faultEveryMs: times.pick([150, 400, 1_000, 2_500]),
    network: {
      latencyMs: network.pick([0.3, 1, 3, 10]),
      loss: network.pick([0.001, 0.01, 0.05]),
      duplication: network.pick([0.01, 0.1]),
      lateness: network.pick([0.002, 0.02]),
      proposalsAstray: network.pick([0.1, 0.4]),
      pushesAstray: network.pick([0.2, 0.8]),
      streamBreak: network.pick([0.0005, 0.005]),
      streamLag: network.pick([0.0005, 0.005]),
      ...given?.network,
    },
    disk: { syncMs: seeded(seed, 'disk').pick([0.2, 1, 5, 20]) },
    storage: drawStorage(seeded(seed, 'storage')),
    transferSizes: drawTransferSizes(seeded(seed, 'transfers')),
    historyBytes: seeded(seed, 'what is kept for watchers').pick([1_000, 10_000, 1_000_000]),
    clients: clients.between(2, 6),
    keys: clients.chance(0.3) ? clients.between(20, 60) : clients.between(1, 6),
    thinkMs: clients.pick([5, 20, 100]),
    patienceMs: clients.between(300, 4_000),
    watchers: seeded(seed, 'who watches').pick([0, 0, 1, 1, 2]),
    lockHolders: seeded(seed, 'who wants a lock').pick([0, 0, 2, 3]),
    oldDisks: 'never',
    registryData: 'kept',
    newParameters: false,
    silentFeeds: false,
    writesGoOn: false,
    faults,
    ...given?.scenario,
  };
}

function drawFocus(seed: number): FocusName | undefined {
  const oldDisks = seeded(seed, 'old disks');
  if (oldDisks.chance(OLD_DISKS_CHANCE)) return oldDisks.pick(OLD_DISK_FOCUSES);
  const registryData = seeded(seed, "the registry's data");
  if (registryData.chance(REGISTRY_DATA_CHANCE)) return registryData.pick(REGISTRY_FOCUSES);
  const random = seeded(seed, 'focus');
  return random.chance(FOCUS_CHANCE) ? random.pick(DRAWN_FOCUSES) : undefined;
}

function drawParameters(seed: number): ClusterParameters {
  const random = seeded(seed, 'parameters');
  const leaseMs = random.chance(0.3) ? random.between(800, 2_500) : random.between(100, 800);
  return checkParameters({
    replicationFactor: random.pick([1, 2, 2, 3, 3, 3]),
    leaseMs,
    leaseMarginMs: Math.max(5, Math.round(leaseMs * (0.05 + 0.2 * random.fraction()))),
    membershipLeaseMs: random.between(300, 2_000),
    failureTimeoutMs: random.between(300, 2_000),
    clockSkewMs: seeded(seed, 'clock skew').between(100, 600),
    routing: random.chance(0.7) ? 'one-hop' : random.pick(ROUTINGS),
    keyIndex: seeded(seed, 'key index').chance(0.3),
    positionRule: seeded(seed, 'position rule').chance(0.8) ? 'tag' : 'whole-key',
  });
}

/** Mostly one, so that rings go on, and more goes wrong, when they have lost all other copies. */
function drawMinCopies(seed: number, replicationFactor: number): number {
  const random = seeded(seed, 'copies asked for');
  return random.chance(0.7) ? 1 : random.between(1, replicationFactor);
}

function drawStorage(random: Random): Partial<DiskOptions> {
  const segmentBytes = random.pick([2_048, 8_192, 32_768]);
  return {
    segmentBytes,
    checkpointLogBytes: random.pick([2, 8, 1_000]) * segmentBytes,
    checkpointKeys: random.pick([10, 500_000]),
  };
}

function drawTransferSizes(random: Random): TransferSizes {
  const chunkBytes = random.pick([1, 30, 100_000]);
  return {
    chunkBytes,
    windowBytes: chunkBytes * random.pick([2, 8]),
    bucketBytes: random.pick([1, 20, 2_000]),
    pageBuckets: random.pick([1, 3, 100]),
    messageBytes: random.pick([1, 30, 100_000]),
  };
}

const PROPERTIES: Readonly<Record<(typeof NETWORK_KINDS)[number], keyof NetworkProfile>> = {
  loss: 'loss',
  lateness: 'lateness',
  'proposals-astray': 'proposalsAstray',
  'pushes-astray': 'pushesAstray',
  duplication: 'duplication',
  'stream-break': 'streamBreak',
  'stream-lag': 'streamLag',
};

function withoutFaults(network: NetworkProfile, faults: readonly FaultKind[]): NetworkProfile {
  const off = NETWORK_KINDS.filter((kind) => !faults.includes(kind)).map((kind) => [PROPERTIES[kind], 0]);
  return { ...network, ...Object.fromEntries(off) };
}

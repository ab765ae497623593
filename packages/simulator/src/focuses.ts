/**
 * The focuses: a table of the rare stories that a run can make common (focus.ts). Ordinary seeds draw one of them now
 * and then; a run may ask for one by name.
 */

import type { FaultKind } from './fault-kinds';
import type { Focus } from './focus';

const OLD_DISK_COMPANY: readonly FaultKind[] = ['join', 'leave', 'pushes-astray', 'stream-break'];
const OLD_DISK_RING = {
  machinesLater: 2,
  keys: 12,
  thinkMs: 5,
  faultEveryMs: 1_000,
  forgetAfterMs: 8_000,
  disk: { syncMs: 1 },
};

const REGISTRY_DATA_COMPANY: readonly FaultKind[] = ['join', 'leave', 'pushes-astray', 'stream-break'];
const REGISTRY_DATA_RING = { machinesLater: 2, thinkMs: 5, faultEveryMs: 1_000, forgetAfterMs: 8_000 };

const focuses = {
  admissions: {
    text: 'primaries that fail, or lose the registry, just when they have proposed to admit somebody',
    always: ['proposals-astray', 'pushes-astray', 'stream-break', 'join', 'crash'],
    parameters: { replicationFactor: 2, membershipLeaseMs: 400 },
    scenario: { machinesLater: 2, faultEveryMs: 400 },
    triggers: [
      { on: 'proposed admit', chance: 0.2, deed: 'crash', to: 'itself', withinMs: 30 },
      { on: 'proposed admit', chance: 0.4, deed: 'registry-cut', to: 'itself', withinMs: 3, long: true },
      { on: 'proposed admit', chance: 0.15, deed: 'crash', to: 'the other', withinMs: 100 },
      { on: 'proposed keep', chance: 0.2, deed: 'crash', to: 'the other', withinMs: 10 },
      { on: 'sent live', chance: 0.2, deed: 'break', to: 'itself', withinMs: 5 },
    ],
  },
  'slow-takeovers': {
    text: 'members that keep a new primary waiting, while others are copied to and it fails again',
    always: ['crash', 'stream-lag', 'stream-break', 'pause'],
    parameters: { replicationFactor: 3, membershipLeaseMs: 400, failureTimeoutMs: 2_000 },
    scenario: { machinesLater: 2, thinkMs: 5, faultEveryMs: 400 },
    triggers: [
      { on: 'role-open', chance: 0.3, deed: 'crash', to: 'itself', withinMs: 500 },
      { on: 'role-taken', chance: 0.6, deed: 'pause', to: 'a neighbour', withinMs: 2 },
      { on: 'sent start-over', chance: 0.4, deed: 'lag', to: 'itself', withinMs: 0 },
      { on: 'sent live', chance: 0.5, deed: 'break', to: 'itself', withinMs: 60 },
      { on: 'proposed admit', chance: 0.4, deed: 'crash', to: 'itself', withinMs: 40 },
    ],
  },
  'late-streams': {
    text: 'openings and acknowledgements that arrive late, after the stream or the term that they belong to',
    always: ['stream-lag', 'stream-break', 'registry-cut', 'pushes-astray'],
    parameters: { replicationFactor: 2, leaseMs: 200, leaseMarginMs: 20, membershipLeaseMs: 400 },
    scenario: { thinkMs: 5, faultEveryMs: 400 },
    triggers: [
      { on: 'opening', chance: 0.4, deed: 'lag', to: 'itself', withinMs: 0 },
      { on: 'opening', chance: 0.5, deed: 'break', to: 'itself', withinMs: 20 },
      { on: 'sent align', chance: 0.6, deed: 'lag-back', to: 'itself', withinMs: 1_500 },
      { on: 'role-open', chance: 0.6, deed: 'registry-cut', to: 'itself', withinMs: 1_500, long: true },
    ],
  },
  releases: {
    text: 'replicas that are released and wanted again at once, by streams that lag',
    always: ['join', 'leave', 'stream-lag', 'pushes-astray'],
    scenario: { machinesLater: 3, faultEveryMs: 400 },
    triggers: [
      { on: 'sent release', chance: 0.5, deed: 'lag', to: 'itself', withinMs: 0 },
      { on: 'sent release', chance: 0.4, deed: 'leave', to: 'a neighbour', withinMs: 10 },
      { on: 'sent release', chance: 0.2, deed: 'crash', to: 'a neighbour', withinMs: 10 },
      { on: 'proposed drop', chance: 0.3, deed: 'leave', to: 'a neighbour', withinMs: 20 },
    ],
  },
  splits: {
    text: 'members that miss a handover, or die in it and come back as soon as they are given up',
    always: ['join', 'pushes-astray', 'proposals-astray', 'stream-lag'],
    parameters: { membershipLeaseMs: 400 },
    network: { streamLag: 0.02 },
    scenario: { machinesLater: 3, thinkMs: 5, faultEveryMs: 400 },
    triggers: [
      { on: 'proposed handover', chance: 0.3, deed: 'pause', to: 'a neighbour', withinMs: 10, long: true },
      { on: 'proposed handover', chance: 0.2, deed: 'crash', to: 'a neighbour', withinMs: 10 },
      { on: 'proposed handover', chance: 0.2, deed: 'wipe', to: 'the other', withinMs: 10 },
      { on: 'proposed handover', chance: 0.2, deed: 'registry-cut', to: 'itself', withinMs: 500 },
      { on: 'declared dead', chance: 0.7, deed: 'start', to: 'itself', withinMs: 20 },
      { on: 'declared dead', chance: 0.5, deed: 'registry-cut', to: 'a neighbour', withinMs: 0 },
    ],
  },
  merges: {
    text: 'members that leave or are forgotten, so that arcs are merged while others join and follow a part',
    always: ['join', 'leave', 'pushes-astray'],
    scenario: { machinesLater: 3, forgetAfterMs: 500, faultEveryMs: 400 },
    triggers: [
      { on: 'proposed merge', chance: 0.4, deed: 'join', to: 'itself', withinMs: 20 },
      { on: 'proposed merge', chance: 0.3, deed: 'crash', to: 'itself', withinMs: 20 },
      { on: 'proposed merge', chance: 0.2, deed: 'crash', to: 'a neighbour', withinMs: 20 },
      { on: 'role-lost', chance: 0.2, deed: 'leave', to: 'a neighbour', withinMs: 100 },
    ],
  },
  'merged-watches': {
    text: 'arcs that are merged under many writes, and watchers whose streams break and who go on behind the merge',
    always: ['join', 'leave', 'pushes-astray', 'stream-break', 'stream-lag'],
    network: { streamBreak: 0.01, streamLag: 0.02 },
    scenario: {
      machinesLater: 3,
      forgetAfterMs: 500,
      faultEveryMs: 400,
      keys: 40,
      thinkMs: 5,
      historyBytes: 1_000_000,
      watchers: 3,
    },
    triggers: [
      { on: 'proposed merge', chance: 0.5, deed: 'join', to: 'itself', withinMs: 20 },
      { on: 'role-lost', chance: 0.3, deed: 'leave', to: 'a neighbour', withinMs: 100 },
    ],
  },
  leaves: {
    text: 'members that leave, and fail on their way out',
    always: ['leave', 'join', 'crash'],
    scenario: { machinesLater: 3, faultEveryMs: 400 },
    triggers: [
      { on: 'proposed handover', chance: 0.3, deed: 'crash', to: 'itself', withinMs: 20 },
      { on: 'proposed handover', chance: 0.2, deed: 'crash', to: 'the other', withinMs: 20 },
      { on: 'role-open', chance: 0.2, deed: 'leave', to: 'itself', withinMs: 100 },
    ],
  },
  'registry-unheard': {
    text: 'primaries and followers that lose the registry but not each other, so that one is replaced unawares',
    always: ['registry-cut', 'pushes-astray', 'proposals-astray', 'stream-lag'],
    parameters: { replicationFactor: 3, leaseMs: 1_500, leaseMarginMs: 150, membershipLeaseMs: 400 },
    network: { pushesAstray: 0.9 },
    scenario: { faultEveryMs: 400, thinkMs: 5 },
    triggers: [
      { on: 'registry-silent', chance: 0.3, deed: 'crash', to: 'a neighbour', withinMs: 400 },
      { on: 'role-taken', chance: 0.35, deed: 'crash', to: 'itself', withinMs: 200 },
      { on: 'role-open', chance: 0.4, deed: 'registry-cut', to: 'itself', withinMs: 200, long: true },
      { on: 'declared dead', chance: 0.4, deed: 'registry-cut', to: 'a neighbour', withinMs: 0, long: true },
    ],
  },
  power: {
    text: 'machines that lose power, several at once, with much on its way to slow disks',
    always: ['power-loss', 'mass-crash', 'disk-stall'],
    scenario: { disk: { syncMs: 20 }, thinkMs: 5, faultEveryMs: 400 },
    triggers: [{ on: 'role-open', chance: 0.2, deed: 'power-loss', to: 'itself', withinMs: 100 }],
  },
  sleep: {
    text: 'primaries that sleep, and wake up to find somebody else in their place',
    always: ['suspend'],
    scenario: { faultEveryMs: 400, thinkMs: 5 },
    triggers: [{ on: 'role-open', chance: 0.5, deed: 'suspend', to: 'itself', withinMs: 500 }],
  },
  transfers: {
    text: 'many keys copied in small pieces, while clients write them and streams lag',
    always: ['join', 'stream-lag', 'stream-break', 'clog'],
    scenario: { machinesLater: 3, keys: 60, thinkMs: 5, faultEveryMs: 400 },
    triggers: [
      { on: 'sent start-over', chance: 0.3, deed: 'clog', to: 'itself', withinMs: 20 },
      { on: 'live', chance: 0.2, deed: 'crash', to: 'a neighbour', withinMs: 200 },
    ],
  },
  disks: {
    text: 'disks that are full, stalled or wiped',
    always: ['disk-full', 'disk-stall', 'wipe', 'join'],
    scenario: { machinesLater: 2, faultEveryMs: 400 },
    triggers: [
      { on: 'live', chance: 0.2, deed: 'disk-full', to: 'itself', withinMs: 20 },
      { on: 'proposed admit', chance: 0.2, deed: 'wipe', to: 'the other', withinMs: 50 },
      { on: 'role-open', chance: 0.2, deed: 'wipe', to: 'a neighbour', withinMs: 200 },
    ],
  },
  blackouts: {
    text: 'members that come back without their copies, alone or after everybody has lost power',
    always: ['copies-lost', 'blackout', 'registry-cut', 'join', 'proposals-astray'],
    parameters: { membershipLeaseMs: 400 },
    scenario: { machinesLater: 2, thinkMs: 5, faultEveryMs: 800 },
    triggers: [
      { on: 'proposed admit', chance: 0.4, deed: 'copies-lost', to: 'the other', withinMs: 30 },
      { on: 'proposed admit', chance: 0.4, deed: 'crash', to: 'itself', withinMs: 400 },
      { on: 'sent live', chance: 0.2, deed: 'copies-lost', to: 'a neighbour', withinMs: 50 },
      { on: 'role-open', chance: 0.1, deed: 'blackout', to: 'itself', withinMs: 500 },
      { on: 'role-taken', chance: 0.2, deed: 'copies-lost', to: 'a neighbour', withinMs: 200 },
    ],
  },
  'lost-parts': {
    text: 'members whose log or table alone is gone when they start again',
    always: ['crash', 'join', 'power-loss'],
    parameters: { membershipLeaseMs: 400 },
    scenario: { checkpointEveryMs: 500, machinesLater: 2, thinkMs: 5, faultEveryMs: 800 },
    triggers: [
      { on: 'live', chance: 0.6, deed: 'part-lost', to: 'itself', withinMs: 500 },
      { on: 'role-open', chance: 0.6, deed: 'part-lost', to: 'a neighbour', withinMs: 500 },
    ],
  },
  'few-copies': {
    text: 'members that lose each other for longer than it takes to be dropped, while clients go on writing',
    always: ['partition', 'one-way-cut', 'mass-crash'],
    parameters: { replicationFactor: 3, minCopies: 2, failureTimeoutMs: 300, membershipLeaseMs: 1_500 },
    scenario: { machines: 3, machinesLater: 1, thinkMs: 5, faultEveryMs: 1_000 },
    triggers: [{ on: 'proposed drop', chance: 0.3, deed: 'crash', to: 'a neighbour', withinMs: 200 }],
  },
  damage: {
    text: 'entries that are damaged at a node that is soon alone, while the ring comes to want other copies than it had',
    always: ['bit-rot', 'join', 'partition', 'pause'],
    parameters: { replicationFactor: 2, failureTimeoutMs: 300, membershipLeaseMs: 3_000 },
    scenario: { machinesLater: 3, keys: 8, clients: 2, thinkMs: 60, faultEveryMs: 400 },
    triggers: [
      { on: 'proposed drop', chance: 0.5, deed: 'join', to: 'itself', withinMs: 100 },
      { on: 'role-open', chance: 0.3, deed: 'pause', to: 'a neighbour', withinMs: 500, long: true },
    ],
  },
  checkpoints: {
    text: 'machines that lose power while checkpoints are written, one after the other, on slow disks',
    always: ['power-loss', 'disk-stall', 'crash'],
    scenario: {
      disk: { syncMs: 20 },
      storage: { segmentBytes: 1_024, checkpointLogBytes: 1_000 },
      faultEveryMs: 300,
      thinkMs: 5,
    },
    triggers: [
      { on: 'role-open', chance: 0.4, deed: 'power-loss', to: 'itself', withinMs: 1_000 },
      { on: 'live', chance: 0.4, deed: 'power-loss', to: 'itself', withinMs: 1_000 },
    ],
  },
  'failing-disks': {
    text: 'disks that fail once and look well again, under machines that lose power soon',
    always: ['disk-error', 'power-loss', 'crash'],
    scenario: { faultEveryMs: 400, thinkMs: 5 },
    triggers: [
      { on: 'role-open', chance: 0.5, deed: 'disk-error', to: 'itself', withinMs: 300 },
      { on: 'live', chance: 0.5, deed: 'disk-error', to: 'itself', withinMs: 300 },
      { on: 'role-taken', chance: 0.3, deed: 'power-loss', to: 'itself', withinMs: 300 },
      { on: 'following', chance: 0.3, deed: 'power-loss', to: 'itself', withinMs: 300 },
    ],
  },
  addresses: {
    text: 'members and newcomers that nobody can connect to for a while, though they reach everybody',
    always: ['address-lost', 'join'],
    parameters: {
      replicationFactor: 3,
      leaseMs: 300,
      leaseMarginMs: 30,
      failureTimeoutMs: 500,
      membershipLeaseMs: 1_500,
    },
    scenario: { machinesLater: 3, thinkMs: 5, faultEveryMs: 1_000 },
    triggers: [
      { on: 'role-open', chance: 0.2, deed: 'address-lost', to: 'itself', withinMs: 200, long: true },
      { on: 'opening', chance: 0.05, deed: 'address-lost', to: 'itself', withinMs: 20, long: true },
    ],
  },
  unheard: {
    text: 'primaries that some or all of their followers do not hear, while the registry hears everybody',
    always: ['address-lost', 'one-way-cut', 'partition'],
    parameters: {
      replicationFactor: 5,
      minCopies: 1,
      leaseMs: 300,
      leaseMarginMs: 30,
      failureTimeoutMs: 500,
      membershipLeaseMs: 1_500,
    },
    scenario: { machines: 5, machinesLater: 1, faultEveryMs: 400 },
    triggers: [
      { on: 'role-open', chance: 0.2, deed: 'address-lost', to: 'itself', withinMs: 500, long: true },
      { on: 'role-open', chance: 0.1, deed: 'partition', to: 'itself', withinMs: 500, long: true },
    ],
  },
  returns: {
    text: 'members that are away for a while and come back to copies that have gone on without them',
    always: ['crash', 'mass-crash', 'pause'],
    scenario: { keys: 40, thinkMs: 5, faultEveryMs: 1_000 },
    triggers: [
      { on: 'declared dead', chance: 0.5, deed: 'start', to: 'itself', withinMs: 500 },
      { on: 'sent align', chance: 0.2, deed: 'crash', to: 'itself', withinMs: 10 },
      { on: 'sent start-over', chance: 0.2, deed: 'crash', to: 'the other', withinMs: 20 },
    ],
  },
  parameters: {
    text: 'a ring whose registry is started again and again with other parameters: more copies or fewer',
    always: ['crash', 'join', 'leave', 'pushes-astray', 'pause'],
    scenario: { newParameters: true, machinesLater: 2, thinkMs: 5, faultEveryMs: 1_000 },
    triggers: [
      { on: 'proposed drop', chance: 0.2, deed: 'crash', to: 'itself', withinMs: 20 },
      { on: 'proposed admit', chance: 0.2, deed: 'crash', to: 'a neighbour', withinMs: 20 },
    ],
  },
  'steady-writes': {
    text: 'replicas that come back under writes that never pause, over a network that takes longer than their owner',
    always: ['crash', 'join', 'leave'],
    parameters: { replicationFactor: 2, minCopies: 1, failureTimeoutMs: 300, membershipLeaseMs: 400 },
    network: { latencyMs: 10 },
    scenario: {
      machines: 2,
      machinesLater: 1,
      clients: 16,
      keys: 3,
      thinkMs: 1,
      disk: { syncMs: 1 },
      faultEveryMs: 1_000,
      safetyMs: 4_000,
      writesGoOn: true,
    },
    triggers: [],
  },
  'silent-feeds': {
    text: 'machines that stand still one after the other, under clients that hear of the ring from them and only write',
    always: [],
    alone: true,
    parameters: {
      replicationFactor: 3,
      minCopies: 1,
      leaseMs: 300,
      leaseMarginMs: 30,
      failureTimeoutMs: 500,
      membershipLeaseMs: 500,
      routing: 'one-hop',
    },
    scenario: {
      machines: 4,
      machinesLater: 0,
      clients: 1,
      keys: 6,
      thinkMs: 300,
      patienceMs: 1_000,
      safetyMs: 28_000,
      silentFeeds: true,
    },
    triggers: [],
  },
  locks: {
    text: 'many who want one lock: they stand still while they have it, lose it, and remove those of others',
    always: ['crash', 'pause', 'client-cut', 'join'],
    parameters: { membershipLeaseMs: 400 },
    scenario: { lockHolders: 6, clients: 2, thinkMs: 100, faultEveryMs: 1_000 },
    triggers: [{ on: 'role-open', chance: 0.2, deed: 'crash', to: 'itself', withinMs: 500 }],
  },
  levels: {
    text: 'followers that have come level and begin anew while the registry, or another change, keeps them waiting',
    always: ['join', 'leave', 'registry-crash', 'stream-break'],
    parameters: { replicationFactor: 3, failureTimeoutMs: 2_000, membershipLeaseMs: 2_000 },
    scenario: { machinesLater: 3, clients: 2, keys: 2, thinkMs: 300, faultEveryMs: 400 },
    triggers: [
      { on: 'live', chance: 0.5, deed: 'registry-crash', to: 'itself', withinMs: 0 },
      { on: 'sent live', chance: 0.7, deed: 'break', to: 'itself', withinMs: 300 },
      { on: 'sent start-over', chance: 0.3, deed: 'lag', to: 'itself', withinMs: 0 },
      { on: 'sent start-over', chance: 0.7, deed: 'lag-back', to: 'itself', withinMs: 0 },
      { on: 'sent release', chance: 0.7, deed: 'lag-back', to: 'itself', withinMs: 0 },
      { on: 'sent release', chance: 0.5, deed: 'leave', to: 'a neighbour', withinMs: 10 },
    ],
  },
  'old-disks': {
    text: 'folders that are put back as they were a moment ago, alone or with a restart of everything',
    always: OLD_DISK_COMPANY,
    alone: true,
    parameters: { failureTimeoutMs: 2_000, membershipLeaseMs: 600 },
    scenario: { ...OLD_DISK_RING, oldDisks: 'timely' },
    triggers: [],
  },
  'old-disks-late': {
    text: 'the same, and those who have the newer data come back too late: the arc has to stop',
    always: OLD_DISK_COMPANY,
    alone: true,
    parameters: { failureTimeoutMs: 400, membershipLeaseMs: 400 },
    scenario: { ...OLD_DISK_RING, oldDisks: 'late' },
    triggers: [],
  },
  'registry-old': {
    text: "the registry's data put back to an earlier moment, which nobody says; saves of it that fail",
    always: REGISTRY_DATA_COMPANY,
    alone: true,
    parameters: { failureTimeoutMs: 300, membershipLeaseMs: 500 },
    scenario: { ...REGISTRY_DATA_RING, disk: { syncMs: 20 }, registryData: 'old' },
    triggers: [],
  },
  'registry-restored': {
    text: 'the same with --restored: those who know better may come as late as they like',
    always: REGISTRY_DATA_COMPANY,
    alone: true,
    parameters: { failureTimeoutMs: 300, membershipLeaseMs: 400 },
    scenario: { ...REGISTRY_DATA_RING, registryData: 'restored' },
    triggers: [],
  },
  'registry-lost': {
    text: "the registry's data lost altogether, while the ring runs",
    always: REGISTRY_DATA_COMPANY,
    alone: true,
    parameters: { failureTimeoutMs: 300, membershipLeaseMs: 500 },
    scenario: { ...REGISTRY_DATA_RING, registryData: 'lost' },
    triggers: [],
  },
} satisfies Record<string, Focus>;

export type FocusName = keyof typeof focuses;

export const FOCUSES: Readonly<Record<FocusName, Focus>> = focuses;
export const FOCUS_NAMES = Object.keys(focuses) as FocusName[];
/** Drawn by a rule of their own. */
export const OLD_DISK_FOCUSES = ['old-disks', 'old-disks-late'] as const satisfies readonly FocusName[];
export const REGISTRY_FOCUSES = [
  'registry-old',
  'registry-restored',
  'registry-lost',
] as const satisfies readonly FocusName[];
export const DRAWN_FOCUSES = FOCUS_NAMES.filter(
  (name) => !([...OLD_DISK_FOCUSES, ...REGISTRY_FOCUSES] as readonly FocusName[]).includes(name),
);

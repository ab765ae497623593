/**
 * The ring as data: members, arc configurations, and one number that orders its versions.
 *
 * A ring is immutable. The registry makes the next one, and everybody else adopts whole versions only.
 */

import { arcsEqual, type Arc } from './arc';
import { isKnown, knownOf, runsFault, runsSince, sameKnown, withRuns, type Run, type RunId } from './history';
import { DEFAULT_PARAMETERS, type ClusterParameters } from './parameters';
import { formatPosition, type NodeId, type Position } from './position';

/** Counts the changes of an arc; for every position it only grows. */
export type Epoch = number;
/** The epoch at which the present primary of an arc was given its role. */
export type Term = number;
/** Numbers the writes of an arc, without gaps; the first is 1. */
export type Seq = number;

export type MemberState = 'active' | 'leaving' | 'dead';

export interface Member {
  readonly id: NodeId;
  /** URL under which the others reach it. */
  readonly addr: string;
  /** What was hashed with the address for the id. */
  readonly salt: number;
  /** Counts its starts; kept on its disk. */
  readonly incarnation: number;
  /**
   * Drawn by its process at the start: a copy of its data folder that runs beside it has the same incarnation. 0 if it
   * named none.
   */
  readonly process: bigint;
  readonly state: MemberState;
  /** Co-ordinates of the proximity metric; empty when it has none. */
  readonly coordinates: readonly number[];
}

/** Which nodes hold an arc, and which one answers for it. */
export interface ArcConfig extends Arc {
  readonly epoch: Epoch;
  readonly term: Term;
  /** The present role was given by Handover or Merge (the old primary had stopped), not by Evict or Return. */
  readonly handover: boolean;
  readonly primary: NodeId;
  readonly inSync: readonly NodeId[];
  /**
   * In-sync members that registered without a copy and have not been given one since; the epoch does not count this.
   */
  readonly withoutCopy: readonly NodeId[];
  /** The last sequence number at the last Handover or Merge. */
  readonly seq: Seq;
  /**
   * The greatest number of in-sync members that it has had. Never more than the ring asks for, nor than it has members,
   * including dead ones. The epoch does not count this.
   */
  readonly copiesReached: number;
}

export interface Ring {
  readonly clusterId: string;
  readonly version: number;
  /** In the order of their ids. */
  readonly members: readonly Member[];
  /** In the order of their starts. They partition the ring; none while the ring is empty. */
  readonly arcs: readonly ArcConfig[];
  /** The registry's starts that led to this version, oldest first; the last one made it. */
  readonly runs: readonly Run[];
  /** What all nodes of the ring agree on; a change of them is a version like any other. */
  readonly parameters: ClusterParameters;
}

/** What turns the ring of `fromVersion` into that of `version`. */
export interface RingChange {
  readonly clusterId: string;
  readonly fromVersion: number;
  /** The run that made `fromVersion`. */
  readonly fromRun: RunId;
  readonly version: number;
  readonly members: readonly Member[];
  readonly removedMembers: readonly NodeId[];
  readonly arcs: readonly ArcConfig[];
  readonly removedArcs: readonly Position[];
  /** Those that have begun since. */
  readonly runs: readonly Run[];
  /** When they have changed. */
  readonly parameters: ClusterParameters | undefined;
}

export type RingUpdate =
  { readonly kind: 'ring'; readonly ring: Ring } | { readonly kind: 'change'; readonly change: RingChange };

/** Shows that a watch of the ring is alive, and how much its news is worth. */
export interface RingBeat {
  /** How long until the next one. */
  readonly intervalMs: number;
  /** The ring's `leaseMs`. */
  readonly leaseMs: number;
  /** How long ago the sender heard from the registry, which alone makes new versions. */
  readonly registrySilentMs: number;
}

/**
 * Beats in a lease: a client that follows the ring through a node that is gone should know before the lease is over.
 */
const RING_BEATS_PER_LEASE = 4;
/** The leases of tests are short, and timers are not that exact. */
const RING_BEAT_MS_LEAST = 25;
/** So long and more is all the same, and fits its field. */
const REGISTRY_SILENT_MS_MAX = 2 ** 31;

/** The beat of a ring with this lease. */
export function ringBeat(leaseMs: number, registrySilentMs: number): RingBeat {
  return {
    intervalMs: Math.max(RING_BEAT_MS_LEAST, Math.floor(leaseMs / RING_BEATS_PER_LEASE)),
    leaseMs,
    registrySilentMs: Math.round(Math.min(REGISTRY_SILENT_MS_MAX, Math.max(0, registrySilentMs))),
  };
}

export const NO_RING: Ring = {
  clusterId: '',
  version: 0,
  members: [],
  arcs: [],
  runs: [],
  parameters: DEFAULT_PARAMETERS,
};

/**
 * The ring after an update, or undefined if the update does not continue `ring`: it changes another version, or belongs
 * to another cluster or another history. An older update leaves the ring as it is.
 */
export function updateRing(ring: Ring, update: RingUpdate): Ring | undefined {
  if (update.kind === 'ring') {
    if (isForeign(ring, update.ring)) return undefined;
    return update.ring.version > ring.version ? update.ring : ring;
  }
  const { change } = update;
  if (change.clusterId !== ring.clusterId) return undefined;
  const from = { version: change.fromVersion, run: change.fromRun };
  if (change.version <= ring.version) return isKnown(from, ring) ? ring : undefined;
  if (!sameKnown(from, knownOf(ring))) return undefined;
  return {
    clusterId: ring.clusterId,
    version: change.version,
    runs: withRuns(ring.runs, change.runs),
    parameters: change.parameters ?? ring.parameters,
    members: merged(ring.members, change.members, change.removedMembers, (member) => member.id),
    arcs: merged(ring.arcs, change.arcs, change.removedArcs, (arc) => arc.start),
  };
}

/** Neither of two rings is of the other's past: they belong to different clusters, or to different histories of one. */
export function isForeign(a: Ring, b: Ring): boolean {
  if (a.clusterId !== '' && b.clusterId !== '' && a.clusterId !== b.clusterId) return true;
  return a.version <= b.version ? !isKnown(knownOf(a), b) : !isKnown(knownOf(b), a);
}

/** What leads from one version of a ring to a later one. */
export function ringChange(from: Ring, to: Ring): RingChange {
  const oldMembers = new Map(from.members.map((member) => [member.id, member]));
  const oldArcs = new Map(from.arcs.map((arc) => [arc.start, arc]));
  const newMembers = new Set(to.members.map((member) => member.id));
  const newArcs = new Set(to.arcs.map((arc) => arc.start));
  return {
    clusterId: to.clusterId,
    fromVersion: from.version,
    fromRun: knownOf(from).run,
    version: to.version,
    members: to.members.filter((member) => oldMembers.get(member.id) !== member),
    removedMembers: from.members.map((member) => member.id).filter((id) => !newMembers.has(id)),
    arcs: to.arcs.filter((arc) => oldArcs.get(arc.start) !== arc),
    removedArcs: from.arcs.map((arc) => arc.start).filter((start) => !newArcs.has(start)),
    runs: runsSince(from.runs, to.runs),
    parameters: from.parameters === to.parameters ? undefined : to.parameters,
  };
}

/** One pass over what is there: rings are long, changes are short. */
function merged<T>(
  old: readonly T[],
  changed: readonly T[],
  removed: readonly bigint[],
  keyOf: (item: T) => bigint,
): T[] {
  const added = [...changed].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  const gone = new Set([...removed, ...added.map(keyOf)]);
  const items: T[] = [];
  let next = 0;
  for (const item of old) {
    const key = keyOf(item);
    for (; next < added.length && keyOf(added[next] as T) < key; next++) items.push(added[next] as T);
    if (!gone.has(key)) items.push(item);
  }
  return items.concat(added.slice(next));
}

/**
 * What is wrong with a ring, or undefined: members and arcs in order, the arcs partition the ring,
 * each primary is in sync, term ≤ epoch, whoever an arc names is a member, and the runs follow one another.
 */
export function ringFault(ring: Ring): string | undefined {
  const ids = new Set<bigint>();
  let last: bigint = -1n;
  for (const member of ring.members) {
    if (member.id <= last) return `members out of order at ${formatPosition(member.id)}`;
    last = member.id;
    ids.add(member.id);
  }
  for (const [index, arc] of ring.arcs.entries()) {
    const before = ring.arcs[index - 1];
    const next = ring.arcs[(index + 1) % ring.arcs.length] as ArcConfig;
    const fault =
      (before && before.start >= arc.start ? 'is out of order' : undefined) ?? arcFault(arc, next, ids);
    if (fault !== undefined) return `the arc at ${formatPosition(arc.start)} ${fault}`;
  }
  return runsFault(ring);
}

function arcFault(arc: ArcConfig, next: ArcConfig, ids: ReadonlySet<bigint>): string | undefined {
  const { inSync, term, epoch } = arc;
  if (arc.end !== next.start) return 'does not end where the next one starts';
  if (!inSync.includes(arc.primary)) return 'has a primary that is not in sync';
  if (inSync.some((id, index) => inSync.indexOf(id) !== index)) return 'names a replica twice';
  if (arc.withoutCopy.some((id) => !inSync.includes(id)))
    return 'has a node without copy that is not in sync';
  if (!(arc.copiesReached >= 1)) return `has reached ${arc.copiesReached} copies`;
  if (term > epoch || term < 1) return `has term ${term} at epoch ${epoch}`;
  const stranger = inSync.find((id) => !ids.has(id));
  return stranger === undefined ? undefined : `names ${formatPosition(stranger)}, which is no member`;
}

/** True when both name the same nodes, in whatever order. */
export function sameNodes(a: readonly NodeId[], b: readonly NodeId[]): boolean {
  return a.length === b.length && a.every((id) => b.includes(id));
}

/** True when both name the same log: its range and its primary never change. */
export function sameTerm(a: ArcConfig, b: ArcConfig): boolean {
  return arcsEqual(a, b) && a.term === b.term;
}

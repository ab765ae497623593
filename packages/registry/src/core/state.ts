/**
 * What a registry must find again after a crash. Everything else (leases, watchers, history) starts afresh.
 *
 * The state is immutable. From one state to the next, unchanged members and arcs are the same objects, so that a store
 * writes only the differences.
 */

import {
  ringFault,
  sameParameters,
  withRuns,
  type ClusterParameters,
  type NodeId,
  type Position,
  type Ring,
  type RunId,
} from '@ringkeep/shared';
import { copiesReached, membersStaying } from './copies-reached';

/** The claim by which a member became one. */
export interface Claim {
  readonly id: NodeId;
  readonly claim: string;
}

export interface RegistryState {
  readonly ring: Ring;
  /** Starts of the arcs that were offline, and whose members are coming back one by one. */
  readonly returns: readonly Position[];
  /** Of members only; the same array as long as none has changed. */
  readonly claims: readonly Claim[];
}

/** A new cluster's. Version 1, so that it is newer than no ring at all. */
export function newState(clusterId: string, parameters: ClusterParameters, run: RunId): RegistryState {
  const runs = [{ id: run, firstVersion: 1 }];
  return {
    ring: { clusterId, version: 1, members: [], arcs: [], runs, parameters },
    returns: [],
    claims: [],
  };
}

/**
 * A state that was found on disk, as another start of the registry continues it: with a version of its own, so that
 * each version belongs to one run. It must be saved before anybody hears of it.
 */
export function begun(found: RegistryState, parameters: ClusterParameters, run: RunId): RegistryState {
  const { ring } = found;
  const version = ring.version + 1;
  const kept = sameParameters(ring.parameters, parameters) ? ring.parameters : parameters;
  const runs = withRuns(ring.runs, [{ id: run, firstVersion: version }]);
  const staying = membersStaying(ring.members);
  const arcs = ring.arcs.map((arc) => {
    const reached = copiesReached(arc, staying, kept);
    return reached === arc.copiesReached ? arc : { ...arc, copiesReached: reached };
  });
  return { ...found, ring: { ...ring, version, runs, parameters: kept, arcs } };
}

/** What is wrong with a state, or undefined. */
export function stateFault(state: RegistryState): string | undefined {
  if (state.ring.clusterId === '') return 'the cluster has no id';
  const ids = new Set(state.ring.members.map((member) => member.id));
  if (state.claims.some(({ id }) => !ids.has(id))) return 'somebody who is no member has a claim';
  const starts = new Set(state.ring.arcs.map((arc) => arc.start));
  if (state.returns.some((start) => !starts.has(start))) return 'an arc that is not there is returning';
  return ringFault(state.ring);
}

/**
 * What a registry must find again after a crash. Everything else (leases, watchers, history) starts afresh.
 *
 * Immutable; from one state to the next, members and arcs that did not change are the same objects, so that
 * a store writes the differences only.
 */

import { ringFault, type ClusterParameters, type NodeId, type Position, type Ring } from '@ringkeep/shared';

/** The claim by which a member became one. */
export interface Claim {
  readonly id: NodeId;
  readonly claim: string;
}

/** The part of the parameters that all nodes must agree on for safety: how long a grant is counted on. */
export type LeaseTerms = Pick<ClusterParameters, 'leaseMs' | 'leaseMarginMs'>;

export interface RegistryState {
  readonly ring: Ring;
  /** Those that the members were last handed. */
  readonly lease: LeaseTerms;
  /** Starts of the arcs that were offline, and whose members are coming back one by one. */
  readonly returns: readonly Position[];
  /** Of members only; the same array as long as none has changed. */
  readonly claims: readonly Claim[];
}

/** A new cluster's. Version 1, so that it is newer than no ring at all. */
export function newState(clusterId: string, { leaseMs, leaseMarginMs }: LeaseTerms): RegistryState {
  return {
    ring: { clusterId, version: 1, members: [], arcs: [] },
    lease: { leaseMs, leaseMarginMs },
    returns: [],
    claims: [],
  };
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

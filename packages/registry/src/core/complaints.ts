/**
 * Members that do not hear the primary of an arc that they hold. In each renewal a member names such arcs with their
 * terms. A complaint that it no longer names is over. A complaint counts for a while, so that those of several members
 * need not come at once, and never in another term than its own.
 *
 * eviction.ts decides what follows from complaints.
 */

import type { ArcConfig, ClusterParameters, NodeId, Term } from '@ringkeep/shared';
import type { Complaint } from './inputs';
import type { RegistryRules } from './rules';

/** Renewals come several times in a membership lease. */
const COUNTS_PER_MEMBERSHIP_LEASE = 1 / 2;

interface Complaining {
  readonly at: number;
  /** The terms of arcs, by where they start. */
  readonly of: ReadonlyMap<NodeId, Term>;
}

export class Complaints {
  private readonly by = new Map<NodeId, Complaining>();
  private readonly countsMs: number;

  constructor(
    { leaseMs, membershipLeaseMs }: ClusterParameters,
    private readonly rules: RegistryRules,
  ) {
    this.countsMs = Math.max(leaseMs, membershipLeaseMs * COUNTS_PER_MEMBERSHIP_LEASE);
  }

  /**
   * Replaces a member's complaints by those of its last renewal. Complaints about arcs that do not exist are not kept,
   * so no message makes this larger than the ring. @returns whether there are any
   */
  note(member: NodeId, said: readonly Complaint[], now: number, isArc: (start: NodeId) => boolean): boolean {
    const of = new Map(said.filter(({ start }) => isArc(start)).map(({ start, term }) => [start, term]));
    if (of.size === 0) this.by.delete(member);
    else this.by.set(member, { at: now, of });
    return of.size > 0;
  }

  /** Its process has been replaced, or it is dead. */
  forget(member: NodeId): void {
    this.by.delete(member);
  }

  /** Those of an arc's members that do not hear its primary. */
  among(members: readonly NodeId[], arc: ArcConfig, now: number): NodeId[] {
    return members.filter((id) => {
      const complaining = this.by.get(id);
      if (id === arc.primary || !complaining || now - complaining.at > this.countsMs) return false;
      const term = complaining.of.get(arc.start);
      return term !== undefined && this.rules.countsInTerm(term, arc.term);
    });
  }
}

/**
 * Rules of the registry that look redundant and are not: with a wrong version of one, a write is lost, two nodes answer
 * for one arc, or an arc stands still for ever. Each is a decision of one line, here and nowhere else.
 *
 * Every real registry has these. A simulator may put the wrong version of one in its place, to prove that it would
 * notice (packages/simulator/src/wrong-versions).
 */

import type { ArcConfig, KnownRing, NodeId, Term } from '@ringkeep/shared';

export interface RegistryRules {
  // ---- what a process that registers loses ----

  /** A restarted process is primary in no term from before its registration. */
  restartEndsRoles(): boolean;
  /** What a process proposed is void once a later one of its machine has registered. */
  isRefusedAsOlder(another: boolean): boolean;
  /** Nobody is given an arc of which it has no copy. */
  mayHaveRole(hasCopy: boolean): boolean;

  // ---- who is replaced ----

  /** A dead primary is replaced after every change, not only when it dies. */
  isReplaced(justDied: boolean): boolean;
  /** The in-sync set is left alone when a member dies: only its primary takes members out. */
  membersAfterEviction(arc: ArcConfig, holders: readonly NodeId[]): Pick<ArcConfig, 'inSync' | 'withoutCopy'>;
  /** A complaint about a primary counts in the term that it names, and in no other. */
  countsInTerm(named: Term, present: Term): boolean;
  /** A primary that lives is replaced only when more than half of those in sync do not hear it. */
  complaintsNeeded(members: number): number;
  /** Whoever takes over from a primary that is not heard is in sync. */
  heardOfMembers(holders: readonly NodeId[], everybody: readonly NodeId[]): readonly NodeId[];

  // ---- what may be proposed ----

  /** Only a live, active member is admitted or given an arc. */
  mayBeGivenArc(live: boolean): boolean;
  /** The process that opened the stream is admitted, not a later one of its machine. */
  faultOfProcess(fault: string | undefined): string | undefined;
  /** Both halves of a split start a new term. */
  lowerHalf(after: ArcConfig, before: ArcConfig): ArcConfig;
  /** What an arc has once had in copies is not forgotten when it loses some. */
  copiesReached(everReached: number, inSync: number): number;

  // ---- what the registry knows ----

  /** A version of the ring is compared together with the start of the registry that made it. */
  comparedAs(known: KnownRing): KnownRing;
  /** After a start nothing is decided about an arc before its members have spoken. */
  decidesFrom(allHeardBy: number, startedAt: number): number;
}

export const REGISTRY_RULES: RegistryRules = {
  restartEndsRoles: () => true,
  isRefusedAsOlder: (another) => another,
  mayHaveRole: (hasCopy) => hasCopy,

  isReplaced: () => true,
  membersAfterEviction: ({ inSync, withoutCopy }) => ({ inSync, withoutCopy }),
  countsInTerm: (named, present) => named === present,
  complaintsNeeded: (members) => Math.floor(members / 2) + 1,
  heardOfMembers: (holders) => holders,

  mayBeGivenArc: (live) => live,
  faultOfProcess: (fault) => fault,
  lowerHalf: (after) => after,
  copiesReached: (everReached) => everReached,

  comparedAs: (known) => known,
  decidesFrom: (allHeardBy) => allHeardBy,
};

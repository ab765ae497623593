/**
 * Rules of the registry that look redundant and are not: without any one of them a write is lost, two nodes answer for
 * one arc, or an arc stands still for ever.
 *
 * All of them hold in every real registry. A simulator may leave one out to prove that it would notice.
 */

export interface RegistryRules {
  /** A restarted process is primary in no term from before its registration. */
  readonly newTermAtRestart: boolean;
  /** What a process proposed is void once a later one of its machine has registered. */
  readonly olderIncarnationsRefused: boolean;
  /** A dead primary is replaced after every change, not only when it dies. */
  readonly evictionIsLevelTriggered: boolean;
  /** The in-sync set is left alone when a member dies: only its primary takes members out. */
  readonly inSyncOutlivesMembers: boolean;
  /** Nobody is given an arc of which it has no copy. */
  readonly holdersOnly: boolean;
  /** The process that opened the stream is admitted, not a later one of its machine. */
  readonly targetsByIncarnation: boolean;
  /** Only a live, active member is admitted or given an arc. */
  readonly targetsAreLive: boolean;
  /** Both halves of a split start a new term. */
  readonly splitStartsTerms: boolean;
  /** A complaint about a primary counts in the term that it names, and in no other. */
  readonly complaintsOfTheTerm: boolean;
  /** A primary that lives is replaced only when more than half of those in sync do not hear it. */
  readonly majorityComplains: boolean;
  /** A node that takes over from a primary that is not heard is in sync. */
  readonly complainersInSync: boolean;
  /** A version of the ring is compared together with the start of the registry that made it. */
  readonly versionsNameRuns: boolean;
  /** After a start nothing is decided about an arc before its members have spoken. */
  readonly membersHeardFirst: boolean;
  /** The number of copies that an arc has had is not forgotten when it loses some. */
  readonly copiesReachedKept: boolean;
}

export const ALL_RULES: RegistryRules = {
  newTermAtRestart: true,
  olderIncarnationsRefused: true,
  evictionIsLevelTriggered: true,
  inSyncOutlivesMembers: true,
  holdersOnly: true,
  targetsByIncarnation: true,
  targetsAreLive: true,
  splitStartsTerms: true,
  complaintsOfTheTerm: true,
  majorityComplains: true,
  complainersInSync: true,
  versionsNameRuns: true,
  membersHeardFirst: true,
  copiesReachedKept: true,
};

/**
 * Rules of the protocol that look redundant and are not: leaving one out loses a write, makes two nodes
 * answer, or lets an arc stand still for ever.
 *
 * All of them hold in every real node. A simulator may leave one out to prove that it would notice; a rule
 * that could be left out unnoticed would be one that nobody tests.
 */

export interface ProtocolRules {
  /** A proposal is settled only by a higher epoch, never by a refusal or by silence. */
  readonly settledByHigherEpochOnly: boolean;
  /** Reads need the leases of members that are only proposed, too. */
  readonly leasesOfProposedMembers: boolean;
  /** What was granted holds for whoever becomes primary, not only for the one that it was granted to. */
  readonly oneGrantForAll: boolean;
  /** A process that starts assumes that the one before it has granted a moment ago. */
  readonly startedHasGranted: boolean;
  /** A primary opens its term before it admits anybody or hands anything over. */
  readonly openBeforeChanges: boolean;
  /** A transfer ends with the window, in the message that makes the follower live. */
  readonly windowEndsTransfer: boolean;
  /** A member that reconnects is aligned, never started over. */
  readonly membersAreAligned: boolean;
  /** A member keeps its whole window when its copy is divided. */
  readonly windowKeptAtSplit: boolean;
  /** A member whose copy is not complete is not aligned: it would acknowledge what it does not have. */
  readonly incompleteNotAligned: boolean;
  /** A member that has never opened a stream in a term is dropped, too, when its time is over. */
  readonly unheardDropped: boolean;
  /** Commits wait, for a moment, for a follower that keeps pace. */
  readonly followersHeldLevel: boolean;
  /** The dead are dropped when they are lost to the arc, not because no arc wants the dead. */
  readonly deadDroppedWhenLost: boolean;
  /** An acknowledgement counts on the stream that it came on, and no longer. */
  readonly acksOfPresentStreamOnly: boolean;
  /** A process never takes up a role in a term from before its registration. */
  readonly termTakenOnce: boolean;
  /** The streams of a role end with it. */
  readonly streamsEndWithRole: boolean;
  /** A version of the ring is compared together with the start of the registry that made it. */
  readonly versionsNameRuns: boolean;
  /** A node takes over whole versions of the ring, never what it learns of a single arc. */
  readonly wholeVersionsOnly: boolean;
  /** A released follower's acknowledgements are void. */
  readonly releaseVoidsAcks: boolean;
  /** An order to erase counts on the newest stream only. */
  readonly eraseOnNewestStreamOnly: boolean;
  /** Opening a stream brings the side that is behind up to date. */
  readonly openingBringsUpToDate: boolean;
  /** Only a follower of the whole arc is admitted. */
  readonly wholeArcAdmitted: boolean;
  /** An operation commits when every member of every configuration that might be in force has it. */
  readonly committedByAll: boolean;
  /** A new primary waits out what it has granted. */
  readonly grantsWaitedOut: boolean;
  /** A new primary aligns every member before it serves. */
  readonly alignedBeforeServing: boolean;
  /** A member discards what its primary does not have. */
  readonly strayOpsDiscarded: boolean;
  /** A copy that is not whole is erased when no configuration needs it; not as soon as the ring does not name it. */
  readonly erasedOnOrderOnly: boolean;
  /** A whole copy is erased on order only, by a primary that has compared logs. */
  readonly wholeCopiesErasedOnOrder: boolean;
  /** Logs are compared by the terms of their operations, not by commit points and lengths. */
  readonly logsComparedByTerms: boolean;
  /** A follower acknowledges what is on its disk. */
  readonly acknowledgedWhenDurable: boolean;
  /** A primary counts its own copy only when it is on its disk. */
  readonly committedWhenDurable: boolean;
  /** A lease is counted from before the message was sent that the follower answers. */
  readonly leaseFromSending: boolean;
  /** Leases end in a machine's sleep. */
  readonly leasesEndInSleep: boolean;
  /** An arc stays quiesced until its handover is settled. */
  readonly quiescedUntilSettled: boolean;
  /** A write of unknown outcome is never sent again. */
  readonly unknownNotRepeated: boolean;
  /** An opening that a later one has overtaken is dropped. */
  readonly overtakenOpeningsDropped: boolean;
  /** An operation on a key that a transfer has passed already follows the chunk. */
  readonly passedKeysFollow: boolean;
  /** A transfer erases what the follower has and the primary has not. */
  readonly absentKeysErased: boolean;
  /** A proposal that is under way is looked at again when that is due, not as soon as it could have been. */
  readonly lookedAtWhenDue: boolean;
  /** An arc is handed to nobody whom this node has not found at its address. */
  readonly targetsReached: boolean;
  /** What is damaged is no answer. */
  readonly damagedNotServed: boolean;
  /** What is damaged is sent to nobody. */
  readonly damagedNotSent: boolean;
  /** No new entry is taken without room on the disks that it is to be on. */
  readonly roomAsked: boolean;
  /** Writes are taken, and called done, when as many replicas are in sync as the ring asks for. */
  readonly enoughCopiesAsked: boolean;
}

export const ALL_RULES: ProtocolRules = {
  settledByHigherEpochOnly: true,
  leasesOfProposedMembers: true,
  oneGrantForAll: true,
  startedHasGranted: true,
  openBeforeChanges: true,
  windowEndsTransfer: true,
  membersAreAligned: true,
  windowKeptAtSplit: true,
  incompleteNotAligned: true,
  unheardDropped: true,
  followersHeldLevel: true,
  deadDroppedWhenLost: true,
  acksOfPresentStreamOnly: true,
  termTakenOnce: true,
  streamsEndWithRole: true,
  versionsNameRuns: true,
  wholeVersionsOnly: true,
  releaseVoidsAcks: true,
  eraseOnNewestStreamOnly: true,
  openingBringsUpToDate: true,
  wholeArcAdmitted: true,
  committedByAll: true,
  grantsWaitedOut: true,
  alignedBeforeServing: true,
  strayOpsDiscarded: true,
  erasedOnOrderOnly: true,
  wholeCopiesErasedOnOrder: true,
  logsComparedByTerms: true,
  acknowledgedWhenDurable: true,
  committedWhenDurable: true,
  leaseFromSending: true,
  leasesEndInSleep: true,
  quiescedUntilSettled: true,
  unknownNotRepeated: true,
  overtakenOpeningsDropped: true,
  passedKeysFollow: true,
  absentKeysErased: true,
  targetsReached: true,
  damagedNotServed: true,
  damagedNotSent: true,
  roomAsked: true,
  enoughCopiesAsked: true,
  lookedAtWhenDue: true,
};

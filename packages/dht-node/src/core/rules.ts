/**
 * Rules of the protocol that look redundant and are not: with a wrong version of one, a write is lost, two nodes
 * answer, or an arc stands still for ever. Each is a decision of one line, here and nowhere else; what a node does with
 * the decision is the same in every case.
 *
 * Every real node has these. A simulator may put the wrong version of one in its place, to prove that it would notice
 * (packages/simulator/src/wrong-versions); a rule that could be left out unnoticed would be one that nobody tests.
 *
 * Most are asked for every frame or for every write: they make no objects.
 */

import type {
  Arc,
  KeyRange,
  KnownRing,
  LogExtent,
  NodeId,
  Position,
  Proposal,
  Ring,
  RingKey,
  Seq,
  Term,
} from '@ringkeep/shared';
import { isKnown } from '@ringkeep/shared/ring/history';
import { isForeign } from '@ringkeep/shared/ring/ring';
import { EVALUATION_RULES, type EvaluationRules } from './evaluation-rules';
import type { PrimaryMessage } from './messages';
import { DAMAGED, type Entry, type EntryStore, type Found } from './replica/entry-store';
import type { SequencedOp } from './replica/sequenced-op';
import type {
  Acknowledged,
  Addresses,
  Copies,
  Disk,
  Followers,
  Grants,
  KnownVersion,
  Leases,
  PossibleMembers,
  ProposingRole,
} from './rule-subjects';

export type { PossibleMembers } from './rule-subjects';

export interface ProtocolRules extends EvaluationRules {
  // ---- what is acknowledged, committed and answered ----

  /** An operation commits when every member of every configuration that might be in force has it. */
  committedBy(arc: PossibleMembers): ReadonlySet<NodeId>;
  /** Reads need the leases of members that are only proposed, too. */
  leasesNeededOf(arc: PossibleMembers): ReadonlySet<NodeId>;
  /** A primary counts its own copy only when it is on its disk. */
  countPrepared(disk: Disk, count: () => void): void;
  /** A follower acknowledges what is on its disk. */
  acknowledge(disk: Disk, send: () => void): void;
  /** A lease is counted from before the message was sent that the follower answers. */
  leaseCountedFrom(sentAtMs: number, nowMs: number): number;
  /** Leases end in a machine's sleep. */
  wokenUp(leases: Leases, nowMs: number): void;
  /** What is damaged is no answer. */
  answerOfDamaged(entries: EntryStore, key: RingKey): Found;
  /** A write of unknown outcome is never sent again. */
  hasUnknownOutcome(isWrite: boolean, sent: boolean): boolean;
  /** Writes are taken, and called done, when as many replicas are in sync as the ring asks for. */
  hasEnoughCopies(inSync: number, wanted: number): boolean;
  /** No new entry is taken without room on the disks that it is to be on. */
  refusedForRoom(lacking: string | undefined): string | undefined;

  // ---- what watchers are told ----

  /** Watchers are told what is committed. @returns what they are told of the window */
  toldEarly(replica: { readonly window: readonly SequencedOp[] }): readonly SequencedOp[];
  /** A copy that a transfer has made knows nothing of what was committed before. @returns from where on it does */
  changesKnownFrom(committed: Seq): Seq;
  /** What two ranges keep is joined when it is the same by now. */
  areLevel(level: boolean): boolean;

  // ---- numbers ----

  /** Numbers go on from the greater of two: at each position they only grow. */
  mergedFrom(lower: Seq, upper: Seq): Seq;
  /** Where acknowledged writes were lost many numbers are left out: what they had is not given out again. */
  numbersLeftOut(wanted: number): number;

  // ---- what was granted ----

  /** A process that starts assumes that the one before it has granted a moment ago. */
  grantedBefore(startedAt: number, leaseBeforeMs: number): number;
  /** What was granted holds for whoever becomes primary, not only for the one that it was granted to. */
  followsAnew(grants: Grants, range: Arc): void;
  /** A new primary waits out what it has granted. */
  servesFrom(grants: Grants, range: Arc): number;

  // ---- how a term begins and ends ----

  /** A process never takes up a role in a term from before its registration. */
  mayTakeRole(term: Term, liveTerm: Term): boolean;
  /** A new primary aligns every member before it serves. */
  alignedUpTo(everywhere: Seq, here: Seq): Seq;
  /** A primary opens its term before it admits anybody or hands anything over. */
  mayChangeMembers(open: boolean): boolean;
  /** The streams of a role end with it. @returns those that do not */
  streamsLeftBy<Session>(followers: Followers<Session>): readonly Session[];

  // ---- proposals ----

  /** A proposal is settled only by a higher epoch, never by a refusal … */
  asksAfterRefusal(refused: Proposal): boolean;
  /** … or by silence. */
  unanswered(role: ProposingRole): void;
  /** An arc stays quiesced until its handover is settled. */
  proposed(role: ProposingRole): void;
  /** A proposal that is under way is looked at again when that is due, not as soon as it could have been. */
  lookAgainAt(dueAt: number, soonestAt: number): number;
  /** Only a follower of the whole arc is admitted. */
  followsEnough(coversArc: boolean): boolean;
  /** Commits wait, for a moment, for a follower that keeps pace. */
  isHeldFor(keepsPace: boolean): boolean;
  /** A member that has never opened a stream in a term is dropped, too, when its time is over. */
  mayBeDropped(heardInTerm: boolean): boolean;
  /** The dead are dropped when they are lost to the arc, not because no arc wants the dead. */
  keptUndesired(dead: boolean): boolean;
  /** A copy that nobody wants is erased when all others are there and sound. */
  mayErase(spare: boolean): boolean;
  /** What a primary sends for what is damaged is no older than the copy. */
  isRepairNew(answeredAt: Seq, committed: Seq): boolean;
  /** What is damaged here is asked of a copy before it counts as nothing. */
  askedBeforeStartOver(damaged: readonly KeyRange[]): readonly KeyRange[];
  /** An arc is handed to nobody whom this node has not found at its address … */
  isReached(addresses: Addresses, node: NodeId): boolean;
  /** … and no newcomer is waited for that is not found. */
  isMissed(addresses: Addresses, node: NodeId): boolean;

  // ---- streams ----

  /** Opening a stream brings the side that is behind up to date: the primary … */
  adoptsFromOpening(node: KnownVersion, ring: Ring): boolean;
  /** … and the follower. */
  isFollowerBehind(followersVersion: number, ownVersion: number): boolean;
  /** An opening that a later one has overtaken is dropped. */
  isOpeningDropped(ofMember: boolean, overtaken: boolean): boolean;
  /** An acknowledgement counts on the stream that it came on, and no longer: it ends with that stream … */
  streamEnded(followers: Followers<unknown>, follower: NodeId): void;
  /** … and is not taken over by the next one. */
  streamSucceeds(next: Acknowledged, before: Acknowledged): void;
  /** A released follower's acknowledgements are void. */
  released(followers: Followers<unknown>, follower: NodeId): void;
  /** An order to erase counts on the newest stream only: what a closed stream still brings is of no account. */
  receivedLate(node: Copies, message: PrimaryMessage): void;

  // ---- copies ----

  /** A member that reconnects is aligned, never started over. */
  isAligned(member: boolean): boolean;
  /** A member whose copy is not complete is not aligned: it would acknowledge what it does not have. */
  passesForWhole(complete: boolean): boolean;
  /** A member discards what its primary does not have. @returns up to where it keeps its log */
  keptAtAlignment(shared: Seq, lastPrepared: Seq): Seq;
  /** Logs are compared by the terms of their operations, not by commit points and lengths. */
  comparedAs(log: LogExtent): LogExtent;
  /** A member keeps its whole window when its copy is divided. */
  isWindowKeptAtSplit(): boolean;
  /** A whole copy is erased on order only, by a primary that has compared logs. */
  isErasedOnOrderOnly(complete: boolean): boolean;
  /** A copy that is not whole is erased when no configuration needs it; not as soon as the ring does not name it. */
  isNeededNoMore(liveTerm: Term, term: Term): boolean;

  // ---- transfers ----

  /** A transfer ends with the window, in the message that makes the follower live. */
  windowEndsTransfer(): boolean;
  /** An operation on a key that a transfer has passed already follows the chunk. */
  followsChunk(passed: boolean): boolean;
  /** A transfer erases what the follower has and the primary has not. */
  takenOfTransfer(changes: readonly Entry[]): readonly Entry[];
  /** What is damaged is sent to nobody. */
  isCheckedBeforeSending(): boolean;

  // ---- rings ----

  /** A version of the ring is compared together with the start of the registry that made it. */
  isForeign(newest: Ring, known: KnownRing, ring: Ring): boolean;
  /** A node takes over whole versions of the ring, never what it learns of a single arc. */
  takenOver(known: Ring, newer: Ring, about: Position | undefined): Ring;
}

const NOTHING: readonly SequencedOp[] = [];

export const PROTOCOL_RULES: ProtocolRules = {
  ...EVALUATION_RULES,

  committedBy: ({ otherMembers }) => otherMembers,
  leasesNeededOf: ({ otherMembers }) => otherMembers,
  countPrepared: (disk, count) => disk.whenDurable(count),
  acknowledge: (disk, send) => disk.whenDurable(send),
  leaseCountedFrom: (sentAtMs) => sentAtMs,
  wokenUp: (leases, nowMs) => leases.void(nowMs),
  answerOfDamaged: () => DAMAGED,
  hasUnknownOutcome: (isWrite, sent) => isWrite && sent,
  hasEnoughCopies: (inSync, wanted) => inSync >= wanted,
  refusedForRoom: (lacking) => lacking,

  toldEarly: () => NOTHING,
  changesKnownFrom: (committed) => committed,
  areLevel: (level) => level,

  mergedFrom: (lower, upper) => Math.max(lower, upper),
  numbersLeftOut: (wanted) => wanted,

  grantedBefore: (startedAt, leaseBeforeMs) => startedAt + leaseBeforeMs,
  followsAnew: () => undefined,
  servesFrom: (grants, range) => grants.grantedUntil(range),

  mayTakeRole: (term, liveTerm) => term > liveTerm,
  alignedUpTo: (everywhere) => everywhere,
  mayChangeMembers: (open) => open,
  streamsLeftBy(followers) {
    followers.closeAll();
    return [];
  },

  asksAfterRefusal: ({ kind }) => kind !== 'keep',
  unanswered: () => undefined,
  proposed: () => undefined,
  lookAgainAt: (dueAt) => dueAt,
  followsEnough: (coversArc) => coversArc,
  isHeldFor: (keepsPace) => keepsPace,
  mayBeDropped: () => true,
  keptUndesired: (dead) => dead,
  mayErase: (spare) => spare,
  isRepairNew: (answeredAt, committed) => answeredAt >= committed,
  askedBeforeStartOver: (damaged) => damaged,
  isReached: (addresses, node) => addresses.isReached(node),
  isMissed: (addresses, node) => addresses.isMissed(node),

  adoptsFromOpening: (node, ring) => node.adopt(ring) && ring.version > node.view.version,
  isFollowerBehind: (followersVersion, ownVersion) => followersVersion < ownVersion,
  isOpeningDropped: (ofMember, overtaken) => ofMember && overtaken,
  streamEnded: (followers, follower) => followers.close(follower),
  streamSucceeds: () => undefined,
  released: (followers, follower) => followers.close(follower),
  receivedLate: () => undefined,

  isAligned: (member) => member,
  passesForWhole: (complete) => complete,
  keptAtAlignment: (shared) => shared,
  comparedAs: (log) => log,
  isWindowKeptAtSplit: () => true,
  isErasedOnOrderOnly: (complete) => complete,
  isNeededNoMore: (liveTerm, term) => term > liveTerm,

  windowEndsTransfer: () => true,
  followsChunk: (passed) => passed,
  takenOfTransfer: (changes) => changes,
  isCheckedBeforeSending: () => true,

  isForeign: (newest, known, ring) => (newest.version > 0 ? isForeign(newest, ring) : !isKnown(known, ring)),
  takenOver: (_known, newer) => newer,
};

/**
 * Bugs planted on purpose, each by leaving out one rule: its consequence, and a run that finds it.
 *
 * Every row of the table in section 9 of docs/PROTOCOL.md is here, and further rules of our own. If a bug is no longer
 * found, the simulator has become too tame for it, or something else guards the same thing; both must be known. Changes
 * of the code move the stories of seeds, and then `npm run simulate -- --planted` finds new ones (planted-search.ts).
 */

import type { FocusName } from './focuses';
import type { Rule } from './left-out';

export interface PlantedBug {
  readonly rule: Rule;
  /** Its row in section 9, in the words of that table. */
  readonly row?: string;
  /** The consequence of leaving it out. */
  readonly story: string;
  readonly focus: FocusName | 'none';
  /** A seed that finds it. */
  readonly seed: number;
  /** A new search finds it within this many seeds, wherever it begins. */
  readonly within: number;
}

export const PLANTED_BUGS: readonly PlantedBug[] = [
  {
    rule: 'settledByHigherEpochOnly',
    row: 'a proposal is settled only by a higher epoch',
    story:
      'a delayed Handover comes into force after the primary has taken silence for a refusal and gone on',
    focus: 'splits',
    seed: 4,
    within: 60,
  },
  {
    rule: 'leasesOfProposedMembers',
    row: 'reads need leases from proposed members too',
    story:
      'a member just admitted takes over; the old primary, which never heard of it, reads on without its lease',
    focus: 'admissions',
    seed: 2,
    within: 120,
  },
  {
    rule: 'oneGrantForAll',
    row: 'one `grantedUntil`, whoever it was granted to',
    story:
      'the second successor never granted to the first primary but one, as it remembers, and serves beside it',
    focus: 'registry-unheard',
    seed: 257,
    within: 500,
  },
  {
    rule: 'startedHasGranted',
    row: 'a started process has just granted',
    story: 'a follower that was restarted becomes primary while the old one still counts on what it granted',
    focus: 'registry-unheard',
    seed: 69,
    within: 200,
  },
  {
    rule: 'openBeforeChanges',
    row: 'only an open primary proposes Admit, Handover, Merge',
    story: 'a follower is admitted that has the entries but not yet the window, and becomes primary',
    focus: 'slow-takeovers',
    seed: 12,
    within: 120,
  },
  {
    rule: 'acksOfPresentStreamOnly',
    row: 'acks count on the current stream only',
    story: 'a follower that has just begun anew looks level by what its last stream acknowledged',
    focus: 'levels',
    seed: 144,
    within: 200,
  },
  {
    rule: 'releaseVoidsAcks',
    row: 'StartOver and Release void the acks',
    story: 'a follower is released, and admitted again by what it acknowledged before it erased its copy',
    focus: 'levels',
    seed: 15,
    within: 120,
  },
  {
    rule: 'deadDroppedWhenLost',
    story: 'the first that is back after a power cut drops all others, whose copies are as good as its own',
    focus: 'blackouts',
    seed: 2,
    within: 60,
  },
  {
    rule: 'followersHeldLevel',
    story: 'a replica is kept out for ever by writes that never pause',
    focus: 'steady-writes',
    seed: 17,
    within: 60,
  },
  {
    rule: 'standingSourcesLeft',
    story:
      'a client hears of the ring from a node that stands still, and its writes wait for owners that were replaced',
    focus: 'silent-feeds',
    seed: 7,
    within: 60,
  },
  {
    rule: 'roomAsked',
    story:
      'a node with a full disk takes new entries, as long as its log has room in the segment that it has',
    focus: 'disks',
    seed: 11,
    within: 120,
  },
  {
    rule: 'membersAreAligned',
    row: 'members are aligned, never started over; erase only on order',
    story: 'a member that reconnects is wiped, and may be the only other copy',
    focus: 'none',
    seed: 57,
    within: 120,
  },
  {
    rule: 'erasedOnOrderOnly',
    row: 'members are aligned, never started over; erase only on order',
    story: 'a copy is erased as soon as the ring does not name it, though a primary still counts on it',
    focus: 'none',
    seed: 42,
    within: 120,
  },
  {
    rule: 'windowKeptAtSplit',
    row: 'keep the whole window at a split',
    story: 'operations in the window of an arc that is divided belong to no arc any more',
    focus: 'splits',
    seed: 11,
    within: 200,
  },
  {
    rule: 'newTermAtRestart',
    row: 'a restarted primary gets a new term',
    story: 'a restarted primary goes on in its term without the admission that it had proposed',
    focus: 'admissions',
    seed: 13,
    within: 120,
  },
  {
    rule: 'splitStartsTerms',
    row: 'both halves of a split start a new term',
    story:
      'a follower prepares the lower half’s next operation in the undivided arc and takes it for committed',
    focus: 'splits',
    seed: 8,
    within: 60,
  },
  {
    rule: 'eraseOnNewestStreamOnly',
    row: 'Release only on the newest stream',
    story: 'a late Release of a former stream empties a member that was admitted again',
    focus: 'releases',
    seed: 11,
    within: 120,
  },
  {
    rule: 'openingBringsUpToDate',
    row: 'opening brings the one who is behind up to date',
    story: 'a primary that missed an eviction takes for a member who has rightly erased its copy',
    focus: 'none',
    seed: 28,
    within: 200,
  },
  {
    rule: 'evictionIsLevelTriggered',
    row: 'Evict is level-triggered',
    story: 'an arc is handed, late, to a node that is dead by then, and nothing happens any more',
    focus: 'splits',
    seed: 33,
    within: 120,
  },
  {
    rule: 'inSyncOutlivesMembers',
    row: 'the registry never shrinks inSync',
    story:
      'members die one after another, and the last to die is the sole one that counts, with its disk lost',
    focus: 'blackouts',
    seed: 13,
    within: 120,
  },
  {
    rule: 'unheardDropped',
    row: 'Drop also members that never had a stream in this term',
    story: 'a node that returned waits for the dead for ever',
    focus: 'none',
    seed: 16,
    within: 120,
  },
  {
    rule: 'holdersOnly',
    row: 'only holders get a role',
    story: 'a node that came back without its copy is made primary, and the arc stands still',
    focus: 'blackouts',
    seed: 2,
    within: 120,
  },
  {
    rule: 'incompleteNotAligned',
    row: 'an incomplete member is not aligned',
    story: 'a member without its copy acknowledges an empty one',
    focus: 'blackouts',
    seed: 2,
    within: 60,
  },
  {
    rule: 'targetsByIncarnation',
    row: 'Admit names the stream’s incarnation',
    story: 'a member is admitted by what it acknowledged before it lost its copies',
    focus: 'blackouts',
    seed: 47,
    within: 300,
  },
  {
    rule: 'wholeArcAdmitted',
    row: 'Admit only a follower of the whole arc',
    story: 'a newcomer that follows a part of the arc may become primary of keys that it does not hold',
    focus: 'none',
    seed: 16,
    within: 40,
  },
  {
    rule: 'wholeVersionsOnly',
    row: 'whole ring versions only',
    story: 'a primary learns of the lower half of a split alone and goes on with the upper one',
    focus: 'splits',
    seed: 1,
    within: 60,
  },
  {
    rule: 'committedByAll',
    row: 'commit by all configurations that might be in force; wait out the lease; align all before serving',
    story: 'a write commits without a member that is proposed, which then comes into force and lacks it',
    focus: 'admissions',
    seed: 2,
    within: 120,
  },
  {
    rule: 'grantsWaitedOut',
    row: 'commit by all configurations that might be in force; wait out the lease; align all before serving',
    story: 'a new primary serves while the old one reads under the leases that it was granted',
    focus: 'none',
    seed: 16,
    within: 120,
  },
  {
    rule: 'alignedBeforeServing',
    row: 'commit by all configurations that might be in force; wait out the lease; align all before serving',
    story: 'a new primary commits what its members do not have',
    focus: 'none',
    seed: 27,
    within: 200,
  },
  {
    rule: 'acknowledgedWhenDurable',
    story: 'a follower that loses power has acknowledged what it lost',
    focus: 'power',
    seed: 11,
    within: 60,
  },
  {
    rule: 'committedWhenDurable',
    story: 'a primary that loses power has answered for what it lost',
    focus: 'power',
    seed: 5,
    within: 60,
  },
  {
    rule: 'leaseFromSending',
    story: 'an acknowledgement that comes late makes a lease last longer than it was granted',
    focus: 'late-streams',
    seed: 97,
    within: 300,
  },
  {
    rule: 'leasesEndInSleep',
    story: 'a machine wakes up and reads under leases that ended in its sleep',
    focus: 'sleep',
    seed: 10,
    within: 60,
  },
  {
    rule: 'quiescedUntilSettled',
    story: 'a primary goes on writing after it has proposed to hand the arc over',
    focus: 'none',
    seed: 4,
    within: 40,
  },
  {
    rule: 'unknownNotRepeated',
    story: 'a write of unknown outcome is sent again and takes effect twice',
    focus: 'none',
    seed: 48,
    within: 60,
  },
  {
    rule: 'overtakenOpeningsDropped',
    story:
      'a member’s opening that a later one has overtaken describes a copy that is no more, and is believed',
    focus: 'late-streams',
    seed: 155,
    within: 300,
  },
  {
    rule: 'passedKeysFollow',
    story: 'a key that is written behind a transfer keeps its old value in the copy',
    focus: 'transfers',
    seed: 5,
    within: 120,
  },
  {
    rule: 'absentKeysErased',
    story: 'a key that was deleted while a follower was away lives on in its copy',
    focus: 'returns',
    seed: 1,
    within: 60,
  },
  {
    rule: 'lookedAtWhenDue',
    story:
      'a primary asks to be called at once, over and over, while the registry does not answer its proposal',
    focus: 'none',
    seed: 3,
    within: 60,
  },
  {
    rule: 'damagedNotServed',
    story: 'a bit has changed on the disk of an owner, and a client is told it',
    focus: 'none',
    seed: 119,
    within: 200,
  },
  {
    rule: 'damagedNotSent',
    story: 'a damaged entry is sent in a transfer; the follower finds it out and can never be whole',
    focus: 'none',
    seed: 21,
    within: 120,
  },
  {
    rule: 'enoughCopiesAsked',
    story: 'a primary that is alone goes on acknowledging writes on its one disk',
    focus: 'few-copies',
    seed: 8,
    within: 60,
  },
  {
    rule: 'copiesReachedKept',
    story: 'an arc that has lost its copies passes for one that never had any, and takes writes on one disk',
    focus: 'few-copies',
    seed: 8,
    within: 60,
  },
  {
    rule: 'targetsReached',
    story: 'a node that follows others, and that nobody can connect to, is given an arc, again and again',
    focus: 'addresses',
    seed: 8,
    within: 60,
  },
  {
    rule: 'majorityComplains',
    story: 'a primary that one member does not hear loses its arc, though the others follow it',
    focus: 'unheard',
    seed: 1,
    within: 60,
  },
  {
    rule: 'versionsNameRuns',
    story: "the registry's old data, started again and again, overtake by number what the nodes know",
    focus: 'registry-old',
    seed: 2,
    within: 60,
  },
  {
    rule: 'membersHeardFirst',
    story: 'a node that was dropped since the copy was made is the first to speak, and is given an arc',
    focus: 'registry-restored',
    seed: 1,
    within: 60,
  },
  {
    rule: 'complaintsOfTheTerm',
    story: 'the complaints about the primary before count against the one that has just taken over',
    focus: 'unheard',
    seed: 4,
    within: 120,
  },
  {
    rule: 'complainersInSync',
    story: 'an arc goes to a node that was dropped from it, whose complaint is still there',
    focus: 'unheard',
    seed: 4,
    within: 120,
  },
  {
    rule: 'logsComparedByTerms',
    story:
      'a primary whose disk was put back has given the lost numbers out again, and starts the good copy over',
    focus: 'old-disks-late',
    seed: 2,
    within: 40,
  },
  {
    rule: 'brokenWritesNotResent',
    story: 'a client takes a write whose stream broke for one that has not left, and sends it again',
    focus: 'none',
    seed: 22,
    within: 60,
  },
  {
    rule: 'replacedWritesNotResent',
    story: 'a client sends a write that a node declared dead has not answered to its successor',
    focus: 'returns',
    seed: 7,
    within: 60,
  },
  {
    rule: 'writesSyncWhereAsked',
    story: 'the log is opened without O_DSYNC, and what was acknowledged is in memory alone',
    focus: 'power',
    seed: 2,
    within: 60,
  },
  {
    rule: 'foldersSync',
    story: 'a segment of the log has its name in memory alone',
    focus: 'power',
    seed: 2,
    within: 60,
  },
  {
    rule: 'tailWrittenAnew',
    story: 'a record whose writing failed is found in memory by the next process and counts as durable',
    focus: 'failing-disks',
    seed: 6,
    within: 120,
  },
  {
    rule: 'tableSyncedAtRecovery',
    story: 'a checkpoint that a killed process left in memory is built upon',
    focus: 'power',
    seed: 4,
    within: 60,
  },
  {
    rule: 'tableSyncedBeforeLogIsDropped',
    story: 'the log behind a checkpoint is dropped before the checkpoint is on the disk',
    focus: 'checkpoints',
    seed: 4,
    within: 200,
  },
  {
    rule: 'partsBelongTogether',
    story: 'a node whose log is gone goes on with the table of a while ago',
    focus: 'lost-parts',
    seed: 2,
    within: 60,
  },
  {
    rule: 'identityDurableBeforeUse',
    story: 'a node has a place and an incarnation that its disk forgets',
    focus: 'power',
    seed: 2,
    within: 60,
  },
  {
    rule: 'groupsWhole',
    story: 'the entries of a transaction have a number each, and one of them is discarded alone',
    focus: 'splits',
    seed: 29,
    within: 300,
  },
  {
    rule: 'answeredWhenCommitted',
    story: 'a condition is said not to hold because of a write that is discarded',
    focus: 'splits',
    seed: 7,
    within: 100,
  },
  {
    rule: 'evaluatedAnew',
    story: 'what an operation came to is sent to the next owner, which has other writes since',
    focus: 'transfers',
    seed: 59,
    within: 300,
  },
  {
    rule: 'versionsCarried',
    story: 'a copy that was transferred has the right values under other versions',
    focus: 'transfers',
    seed: 1,
    within: 30,
  },
  {
    rule: 'pagesOfOneMoment',
    story: 'a page of a scan mixes what is committed with what is prepared behind it',
    focus: 'none',
    seed: 2,
    within: 60,
  },
  {
    rule: 'pagesEndWithArc',
    story: 'a scan goes on where an arc ended before it was split, past writes of the new owner',
    focus: 'splits',
    seed: 1,
    within: 60,
  },
];

/** Rules that stand behind others and are left out together with them (left-out.ts): alone they show nothing. */
export const SECOND_GUARDS: readonly Rule[] = [
  'strayOpsDiscarded',
  'termTakenOnce',
  'olderIncarnationsRefused',
  'streamsEndWithRole',
  'targetsAreLive',
  'windowEndsTransfer',
  'wholeCopiesErasedOnOrder',
];

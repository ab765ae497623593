/** What a node decides where a rule of the protocol is left out (packages/dht-node/src/core/rules.ts has the right ones). */

import type { Arc, LogExtent, NodeId, Position, Ring, RingKey } from '@ringkeep/shared';
import {
  expiryIn,
  headOf,
  OperationType,
  seal,
  valueIn,
  VERSION_BEFORE_ENVELOPES,
  type Operation,
  type StoredValue,
} from '@ringkeep/shared/operations';
import type { Effect } from '@ringkeep/shared/operations/evaluate';
import { arcKeyRanges } from '@ringkeep/shared/ring/arc';
import { unknownHistory } from '@ringkeep/shared/ring/log-history';
import {
  entriesOfOp,
  isGroup,
  type Entry,
  type EntryWalk,
  type LatestEntries,
  type PossibleMembers,
  type ProtocolRules,
  type SequencedOp,
} from '@ringkeep/dht-node/core';
import type { RuleNames } from './wrong-version';

/** By which name each decision is left out. */
export const RULES_OF_NODES = {
  committedBy: 'committedByAll',
  leasesNeededOf: 'leasesOfProposedMembers',
  countPrepared: 'committedWhenDurable',
  acknowledge: 'acknowledgedWhenDurable',
  leaseCountedFrom: 'leaseFromSending',
  wokenUp: 'leasesEndInSleep',
  answerOfDamaged: 'damagedNotServed',
  isEndedBy: 'endedByLatest',
  leftBySet: 'endsSetAnew',
  timePassed: 'endedByPrimaryOnly',
  isAnswerOver: 'overNotServed',
  walkOfPage: 'pagesOfOneMoment',
  arcOfPage: 'pagesEndWithArc',
  hasUnknownOutcome: 'unknownNotRepeated',
  hasEnoughCopies: 'enoughCopiesAsked',
  refusedForRoom: 'roomAsked',

  isGroupKept: 'groupsWhole',
  isAnsweredAtOnce: 'answeredWhenCommitted',
  takenBack: 'evaluatedAnew',

  toldEarly: 'toldWhenCommitted',
  changesKnownFrom: 'transfersTellNothing',
  areLevel: 'joinedWhenLevel',
  mergedFrom: 'mergesTakeGreater',
  numbersLeftOut: 'lossesJumpedOver',

  grantedBefore: 'startedHasGranted',
  followsAnew: 'oneGrantForAll',
  servesFrom: 'grantsWaitedOut',

  mayTakeRole: 'termTakenOnce',
  alignedUpTo: 'alignedBeforeServing',
  mayChangeMembers: 'openBeforeChanges',
  streamsLeftBy: 'streamsEndWithRole',

  asksAfterRefusal: 'settledByHigherEpochOnly',
  unanswered: 'settledByHigherEpochOnly',
  proposed: 'quiescedUntilSettled',
  lookAgainAt: 'lookedAtWhenDue',
  followsEnough: 'wholeArcAdmitted',
  isHeldFor: 'followersHeldLevel',
  mayBeDropped: 'unheardDropped',
  keptUndesired: 'deadDroppedWhenLost',
  mayErase: 'onlySpareErased',
  isRepairNew: 'repairsNotOlder',
  askedBeforeStartOver: 'askedBeforeStartOver',
  isReached: 'targetsReached',
  isMissed: 'targetsReached',

  adoptsFromOpening: 'openingBringsUpToDate',
  isFollowerBehind: 'openingBringsUpToDate',
  isOpeningDropped: 'overtakenOpeningsDropped',
  streamEnded: 'acksOfPresentStreamOnly',
  streamSucceeds: 'acksOfPresentStreamOnly',
  released: 'releaseVoidsAcks',
  receivedLate: 'eraseOnNewestStreamOnly',

  isAligned: 'membersAreAligned',
  passesForWhole: 'incompleteNotAligned',
  keptAtAlignment: 'strayOpsDiscarded',
  comparedAs: 'logsComparedByTerms',
  isWindowKeptAtSplit: 'windowKeptAtSplit',
  isErasedOnOrderOnly: 'wholeCopiesErasedOnOrder',
  isNeededNoMore: 'erasedOnOrderOnly',

  windowEndsTransfer: 'windowEndsTransfer',
  followsChunk: 'passedKeysFollow',
  takenOfTransfer: 'absentKeysErased',
  carried: 'versionsCarried',
  isCheckedBeforeSending: 'damagedNotSent',

  isForeign: 'versionsNameRuns',
  takenOver: 'wholeVersionsOnly',
} as const satisfies RuleNames<ProtocolRules>;

export const WRONG_OF_NODES: ProtocolRules = {
  committedBy: knownMembers,
  leasesNeededOf: knownMembers,
  countPrepared: (_disk, count) => count(),
  acknowledge: (_disk, send) => send(),
  leaseCountedFrom: (_sentAtMs, nowMs) => nowMs,
  wokenUp: () => undefined,
  answerOfDamaged: (entries, key) => entries.raw(key),
  isEndedBy: (latest, key) => latest.committedOf(key),
  leftBySet: keepingEnd,
  timePassed(entries, followed, wallMs) {
    for (const range of arcKeyRanges(followed))
      entries.put(entries.over(range, wallMs, Infinity).map((key) => ({ key, value: undefined })));
  },
  isAnswerOver: () => false,
  walkOfPage: withEverySecondPrepared,
  arcOfPage: asBeforeItsSplit,
  hasUnknownOutcome: () => false,
  hasEnoughCopies: () => true,
  refusedForRoom: () => undefined,

  isGroupKept: () => false,
  isAnsweredAtOnce: (changes) => !changes,
  takenBack: keepingEffect,

  toldEarly: ({ window }) => window,
  changesKnownFrom: () => 0,
  areLevel: () => true,
  mergedFrom: (lower, upper) => Math.min(lower, upper),
  numbersLeftOut: () => 0,

  grantedBefore: (startedAt) => startedAt,
  followsAnew: (grants, range) => grants.forget(range),
  servesFrom: () => 0,

  mayTakeRole: () => true,
  alignedUpTo: (_everywhere, here) => here,
  mayChangeMembers: () => true,
  streamsLeftBy: (followers) => followers.all(),

  asksAfterRefusal: () => false,
  unanswered(role) {
    role.configurations.forget();
    role.unquiesce();
    role.goOn();
  },
  proposed(role) {
    if (!role.quiesced) return;
    role.configurations.forget();
    role.unquiesce();
  },
  lookAgainAt: (_dueAt, soonestAt) => soonestAt,
  followsEnough: () => true,
  isHeldFor: () => false,
  mayBeDropped: (heardInTerm) => heardInTerm,
  keptUndesired: () => false,
  mayErase: () => true,
  isRepairNew: () => true,
  askedBeforeStartOver: () => [],
  isReached: () => true,
  isMissed: () => false,

  adoptsFromOpening: () => false,
  isFollowerBehind: () => false,
  isOpeningDropped: () => false,
  streamEnded: () => undefined,
  streamSucceeds(next, { acked, applied, live }) {
    Object.assign(next, { acked, applied, live });
  },
  released: () => undefined,
  receivedLate({ journal, replicas }, { stream: { start }, body }) {
    if (body.kind === 'release' && replicas.get(start)) journal.write({ kind: 'forget', start });
  },

  isAligned: () => false,
  passesForWhole: () => true,
  keptAtAlignment: (_shared, lastPrepared) => lastPrepared,
  comparedAs: withoutTerms,
  isWindowKeptAtSplit: () => false,
  isErasedOnOrderOnly: () => false,
  isNeededNoMore: () => true,

  windowEndsTransfer: () => false,
  followsChunk: () => false,
  takenOfTransfer: (changes) => changes.filter(({ value }) => value !== undefined),
  carried: (entries) => entries.map(withoutVersion),
  isCheckedBeforeSending: () => false,

  isForeign: () => false,
  takenOver: withOneArc,
};

/** The members of the newest configuration alone. */
function knownMembers({ newest }: PossibleMembers): ReadonlySet<NodeId> {
  return new Set(newest.inSync.filter((id) => id !== newest.primary));
}

/** Of every second key, what the newest operation leaves that is prepared and perhaps not committed. */
function* withEverySecondPrepared(
  walk: EntryWalk,
  { window }: { readonly window: readonly SequencedOp[] },
): Generator<readonly [RingKey, StoredValue]> {
  const prepared = new Map(window.flatMap((op) => entriesOfOp(op)).map(({ key, value }) => [key, value]));
  let second = false;
  for (const [key, committed] of walk) {
    const value = second && prepared.has(key) ? prepared.get(key) : committed;
    second = !second;
    if (value !== undefined) yield [key, value];
  }
}

/** What goes on its way again is what the operation came to, not the operation. */
function keepingEffect(pending: { readonly operation: Operation }, effect: SequencedOp): void {
  const { operation } = pending;
  if (effect === undefined || isGroup(effect) || operation.extras !== undefined) return;
  const { key, value } = effect;
  const kept: Operation =
    value === undefined
      ? { type: OperationType.delete, key }
      : { type: OperationType.set, key, value: valueIn(value) };
  Object.assign(pending, { operation: kept });
}

/** A set without a condition keeps the end of what it replaces. */
function keepingEnd(effect: Effect, { type, key, extras }: Operation, latest: LatestEntries): Effect {
  if (type !== OperationType.set || extras !== undefined) return effect;
  const present = latest.of(key);
  return typeof present === 'string' ? { ...effect, expiresAtMs: expiryIn(present) } : effect;
}

/** An entry as one from before there were versions. */
function withoutVersion({ key, value, ...rest }: Entry): Entry {
  if (value === undefined) return { key, value, ...rest };
  return { key, value: seal(key, VERSION_BEFORE_ENVELOPES, valueIn(value), headOf(value).expiresAtMs) };
}

/** An arc and the one behind it, as if nothing had been split off. */
function asBeforeItsSplit({ start, end }: Arc, { arcs }: Ring): Arc {
  const behind = arcs.find((arc) => arc.start === end);
  return { start, end: behind?.end ?? end };
}

/** A log as its commit point and length tell it. */
function withoutTerms(log: LogExtent): LogExtent {
  return { ...log, history: unknownHistory(log.lastPrepared) };
}

/** What a node would know that learns of one arc alone. */
function withOneArc(known: Ring, newer: Ring, start: Position | undefined): Ring {
  if (start === undefined) return newer;
  const arc = newer.arcs.find((each) => each.start === start);
  const arcs = known.arcs.map((old) => (arc && old.start === start ? { ...arc, end: old.end } : old));
  return { ...newer, arcs };
}

/** Rules of rules.ts about what an operation meets and what it comes to: versions, times to live, groups, pages. */

import type { Arc, Ring, RingKey } from '@ringkeep/shared';
import type { Operation } from '@ringkeep/shared/operations';
import type { Effect } from '@ringkeep/shared/operations/evaluate';
import type { Entry, EntryStore, Found } from './replica/entry-store';
import type { SequencedOp } from './replica/sequenced-op';

/** What is left of a key by the newest numbered write, and by the newest one that is committed. */
export interface LatestEntries {
  of(key: RingKey): Found;
  committedOf(key: RingKey): Found;
}

/** In ring order. */
export type EntryWalk = ReturnType<EntryStore['walk']>;

export interface EvaluationRules {
  /** What is over is judged by the newest numbered write on its key. */
  isEndedBy(latest: LatestEntries, key: RingKey): Found;
  /** A set that says nothing of the end leaves a key that does not end, whatever was there. */
  leftBySet(effect: Effect, operation: Operation, latest: LatestEntries): Effect;
  /** A follower ends no key: it does not look at the time. */
  timePassed(entries: EntryStore, followed: Arc, wallMs: number): void;
  /** What is over is no answer. */
  isAnswerOver(over: boolean): boolean;
  /** A page of a scan is what is committed, all of it at one moment … */
  walkOfPage(walk: EntryWalk, copy: { readonly window: readonly SequencedOp[] }): EntryWalk;
  /** … and it ends with the arc as it is at that moment. */
  arcOfPage(newest: Arc, ring: Ring): Arc;
  /** What a transaction leaves has one number, so that nothing divides it. */
  isGroupKept(): boolean;
  /** What changes nothing is answered when what it saw is committed, as a write is. */
  isAnsweredAtOnce(changes: boolean): boolean;
  /** An operation whose number is taken back is evaluated anew, wherever it goes: its effect is forgotten. */
  takenBack(pending: { readonly operation: Operation }, effect: SequencedOp): void;
  /** An entry has the version, and all else, that its primary gave it. */
  carried(entries: readonly Entry[]): readonly Entry[];
}

export const EVALUATION_RULES: EvaluationRules = {
  isEndedBy: (latest, key) => latest.of(key),
  leftBySet: (effect) => effect,
  timePassed: () => undefined,
  isAnswerOver: (over) => over,
  walkOfPage: (walk) => walk,
  arcOfPage: (newest) => newest,
  isGroupKept: () => true,
  isAnsweredAtOnce: () => false,
  takenBack: () => undefined,
  carried: (entries) => entries,
};

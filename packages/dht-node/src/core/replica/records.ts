/**
 * The records of a node's log. Each is one step of the durable state machine in replica-store.ts, which applies it when
 * it is written, and again in the same order at recovery.
 *
 * The records of one batch become durable together or not at all.
 */

import type { Arc, KeyRange, KnownRing, LogHistory, Position, Seq, Term } from '@ringkeep/shared';
import type { Entry } from './entry-store';
import type { ConflictingLog } from '../messages';
import type { SequencedOp } from './sequenced-op';

export type LogRecord =
  /** An empty copy; `complete` only for the first arc of a new ring. */
  | { readonly kind: 'create'; readonly range: Arc; readonly complete: boolean }
  | {
      readonly kind: 'prepare';
      readonly start: Position;
      readonly firstSeq: Seq;
      readonly ops: readonly SequencedOp[];
      /** In which they got their numbers; absent: the one in which the copy was last live. */
      readonly term?: Term;
    }
  | { readonly kind: 'commit'; readonly start: Position; readonly seq: Seq }
  /** Operations beyond lastPrepared are void. */
  | { readonly kind: 'truncate'; readonly start: Position; readonly lastPrepared: Seq }
  /** From here on the copy is acknowledged as live in the term. */
  | { readonly kind: 'live-term'; readonly start: Position; readonly term: Term }
  /** A transfer begins: a copy of the range that counts as nothing; entries that are there stay. */
  | { readonly kind: 'transfer'; readonly range: Arc }
  /** Entries of a transfer; one without a value is deleted. */
  | { readonly kind: 'install'; readonly start: Position; readonly entries: readonly Entry[] }
  /** What a replica that has it undamaged holds of some ranges, as of the copy's commit point. */
  | {
      readonly kind: 'mend';
      readonly start: Position;
      readonly ranges: readonly KeyRange[];
      readonly entries: readonly Entry[];
    }
  /** The transfer is whole. */
  | {
      readonly kind: 'complete';
      readonly start: Position;
      readonly committed: Seq;
      readonly window: readonly SequencedOp[];
      readonly term: Term;
      readonly history: LogHistory;
    }
  | { readonly kind: 'split'; readonly start: Position; readonly at: Position }
  /** Applies the windows of a copy and of the one that starts where it ends, and joins the two. */
  | { readonly kind: 'merge'; readonly start: Position; readonly nextStart: Position }
  /** Erases the copy and its entries. */
  | { readonly kind: 'forget'; readonly start: Position }
  /** The arc stands still: another log is known, with committed operations that this one does not have. */
  | { readonly kind: 'stop'; readonly start: Position; readonly conflict: ConflictingLog }
  /** Nothing stops the arc any more. */
  | { readonly kind: 'resume'; readonly start: Position }
  /** Logs that contradict this one and end in that term, or before, are overruled. */
  | { readonly kind: 'overrule'; readonly start: Position; readonly term: Term }
  /** The numbers up to that one were overruled logs'; in this one they stand for nothing, as if given out in the term. */
  | { readonly kind: 'skip'; readonly start: Position; readonly seq: Seq; readonly term: Term }
  /** The newest ring that this node may act on. */
  | { readonly kind: 'known-ring'; readonly known: KnownRing };

export type RecordOf<Kind extends LogRecord['kind']> = Extract<LogRecord, { kind: Kind }>;

/** The durable state of one copy, as a checkpoint keeps it. */
export interface ReplicaSnapshot {
  readonly range: Arc;
  readonly complete: boolean;
  readonly liveTerm: Term;
  readonly committed: Seq;
  readonly window: readonly SequencedOp[];
  readonly history: LogHistory;
  readonly overrules: Term;
  readonly conflict: ConflictingLog | undefined;
}

/** A node that has recorded nothing else never acted on a ring: it has nothing to lose. */
export function isOfCopies({ kind }: LogRecord): boolean {
  return kind !== 'known-ring';
}

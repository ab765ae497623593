/**
 * The records of a node's log. Each is one step of the durable state machine in replica-store.ts, which
 * applies it when it is written and once more, in the same order, at recovery.
 *
 * The records of one batch become durable together or not at all.
 */

import type { Arc, Position, Seq, Term } from '@ringkeep/shared';
import type { Entry } from './entry-store';
import type { SequencedOp } from './messages';

export type LogRecord =
  /** An empty copy; `complete` only for the first arc of a new ring. */
  | { readonly kind: 'create'; readonly range: Arc; readonly complete: boolean }
  | {
      readonly kind: 'prepare';
      readonly start: Position;
      readonly firstSeq: Seq;
      readonly ops: readonly SequencedOp[];
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
  /** The transfer is whole. */
  | {
      readonly kind: 'complete';
      readonly start: Position;
      readonly committed: Seq;
      readonly window: readonly SequencedOp[];
      readonly term: Term;
    }
  | { readonly kind: 'split'; readonly start: Position; readonly at: Position }
  /** Joins a copy with the one that starts where it ends. */
  | { readonly kind: 'merge'; readonly start: Position; readonly nextStart: Position }
  /** Erases the copy and its entries. */
  | { readonly kind: 'forget'; readonly start: Position };

/** The durable state of one copy, as a checkpoint keeps it. */
export interface ReplicaSnapshot {
  readonly range: Arc;
  readonly complete: boolean;
  readonly liveTerm: Term;
  readonly committed: Seq;
  readonly window: readonly SequencedOp[];
}

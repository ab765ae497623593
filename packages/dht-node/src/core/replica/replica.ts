/** A node's copy of a range: the log of its operations, and which of them it keeps prepared. Changed by records alone. */

import type { Arc, LogExtent, LogHistory, Position, RingKey, Seq, Term } from '@ringkeep/shared';
import { arcKeyTest } from '@ringkeep/shared/ring/arc';
import { invariant } from '@ringkeep/shared/ring/errors';
import {
  appendTerm,
  historyWithin,
  lastTerm,
  NO_HISTORY,
  truncateHistory,
} from '@ringkeep/shared/ring/log-history';
import type { ConflictingLog } from '../messages';
import { partsWithin, RangeHistory } from './change-history';
import type { RecordOf, ReplicaSnapshot } from './records';
import type { RunningHash } from './running-hash';
import { opsWithin, type HashPoint, type SequencedOp } from './sequenced-op';

export class Replica {
  complete = false;
  /** The last term in which it acknowledged as live. */
  liveTerm: Term = 0;
  committed: Seq = 0;
  /** Prepared and not known to be committed: sequence numbers committed + 1 … lastPrepared. */
  window: SequencedOp[] = [];
  /** In which term each operation got its number. */
  history: LogHistory = NO_HISTORY;
  /** Logs that contradict this one and end in that term, or before, were overruled. */
  overrules: Term = 0;
  /** What stops the arc, while nobody has decided. */
  conflict: ConflictingLog | undefined;
  /** The log batch of its last prepared operation, truncation or transfer; 0 when found at the start. In memory only. */
  changedIn = 0;
  /** Of the operations of the present term, where it is known; in memory only. */
  hash: RunningHash | undefined;
  /** What was committed last, for watchers: of ranges that are the whole copy together. In memory only. */
  changes: readonly RangeHistory[] = [];
  readonly holds: (key: RingKey) => boolean;

  constructor(readonly range: Arc) {
    this.holds = arcKeyTest(range);
  }

  static restored({ range, window, ...rest }: ReplicaSnapshot): Replica {
    const replica = Object.assign(new Replica(range), { ...rest, window: [...window] });
    replica.beginChanges();
    return replica;
  }

  get start(): Position {
    return this.range.start;
  }

  get lastPrepared(): Seq {
    return this.committed + this.window.length;
  }

  get log(): LogExtent {
    const { range, committed, lastPrepared, history } = this;
    return { range, committed, lastPrepared, history };
  }

  /** Its log, as far as it lies in a range, which it overlaps in one stretch. */
  logWithin(range: Arc): LogExtent {
    return { ...this.log, range, history: historyWithin(this.history, range) };
  }

  /** The running hash at a sequence number from the commit point on, where it is known. */
  hashAt(seq: Seq): HashPoint | undefined {
    return this.hash?.at(seq, this.committed + 1, this.window);
  }

  /** The operations after a sequence number. */
  windowAfter(seq: Seq): readonly SequencedOp[] {
    invariant(seq >= this.committed, 'operations before the commit point are not in the window');
    return this.window.slice(seq - this.committed);
  }

  /** What a checkpoint keeps. */
  snapshot(): ReplicaSnapshot {
    const { range, complete, liveTerm, committed, window, history, overrules, conflict } = this;
    return { range, complete, liveTerm, committed, window: [...window], history, overrules, conflict };
  }

  /** What it is of a part of its range: the operations of another part are numbers without an entry. */
  part(range: Arc): Replica {
    const { complete, liveTerm, committed, overrules, conflict, changedIn } = this;
    const replica = new Replica(range);
    return Object.assign(replica, {
      complete,
      liveTerm,
      committed,
      window: opsWithin(this.window, replica.holds),
      history: historyWithin(this.history, range),
      overrules,
      conflict,
      changedIn,
      changes: partsWithin(this.changes, range),
    });
  }

  /** What was committed before is not known here: nobody is told of it. */
  beginChanges(knownFrom = this.committed): void {
    this.changes = this.complete ? [new RangeHistory(this.range, knownFrom)] : [];
  }

  // ---- what records do ----

  prepare({ firstSeq, ops, term }: RecordOf<'prepare'>): void {
    invariant(this.complete, 'an incomplete copy prepares nothing');
    invariant(firstSeq === this.lastPrepared + 1, 'operations are prepared without gaps');
    for (const op of ops) this.window.push(op);
    if (ops.length > 0) this.history = appendTerm(this.history, term ?? this.liveTerm, firstSeq);
  }

  /** Takes the operations up to a number out of the window. */
  commit(seq: Seq): readonly SequencedOp[] {
    invariant(seq <= this.lastPrepared, 'only what is prepared is committed');
    const count = Math.max(0, seq - this.committed);
    const ops = this.window.splice(0, count);
    this.hash?.take(this.committed + 1, ops);
    this.committed += count;
    return ops;
  }

  truncate(lastPrepared: Seq): void {
    invariant(lastPrepared >= this.committed, 'what is committed is never discarded');
    this.window.length = Math.min(this.window.length, lastPrepared - this.committed);
    this.history = truncateHistory(this.history, this.lastPrepared);
  }

  becomeComplete({ committed, window, history, term }: RecordOf<'complete'>): void {
    this.complete = true;
    this.committed = committed;
    this.window = [...window];
    this.history = history;
    this.liveIn(term);
  }

  liveIn(term: Term): void {
    this.liveTerm = Math.max(this.liveTerm, term);
  }

  overrule(term: Term): void {
    this.overrules = Math.max(this.overrules, term);
    if (this.conflict && lastTerm(this.conflict.log) <= this.overrules) this.conflict = undefined;
  }

  skip({ term, seq }: RecordOf<'skip'>): void {
    invariant(this.window.length === 0, 'what is prepared is not skipped');
    this.history = appendTerm(this.history, term, this.committed + 1);
    this.committed = Math.max(this.committed, seq);
    // What overruled logs have told under these numbers, this one does not have.
    this.beginChanges();
  }
}

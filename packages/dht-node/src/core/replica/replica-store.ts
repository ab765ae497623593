/**
 * The durable state of a node: its copies of arcs, as a state machine over log records.
 *
 * The one place where a record takes effect, in the running node and at recovery alike; so what a
 * restart finds is what the log says. Copies never overlap.
 *
 * Invariants (numbers of section 8 of docs/PROTOCOL.md):
 *  2. committed ≤ lastPrepared, and the window holds exactly the operations between.
 *  3. An operation is prepared only as the next one, and only by a complete copy.
 */

import type {
  Arc,
  KnownRing,
  LogExtent,
  LogHistory,
  KeyRange,
  Position,
  RingKey,
  Seq,
  Term,
} from '@ringkeep/shared';
import {
  arcCovers,
  arcKeyRanges,
  arcKeyTest,
  arcOutside,
  arcsOverlap,
  formatArc,
} from '@ringkeep/shared/ring/arc';
import { invariant } from '@ringkeep/shared/ring/errors';
import { NOTHING_KNOWN } from '@ringkeep/shared/ring/history';
import {
  appendTerm,
  historyWithin,
  lastTerm,
  mergeHistories,
  NO_HISTORY,
  truncateHistory,
} from '@ringkeep/shared/ring/log-history';
import type { Entry, EntryStore, RangeSize } from './entry-store';
import type { ConflictingLog, SequencedOp } from '../messages';
import type { LogRecord, ReplicaSnapshot } from './records';
import type { HashPoint, RunningHash } from './running-hash';

/** A node's copy of a range. Changed by ReplicaStore alone. */
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
  readonly holds: (key: RingKey) => boolean;

  constructor(readonly range: Arc) {
    this.holds = arcKeyTest(range);
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
}

export class ReplicaStore {
  private readonly replicas = new Map<Position, Replica>();
  /** The newest ring that this node may have acted on. */
  known = NOTHING_KNOWN;

  constructor(readonly entries: EntryStore) {}

  get(start: Position): Replica | undefined {
    return this.replicas.get(start);
  }

  /** All copies. */
  all(): Replica[] {
    return [...this.replicas.values()];
  }

  overlapping(range: Arc): Replica[] {
    return this.all().filter((replica) => arcsOverlap(replica.range, range));
  }

  size(range: Arc): RangeSize {
    let keys = 0;
    let bytes = 0;
    for (const keyRange of arcKeyRanges(range)) {
      const size = this.entries.size(keyRange);
      keys += size.keys;
      bytes += size.bytes;
    }
    return { keys, bytes };
  }

  apply(record: LogRecord): void {
    switch (record.kind) {
      case 'create': {
        invariant(
          this.overlapping(record.range).length === 0,
          `a copy of ${formatArc(record.range)} overlaps another`,
        );
        const replica = new Replica(record.range);
        replica.complete = record.complete;
        this.replicas.set(replica.start, replica);
        return;
      }
      case 'prepare': {
        const replica = this.at(record.start);
        invariant(replica.complete, 'an incomplete copy prepares nothing');
        invariant(record.firstSeq === replica.lastPrepared + 1, 'operations are prepared without gaps');
        for (const op of record.ops) replica.window.push(op);
        if (record.ops.length > 0)
          replica.history = appendTerm(replica.history, record.term ?? replica.liveTerm, record.firstSeq);
        return;
      }
      case 'commit':
        this.entries.put(
          this.takeCommitted(this.at(record.start), record.seq).filter((op) => op !== undefined),
        );
        return;
      case 'truncate': {
        const replica = this.at(record.start);
        invariant(record.lastPrepared >= replica.committed, 'what is committed is never discarded');
        replica.window.length = Math.min(replica.window.length, record.lastPrepared - replica.committed);
        replica.history = truncateHistory(replica.history, replica.lastPrepared);
        return;
      }
      case 'live-term': {
        const replica = this.at(record.start);
        replica.liveTerm = Math.max(replica.liveTerm, record.term);
        return;
      }
      case 'transfer':
        return this.beginTransfer(record.range);
      case 'install': {
        const replica = this.at(record.start);
        invariant(!replica.complete, 'only a transfer installs entries');
        this.entries.put(record.entries);
        return;
      }
      case 'mend':
        for (const range of record.ranges) this.entries.mend(range, entriesWithin(record.entries, range));
        return;
      case 'complete': {
        const replica = this.at(record.start);
        replica.complete = true;
        replica.committed = record.committed;
        replica.window = [...record.window];
        replica.history = record.history;
        replica.liveTerm = Math.max(replica.liveTerm, record.term);
        return;
      }
      case 'split':
        return this.split(this.at(record.start), record.at);
      case 'merge':
        return this.merge(this.at(record.start), this.at(record.nextStart));
      case 'forget': {
        const replica = this.at(record.start);
        this.erase(replica.range);
        this.replicas.delete(record.start);
        return;
      }
      case 'stop':
        this.at(record.start).conflict = record.conflict;
        return;
      case 'resume':
        this.at(record.start).conflict = undefined;
        return;
      case 'overrule':
        return this.overrule(this.at(record.start), record.term);
      case 'skip': {
        const replica = this.at(record.start);
        invariant(replica.window.length === 0, 'what is prepared is not skipped');
        replica.history = appendTerm(replica.history, record.term, replica.committed + 1);
        replica.committed = Math.max(replica.committed, record.seq);
        return;
      }
      case 'known-ring':
        this.known = record.known;
        return;
    }
  }

  /** What a commit record does. @returns the entries that are committed */
  commit(start: Position, seq: Seq): readonly Entry[] {
    const ops = this.takeCommitted(this.at(start), seq);
    const entries = ops.filter((op) => op !== undefined);
    this.entries.put(entries);
    return entries;
  }

  snapshot(): ReplicaSnapshot[] {
    return this.all().map(
      ({ range, complete, liveTerm, committed, window, history, overrules, conflict }) => ({
        range,
        complete,
        liveTerm,
        committed,
        window: [...window],
        history,
        overrules,
        conflict,
      }),
    );
  }

  /** The state that a checkpoint kept; the entries are in the store already. */
  restore(snapshots: readonly ReplicaSnapshot[], known: KnownRing): void {
    this.known = known;
    this.replicas.clear();
    for (const { range, window, ...rest } of snapshots) {
      this.replicas.set(range.start, Object.assign(new Replica(range), { ...rest, window: [...window] }));
    }
  }

  private at(start: Position): Replica {
    const replica = this.replicas.get(start);
    invariant(replica, `there is a copy at ${start}`);
    return replica;
  }

  /**
   * Copies that overlap the range end. Their entries in it stay, to be compared. What they have outside of it
   * was not spoken of: it stays a copy, whole if it was, and its log with it.
   */
  private beginTransfer(range: Arc): void {
    let liveTerm: Term = 0;
    for (const copy of this.overlapping(range)) {
      liveTerm = Math.max(liveTerm, copy.liveTerm);
      this.replicas.delete(copy.start);
      for (const rest of arcOutside(copy.range, range)) this.replicas.set(rest.start, part(copy, rest));
    }
    this.replicas.set(range.start, Object.assign(new Replica(range), { liveTerm }));
  }

  private overrule(replica: Replica, term: Term): void {
    replica.overrules = Math.max(replica.overrules, term);
    if (replica.conflict && lastTerm(replica.conflict.log) <= replica.overrules) replica.conflict = undefined;
  }

  private takeCommitted(replica: Replica, seq: Seq): readonly SequencedOp[] {
    invariant(seq <= replica.lastPrepared, 'only what is prepared is committed');
    const count = Math.max(0, seq - replica.committed);
    const ops = replica.window.splice(0, count);
    replica.hash?.take(replica.committed + 1, ops);
    replica.committed += count;
    return ops;
  }

  /** Both halves keep the window, each its own operations of it. */
  private split(lower: Replica, at: Position): void {
    invariant(
      at !== lower.start && arcCovers(lower.range, { start: at, end: lower.range.end }),
      'a split lies within',
    );
    for (const range of [
      { start: lower.start, end: at },
      { start: at, end: lower.range.end },
    ])
      this.replicas.set(range.start, part(lower, range));
  }

  /** What was prepared and not known to be committed stays so in the history. */
  private merge(lower: Replica, upper: Replica): void {
    invariant(lower.range.end === upper.start, 'merged copies are adjacent');
    const lastPrepared = Math.max(lower.lastPrepared, upper.lastPrepared);
    const history = mergeHistories(lower.log, upper.log, lastPrepared + 1);
    for (const copy of [lower, upper])
      this.entries.put(this.takeCommitted(copy, copy.lastPrepared).filter((op) => op !== undefined));
    this.replicas.delete(upper.start);
    this.replicas.set(
      lower.start,
      Object.assign(new Replica({ start: lower.start, end: upper.range.end }), {
        complete: lower.complete && upper.complete,
        liveTerm: Math.max(lower.liveTerm, upper.liveTerm),
        committed: lastPrepared,
        history,
        overrules: Math.min(lower.overrules, upper.overrules),
        conflict: lower.conflict ?? upper.conflict,
        changedIn: Math.max(lower.changedIn, upper.changedIn),
      }),
    );
  }

  private erase(range: Arc): void {
    for (const keyRange of arcKeyRanges(range)) this.entries.erase(keyRange);
  }
}

/** What a copy is of a part of its range. */
function part({ complete, liveTerm, committed, window, history, ...copy }: Replica, range: Arc): Replica {
  const replica = new Replica(range);
  const { overrules, conflict, changedIn } = copy;
  return Object.assign(replica, {
    complete,
    liveTerm,
    committed,
    window: window.map((op) => (op && replica.holds(op.key) ? op : undefined)),
    history: historyWithin(history, range),
    overrules,
    conflict,
    changedIn,
  });
}

function entriesWithin(entries: readonly Entry[], { from, to }: KeyRange): readonly Entry[] {
  return entries.filter(({ key }) => key >= from && (to === undefined || key < to));
}

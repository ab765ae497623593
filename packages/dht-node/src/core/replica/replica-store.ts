/**
 * The durable state of a node: its copies of arcs, as a state machine over log records.
 *
 * This is the one place where a record takes effect, in the running node and at recovery alike. So what a restart finds
 * is what the log says. Copies never overlap.
 *
 * Invariants (numbers of section 8 of docs/PROTOCOL.md):
 *
 * 2. committed ≤ lastPrepared, and the window holds exactly the operations in between.
 * 3. An operation is prepared only as the next one, and only by a complete copy.
 */

import type { Arc, KnownRing, KeyRange, Position, Seq, Term } from '@ringkeep/shared';
import { arcCovers, arcKeyRanges, arcOutside, arcsOverlap, formatArc } from '@ringkeep/shared/ring/arc';
import { invariant } from '@ringkeep/shared/ring/errors';
import { NOTHING_KNOWN } from '@ringkeep/shared/ring/history';
import { mergeHistories } from '@ringkeep/shared/ring/log-history';
import { ChangeHistory, joinLevel } from './change-history';
import type { Entry, EntryStore, RangeSize } from './entry-store';
import { HISTORY_BYTES } from '../limits';
import type { LogRecord, RecordOf, ReplicaSnapshot } from './records';
import { Replica } from './replica';
import { entriesOf } from './sequenced-op';

/** What each kind of record does: a kind without a row does not compile. */
type Effects = { readonly [Kind in LogRecord['kind']]: (record: RecordOf<Kind>) => void };

/** What is kept for watchers when copies are made, and what becomes of merged ones (core/rules.ts says why). */
interface CopyRules {
  changesKnownFrom(committed: Seq): Seq;
  areLevel(level: boolean): boolean;
  mergedFrom(lower: Seq, upper: Seq): Seq;
}

const RIGHT_RULES: CopyRules = {
  changesKnownFrom: (committed) => committed,
  areLevel: (level) => level,
  mergedFrom: (lower, upper) => Math.max(lower, upper),
};

export class ReplicaStore {
  private readonly replicas = new Map<Position, Replica>();
  /** The newest ring that this node may have acted on. */
  known = NOTHING_KNOWN;
  private readonly changes: ChangeHistory;

  private readonly effects: Effects = {
    create: ({ range, complete }) => this.create(range, complete),
    prepare: (record) => this.at(record.start).prepare(record),
    commit: ({ start, seq }) => this.commit(start, seq),
    truncate: ({ start, lastPrepared }) => this.at(start).truncate(lastPrepared),
    'live-term': ({ start, term }) => this.at(start).liveIn(term),
    transfer: ({ range }) => this.beginTransfer(range),
    install: (record) => this.install(record),
    mend: ({ ranges, entries }) => this.mend(ranges, entries),
    complete: (record) => this.complete(record),
    split: ({ start, at }) => this.split(this.at(start), at),
    merge: ({ start, nextStart }) => this.merge(this.at(start), this.at(nextStart)),
    forget: ({ start }) => this.forget(this.at(start)),
    stop: ({ start, conflict }) => (this.at(start).conflict = conflict),
    resume: ({ start }) => (this.at(start).conflict = undefined),
    overrule: ({ start, term }) => this.at(start).overrule(term),
    skip: (record) => this.at(record.start).skip(record),
    'known-ring': ({ known }) => (this.known = known),
  };

  /** @param historyBytes how much of what was committed last is kept for watchers */
  constructor(
    readonly entries: EntryStore,
    historyBytes = HISTORY_BYTES,
    private readonly rules: CopyRules = RIGHT_RULES,
  ) {
    this.changes = new ChangeHistory(historyBytes);
  }

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
    (this.effects[record.kind] as (record: LogRecord) => void)(record);
  }

  /** What a commit record does. @returns the entries that are committed */
  commit(start: Position, seq: Seq): readonly Entry[] {
    const replica = this.at(start);
    const first = replica.committed + 1;
    const ops = replica.commit(seq);
    this.changes.add(replica.changes, replica.range, first, ops);
    if (replica.changes.length > 1) replica.changes = joinLevel(replica.changes, this.rules);
    const entries = entriesOf(ops);
    this.entries.put(entries);
    return entries;
  }

  /** Bytes of what was committed last, as they are kept for watchers. */
  get historyBytes(): number {
    return this.changes.bytes;
  }

  snapshot(): ReplicaSnapshot[] {
    return this.all().map((replica) => replica.snapshot());
  }

  /** The state that a checkpoint kept; the entries are in the store already. */
  restore(snapshots: readonly ReplicaSnapshot[], known: KnownRing): void {
    this.known = known;
    this.replicas.clear();
    for (const snapshot of snapshots) this.replicas.set(snapshot.range.start, Replica.restored(snapshot));
  }

  private at(start: Position): Replica {
    const replica = this.replicas.get(start);
    invariant(replica, `there is a copy at ${start}`);
    return replica;
  }

  private create(range: Arc, complete: boolean): void {
    invariant(this.overlapping(range).length === 0, `a copy of ${formatArc(range)} overlaps another`);
    const replica = Object.assign(new Replica(range), { complete });
    replica.beginChanges();
    this.replicas.set(range.start, replica);
  }

  /**
   * Ends the copies that overlap the range. Their entries in it stay, to be compared. What they have outside of it was
   * not spoken of: it stays a copy, whole if it was, and its log with it.
   */
  private beginTransfer(range: Arc): void {
    let liveTerm: Term = 0;
    for (const copy of this.overlapping(range)) {
      liveTerm = Math.max(liveTerm, copy.liveTerm);
      this.replicas.delete(copy.start);
      for (const rest of arcOutside(copy.range, range)) this.replicas.set(rest.start, copy.part(rest));
    }
    this.replicas.set(range.start, Object.assign(new Replica(range), { liveTerm }));
  }

  private complete(record: RecordOf<'complete'>): void {
    const replica = this.at(record.start);
    replica.becomeComplete(record);
    replica.beginChanges(this.rules.changesKnownFrom(replica.committed));
  }

  private install({ start, entries }: RecordOf<'install'>): void {
    invariant(!this.at(start).complete, 'only a transfer installs entries');
    this.entries.put(entries);
  }

  private mend(ranges: readonly KeyRange[], entries: readonly Entry[]): void {
    for (const range of ranges) this.entries.mend(range, entriesWithin(entries, range));
  }

  /** Both halves keep the window, each its own operations of it. */
  private split(lower: Replica, at: Position): void {
    const { start, end } = lower.range;
    invariant(at !== start && arcCovers(lower.range, { start: at, end }), 'a split lies within');
    this.replicas.set(start, lower.part({ start, end: at }));
    this.replicas.set(at, lower.part({ start: at, end }));
  }

  /** What was prepared and not known to be committed stays so in the history. */
  private merge(lower: Replica, upper: Replica): void {
    invariant(lower.range.end === upper.start, 'merged copies are adjacent');
    const lastPrepared = this.rules.mergedFrom(lower.lastPrepared, upper.lastPrepared);
    const history = mergeHistories(lower.log, upper.log, lastPrepared + 1);
    for (const copy of [lower, upper]) this.commit(copy.start, copy.lastPrepared);
    this.replicas.delete(upper.start);
    const changes = [...lower.changes, ...upper.changes];
    for (const history of changes) history.mergeAt(lastPrepared);
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
        changes,
      }),
    );
  }

  private forget({ range }: Replica): void {
    for (const keyRange of arcKeyRanges(range)) this.entries.erase(keyRange);
    this.replicas.delete(range.start);
  }
}

function entriesWithin(entries: readonly Entry[], { from, to }: KeyRange): readonly Entry[] {
  return entries.filter(({ key }) => key >= from && (to === undefined || key < to));
}

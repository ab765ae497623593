/**
 * A copy under the primary of one term. A transfer fills it, or it is aligned where its log has parted from the
 * primary's. After that it prepares and commits what the primary says, and the primary mends it.
 *
 * The primary has looked at the log before it says any of this, so what it says fits. Where it does not fit, an
 * invariant stops the node: a copy that continued anyway would be relied on.
 */

import type { Arc, KeyRange, RingKey, Seq, Term, TermStart } from '@ringkeep/shared';
import { arcKeyTest, arcsEqual } from '@ringkeep/shared/ring/arc';
import { invariant } from '@ringkeep/shared/ring/errors';
import type {
  DiskLog,
  Outbox,
  Repairing,
  Reports,
  RuleSettings,
  StoredCopies,
  TransferSettings,
} from '../context';
import type { PrimaryBodyOf, Repair } from '../messages';
import { discard } from '../replica/discard';
import type { Entry } from '../replica/entry-store';
import { isDamaged, repairFrom } from '../replica/mending';
import type { Replica } from '../replica/replica';
import { RunningHash } from '../replica/running-hash';
import type { HashPoint, SequencedOp } from '../replica/sequenced-op';

interface TermedOps {
  readonly firstSeq: Seq;
  readonly ops: readonly SequencedOp[];
  readonly terms: readonly TermStart[];
}

type FollowedCopyContext = StoredCopies &
  DiskLog &
  Outbox &
  Reports &
  Repairing &
  RuleSettings &
  TransferSettings;

export class FollowedCopy {
  private readonly holds: (key: RingKey) => boolean;

  constructor(
    private readonly context: FollowedCopyContext,
    private readonly range: Arc,
    private readonly term: Term,
  ) {
    this.holds = arcKeyTest(range);
  }

  /** The copy of exactly this range. */
  get found(): Replica | undefined {
    const copy = this.context.replicas.get(this.range.start);
    return copy && arcsEqual(copy.range, this.range) ? copy : undefined;
  }

  private whole(): Replica {
    const copy = this.found;
    invariant(copy?.complete, 'a copy is complete before operations are prepared on it');
    return copy;
  }

  align(body: PrimaryBodyOf<'align'>): void {
    const copy = this.whole();
    const { journal, rules } = this.context;
    const { firstSeq, lastPrepared, overrules } = body;
    const shared = firstSeq - 1;
    invariant(copy.committed <= shared, 'a member has committed only what its primary has');
    invariant(shared <= copy.lastPrepared, 'a member is given what follows on its log');
    invariant(shared <= lastPrepared, 'a member is given the end of a log');
    invariant(body.committed <= lastPrepared, 'a primary commits what it has');
    const { start } = copy;
    const own = copy.hashAt(shared);
    invariant(
      !own || own.term !== body.hash?.term || own.value === body.hash.value,
      'a member has the operations that its primary has',
    );
    if (own?.term !== this.term) this.takeHash(copy, body.hash, shared, lastPrepared);
    const kept = rules.keptAtAlignment(shared, copy.lastPrepared);
    if (copy.lastPrepared > kept) {
      discard(this.context, copy, kept, this.holds);
      journal.writePrepared({ kind: 'truncate', start, lastPrepared: kept });
    }
    this.takeOps(copy, body);
    invariant(
      copy.lastPrepared === Math.max(kept, lastPrepared),
      'an aligned member has what its primary has',
    );
    if (overrules > copy.overrules) journal.write({ kind: 'overrule', start, term: overrules });
    if (copy.liveTerm < this.term) journal.write({ kind: 'live-term', start, term: this.term });
    this.commit(body.committed);
  }

  /** Entries of a transfer, as far as they are of the range. */
  install(sent: readonly Entry[]): void {
    const { holds } = this;
    const { start } = this.range;
    const mine = sent.every(({ key }) => holds(key)) ? sent : sent.filter(({ key }) => holds(key));
    const entries = this.context.rules.carried(mine);
    if (entries.length > 0) this.context.journal.write({ kind: 'install', start, entries });
  }

  /** The transfer has brought everything up to `committed`; the window follows it. */
  complete({ committed, window, hash, history, overrules }: PrimaryBodyOf<'live'>): void {
    const { journal } = this.context;
    const { start } = this.range;
    journal.writePrepared({ kind: 'complete', start, committed, window, term: this.term, history });
    const copy = this.whole();
    if (overrules > copy.overrules) journal.write({ kind: 'overrule', start, term: overrules });
    this.takeHash(copy, hash, copy.lastPrepared, copy.lastPrepared);
  }

  prepare({ firstSeq, ops, terms }: PrimaryBodyOf<'prepare'>): void {
    const copy = this.whole();
    invariant(firstSeq === copy.lastPrepared + 1, 'operations arrive in order on a stream');
    if (terms) this.takeOps(copy, { firstSeq, ops, terms });
    else this.context.journal.writePrepared({ kind: 'prepare', start: copy.start, firstSeq, ops });
  }

  commit(seq: Seq): void {
    const copy = this.whole();
    invariant(seq <= copy.lastPrepared, 'a commit point comes after what it commits');
    if (seq > copy.committed) this.context.journal.writeLazily({ kind: 'commit', start: copy.start, seq });
  }

  /** What it holds of ranges that are damaged at the primary, as of the primary's commit point. */
  repairOf(ranges: readonly KeyRange[], committed: Seq): Repair {
    this.commit(committed);
    return repairFrom(this.context, ranges, this.whole().committed);
  }

  /**
   * As of the primary's commit point: this copy has to be there first. It may be beyond it, under a new primary that does
   * not know yet what was committed before. Then the answer is older than what is here, and it is asked for again.
   */
  mend({ ranges, entries, committed }: Repair): void {
    this.commit(committed);
    const { journal, replicas, mending, rules } = this.context;
    if (!rules.isRepairNew(committed, this.whole().committed)) return;
    const damaged = ranges.filter((range) => isDamaged(replicas.entries, range));
    const { start } = this.whole();
    if (damaged.length > 0) journal.write({ kind: 'mend', start, ranges: damaged, entries });
    mending.checkNow();
  }

  /** The operations that the copy lacks, those of each term as one record. */
  private takeOps(copy: Replica, { firstSeq, ops, terms }: TermedOps): void {
    const { start } = copy;
    for (const [index, { term, first }] of terms.entries()) {
      const end = terms[index + 1]?.first ?? firstSeq + ops.length;
      const from = Math.max(first, copy.lastPrepared + 1);
      const part = ops.slice(from - firstSeq, end - firstSeq);
      if (part.length === 0) continue;
      this.context.journal.writePrepared({ kind: 'prepare', start, firstSeq: from, ops: part, term });
    }
  }

  /** The hash of this term begins at the end of its takeover. Until then the primary's hash is of another term. */
  private takeHash(copy: Replica, hash: HashPoint | undefined, at: Seq, lastPrepared: Seq): void {
    const begun = hash?.term === this.term;
    copy.hash = hash && new RunningHash(this.term, begun ? at : lastPrepared, begun ? hash.value : 0);
  }
}

/**
 * What this node has of a range when it opens a stream for it, and how that ends.
 *
 * A copy ends only on order: start-over or release, on the newest stream, in the term in which it was opened, from the
 * primary of the newest configuration known, which has compared the logs that the opening names. Release erases the
 * copy. After start-over its entries only save the transfer (intake.ts) from sending them again. Prepared operations
 * that are discarded are handed out first (discard.ts).
 */

import type { Arc, LogExtent, RingKey, Seq } from '@ringkeep/shared';
import { arcCovers, arcInside, arcKeyTest, arcsEqual } from '@ringkeep/shared/ring/arc';
import { invariant } from '@ringkeep/shared/ring/errors';
import type { DiskLog, Outbox, Reports, RingKnowledge, RuleSettings, StoredCopies } from '../context';
import type { ConflictingLog } from '../messages';
import { discard } from '../replica/discard';
import type { Replica } from '../replica/replica';

type FormerCopiesContext = RingKnowledge & StoredCopies & DiskLog & Outbox & Reports & RuleSettings;

export class FormerCopies {
  /** There are entries of the range: what they are is told by digests, and not sent again. */
  readonly haveEntries: boolean;
  /** Of the copies that are whole, as far as they lie in the range; none, once the log is the primary's. */
  private named: readonly LogExtent[];
  private readonly holds: (key: RingKey) => boolean;

  constructor(
    private readonly context: FormerCopiesContext,
    private readonly range: Arc,
  ) {
    this.haveEntries = context.replicas.size(range).keys > 0;
    this.holds = arcKeyTest(range);
    const whole = this.overlapping().filter(({ complete }) => complete);
    this.named = whole.flatMap((copy) => arcInside(copy.range, range).map((part) => copy.logWithin(part)));
  }

  get logs(): readonly LogExtent[] {
    return this.named;
  }

  /** What made this node stop the arc, as the primary that it was. */
  get conflict(): ConflictingLog | undefined {
    return this.overlapping().find(({ conflict }) => conflict)?.conflict;
  }

  /** The log is the primary's now: there is nothing left of a former one. */
  aligned(): void {
    this.named = [];
  }

  /**
   * They count as nothing from now on, and a transfer begins. `shared`: up to where the primary has what each log has.
   */
  startOver(shared: readonly Seq[] = []): void {
    const { journal, rules, self, view } = this.context;
    const member = view.arcsWithin(this.range).some((arc) => arc.inSync.includes(self));
    invariant(!rules.isAligned(member), 'a member is never started over');
    this.handOutDiscarded(shared);
    this.putInPlace(shared);
    this.named = [];
    journal.write({ kind: 'transfer', range: this.range });
  }

  /** Ends all that is here of the range; what copies have beyond it stays. */
  release(shared: readonly Seq[] = []): void {
    const { journal } = this.context;
    const copies = this.overlapping();
    this.handOutDiscarded(shared);
    if (copies.some(({ range }) => !arcsEqual(range, this.range)))
      journal.write({ kind: 'transfer', range: this.range });
    if (copies.length > 0) journal.write({ kind: 'forget', start: this.range.start });
    this.context.report({ kind: 'erased', range: this.range });
  }

  /**
   * What was prepared and is in the primary's log, too, becomes entries: a primary whose own entry is damaged has nobody
   * else to ask, perhaps. A copy that reaches beyond the range keeps its window, for the other part has another primary.
   */
  private putInPlace(shared: readonly Seq[]): void {
    for (const [index, { range }] of this.named.entries()) {
      const copy = this.overlapping().find((each) => arcsEqual(each.range, range));
      const seq = Math.min(shared[index] ?? 0, copy?.lastPrepared ?? 0);
      if (copy && seq > copy.committed)
        this.context.journal.write({ kind: 'commit', start: copy.start, seq });
    }
  }

  /** What the primary lacks of the logs that were named; if it does not say, everything that is not committed. */
  private handOutDiscarded(shared: readonly Seq[]): void {
    for (const [index, { range }] of this.named.entries()) {
      const copy = this.overlapping().find((each) => arcCovers(each.range, range));
      if (copy) discard(this.context, copy, Math.max(copy.committed, shared[index] ?? 0), this.holds);
    }
  }

  private overlapping(): Replica[] {
    return this.context.replicas.overlapping(this.range);
  }
}

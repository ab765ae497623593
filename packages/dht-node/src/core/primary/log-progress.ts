/**
 * How an arc's log progresses in one term. An accepted write is
 *
 * 1. prepared: at the end of a step everything fresh is written to the log in one batch and sent to the followers;
 * 2. durable, as reported by the disk here and by each follower: at each report the commit point is computed again;
 * 3. committed: its entry is in the table, its caller is answered, and the followers hear of it with the next message.
 *
 * A takeover goes the same way, with the window that it has found. When all of that is committed, the term is open.
 */

import type { Seq } from '@ringkeep/shared';
import type { DiskLog, RuleSettings } from '../context';
import type { Replica } from '../replica/replica';
import type { ArcOperations } from './arc-operations';
import type { CommitPoint } from './commit-point';
import type { Configurations } from './configurations';
import type { Followers } from './followers';
import type { LogComparison } from './log-comparison';
import type { Pauses } from './pauses';
import type { Repairs } from './repairs';
import type { Takeover } from './takeover';
import type { Writes } from './writes';

interface ArcWithLog {
  readonly replica: Replica;
  readonly configurations: Configurations;
  readonly followers: Followers;
  readonly comparison: LogComparison;
  readonly takeover: Takeover;
  readonly commitPoint: CommitPoint;
  readonly pauses: Pauses;
  readonly repairs: Repairs;
  readonly writes: Writes;
  readonly operations: ArcOperations;
}

export class LogProgress {
  private ended = false;

  constructor(
    private readonly context: DiskLog & RuleSettings,
    private readonly arc: ArcWithLog,
  ) {}

  /** The role begins, with what the copy has prepared: that may not be on the disk yet. */
  begin(): void {
    const { replica } = this.arc;
    const { lastPrepared } = replica;
    this.context.journal.whenPreparedDurable(replica, () => this.preparedHere(lastPrepared));
  }

  /** End of a step: accepted writes are prepared, if it is time to. */
  flush(): void {
    if (this.arc.writes.areDue) this.prepare();
  }

  /** Prepares what was accepted at once. @returns whether there was anything */
  prepare(): boolean {
    const { writes, replica } = this.arc;
    if (!writes.prepare()) return false;
    const last = replica.lastPrepared;
    this.context.rules.countPrepared(this.context.journal, () => this.preparedHere(last));
    return true;
  }

  private preparedHere(seq: Seq): void {
    // The disk may answer after the role was lost; what it holds then is for the next primary to commit.
    if (this.ended) return;
    this.arc.commitPoint.preparedHere(seq);
    this.advance();
  }

  /** Commits what may be committed; opens the term when the takeover is complete. */
  advance(): void {
    const { comparison, takeover, commitPoint, replica } = this.arc;
    if (comparison.isStopped || !takeover.grantsAreOver()) return;
    if (takeover.isOver) return this.commit(commitPoint.reached());
    const aligned = commitPoint.aligned();
    if (aligned < replica.lastPrepared) return;
    this.commit(aligned);
    // A term that is opened again may have numbered what it has not prepared.
    if (this.prepare()) return;
    this.open();
  }

  private open(): void {
    const { takeover, commitPoint, followers, operations } = this.arc;
    const { newest } = this.arc.configurations;
    const last = takeover.jumpOverLoss(newest);
    if (last !== undefined) {
      commitPoint.preparedHere(last);
      // They are told of the gap by a transfer.
      followers.closeAll();
    }
    takeover.open(newest);
    operations.submitHeld();
  }

  private commit(seq: Seq): void {
    const { replica, writes, repairs, followers, pauses, operations } = this.arc;
    const first = replica.committed + 1;
    if (seq < first) return;
    const entries = this.context.journal.commit(replica.start, seq);
    writes.committed(entries, seq);
    repairs.committed(entries);
    followers.committed(entries);
    writes.answer(first, seq);
    operations.committed(seq);
    if (pauses.present) followers.tellCommitPoint();
  }

  end(): void {
    this.ended = true;
  }
}

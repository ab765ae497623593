/**
 * The node's way to its disk. Records take effect at once, are written once a step as one batch, and actions that must
 * wait for their durability run when the disk reports it.
 *
 * Commit points are lazy: nobody waits for them, so they go with the next batch instead of costing a sync.
 */

import type { Position, Seq } from '@ringkeep/shared';
import type { NodeEffect } from '../effects';
import type { LogRecord } from './records';
import type { Entry } from './entry-store';
import type { Replica } from './replica';
import type { ReplicaStore } from './replica-store';

export class Journal {
  private pending: LogRecord[] = [];
  private urgent = false;
  private lastBatch = 0;
  private durableBatch = 0;
  private waiting: { readonly batch: number; readonly action: () => void }[] = [];

  constructor(
    private readonly replicas: ReplicaStore,
    private readonly emit: (effect: NodeEffect) => void,
  ) {}

  /** Applies a record now; it is written with this step. */
  write(record: LogRecord): void {
    this.writeLazily(record);
    this.urgent = true;
  }

  /** Applies a record that changes what a copy has prepared. */
  writePrepared(record: LogRecord & { readonly start: Position }): void {
    this.write(record);
    const replica = this.replicas.get(record.start);
    if (replica) replica.changedIn = this.lastBatch + 1;
  }

  /** Applies a record now; it is written with the next batch that somebody waits for. */
  writeLazily(record: LogRecord): void {
    this.replicas.apply(record);
    this.pending.push(record);
  }

  /** Commits as a record written lazily does. */
  commit(start: Position, seq: Seq): readonly Entry[] {
    const entries = this.replicas.commit(start, seq);
    this.pending.push({ kind: 'commit', start, seq });
    return entries;
  }

  /** Runs the action when everything written so far is durable, or at once if it is. */
  whenDurable(action: () => void): void {
    if (this.pending.length > 0) this.urgent = true;
    this.whenBatchDurable(this.pending.length > 0 ? this.lastBatch + 1 : this.lastBatch, action);
  }

  /** Runs the action when all that the copy has prepared is durable, which most of the time it is already. */
  whenPreparedDurable(replica: Replica, action: () => void): void {
    this.whenBatchDurable(replica.changedIn, action);
  }

  private whenBatchDurable(batch: number, action: () => void): void {
    if (batch <= this.durableBatch) return action();
    let at = this.waiting.length;
    while (at > 0 && (this.waiting[at - 1] as { batch: number }).batch > batch) at--;
    this.waiting.splice(at, 0, { batch, action });
  }

  /** At the end of a step; `lazyToo` when commit points have waited long enough. */
  flush(lazyToo = false): void {
    if (this.pending.length === 0 || !(this.urgent || lazyToo)) return;
    this.lastBatch++;
    this.emit({ kind: 'append', batch: this.lastBatch, records: this.pending });
    this.pending = [];
    this.urgent = false;
  }

  persisted(batch: number): void {
    this.durableBatch = Math.max(this.durableBatch, batch);
    let done = 0;
    while (done < this.waiting.length && (this.waiting[done] as { batch: number }).batch <= this.durableBatch)
      done++;
    for (const { action } of this.waiting.splice(0, done)) action();
  }
}

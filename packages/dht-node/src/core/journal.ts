/**
 * The node's way to its disk: records take effect at once, are written once a step as one batch, and
 * whatever must wait for their durability is run when the disk says so.
 *
 * Commit points are lazy: nobody waits for them, so they go with the next batch rather than cost a sync.
 */

import type { NodeEffect } from './effects';
import type { LogRecord } from './records';
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

  /** Applies a record now; it is written with the next batch that somebody waits for. */
  writeLazily(record: LogRecord): void {
    this.replicas.apply(record);
    this.pending.push(record);
  }

  /** Runs the action when everything written so far is durable; at once when it is. */
  whenDurable(action: () => void): void {
    const batch = this.pending.length > 0 ? this.lastBatch + 1 : this.lastBatch;
    if (this.pending.length > 0) this.urgent = true;
    if (batch <= this.durableBatch) action();
    else this.waiting.push({ batch, action });
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

/**
 * Watches a process's real storage: what it reported as durable must be there when the next process recovers it. It
 * also writes a checkpoint when somebody asks for one, and not only when one is due.
 */

import type { EntryStore } from '@ringkeep/dht-node/core';
import type { Examined, LogWrite, NodeStorage, RecoveryVisitor } from '@ringkeep/dht-node/storage';
import type { Disk } from './disk';
import type { Timeline } from './timeline';

export class WatchedStorage implements NodeStorage {
  readonly name = 'disk';
  private checkpointWanted = false;
  /** Batches that were said to be durable and are not there. */
  missing = 0;

  /** `checkpointed`: the last batch that its table holds. */
  constructor(
    private readonly storage: NodeStorage,
    private readonly disk: Disk,
    private readonly timeline: Timeline,
    private readonly checkpointed: number,
  ) {}

  get entries(): EntryStore {
    return this.storage.entries;
  }

  async recover(visitor: RecoveryVisitor): Promise<void> {
    let recovered = this.checkpointed;
    await this.storage.recover({
      snapshot: (state) => visitor.snapshot(state),
      batch: (batch) => {
        recovered++;
        visitor.batch(batch);
      },
    });
    this.missing = Math.max(0, this.disk.toldDurable - recovered);
    // What is found counts as durable from now on.
    this.disk.toldDurable = Math.max(this.disk.toldDurable, recovered);
  }

  append(batch: Uint8Array): number {
    this.timeline.stir();
    return this.storage.append(batch);
  }

  onDurable(listener: (upTo: number) => void): void {
    this.storage.onDurable((upTo) => {
      this.disk.toldDurable = upTo;
      listener(upTo);
    });
  }

  onWritten(listener: (write: LogWrite) => void): void {
    this.storage.onWritten(listener);
  }

  onFailure(listener: (error: Error) => void): void {
    this.storage.onFailure(listener);
  }

  onRoom(listener: (lacking: string | undefined) => void): void {
    this.storage.onRoom(listener);
  }

  wantCheckpoint(): void {
    this.checkpointWanted = true;
  }

  checkpointDue(): boolean {
    return this.checkpointWanted || this.storage.checkpointDue();
  }

  overloaded(): boolean {
    return this.storage.overloaded();
  }

  checkpoint(snapshot: Uint8Array): Promise<boolean> {
    this.checkpointWanted = false;
    this.timeline.stir();
    return this.storage.checkpoint(snapshot);
  }

  examine(part: number): Examined {
    return this.storage.examine(part);
  }

  close(): Promise<void> {
    this.timeline.stir();
    return this.storage.close();
  }
}

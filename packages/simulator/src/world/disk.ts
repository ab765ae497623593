/**
 * A machine's disk: a node's identity, its last checkpoint, and the log batches after it.
 *
 * Appends become durable in order, some time after they were made, all that wait in one sync. A crash of the
 * machine keeps what is durable and any prefix of the rest; the batch that was being written is torn, hence absent.
 */

import type { Random } from '@ringkeep/shared';
import type { Entry } from '@ringkeep/dht-node/core';
import type { DiskRules } from '../left-out';
import type { Timeline } from './timeline';

export interface DiskProfile {
  /** Typical time of a sync, ms. */
  readonly syncMs: number;
}

export interface Checkpoint {
  readonly snapshot: Uint8Array;
  readonly entries: readonly Entry[];
  /** The number of the last batch that it covers. */
  readonly upTo: number;
}

interface StoredBatch {
  readonly number: number;
  readonly bytes: Uint8Array;
}

/** A disk as it was at one moment: what a copy of the folder has, or a snapshot of the machine. */
export interface DiskPicture {
  readonly files: ReadonlyMap<string, unknown>;
  readonly checkpoint: Checkpoint | undefined;
  readonly batches: readonly StoredBatch[];
  readonly lastNumber: number;
}

export class Disk {
  /** Files that are replaced as a whole, each write durable at once. */
  readonly files = new Map<string, unknown>();
  checkpoint: Checkpoint | undefined;
  private durable: StoredBatch[] = [];
  private unsynced: StoredBatch[] = [];
  private lastNumber = 0;
  private syncing = false;
  private stalledUntil = 0;
  private fullUntil = 0;
  /** Counts crashes: what was under way before one is not reported after it. */
  private epoch = 0;

  constructor(
    private readonly timeline: Timeline,
    private readonly random: Random,
    private readonly profile: DiskProfile,
    private readonly rules: DiskRules,
  ) {}

  get full(): boolean {
    return this.timeline.now < this.fullUntil;
  }

  get batches(): readonly Uint8Array[] {
    return [...this.durable, ...this.unsynced].map(({ bytes }) => bytes);
  }

  /** What is durable at this moment. */
  picture(): DiskPicture {
    const { files, checkpoint, durable } = this;
    const lastNumber = durable.at(-1)?.number ?? checkpoint?.upTo ?? 0;
    return { files: new Map(files), checkpoint, batches: [...durable], lastNumber };
  }

  /** Everything is as it was; no process uses it. */
  putBack({ files, checkpoint, batches, lastNumber }: DiskPicture): void {
    this.files.clear();
    for (const [name, content] of files) this.files.set(name, content);
    this.checkpoint = checkpoint;
    this.durable = batches.filter(({ number }) => number > (checkpoint?.upTo ?? 0));
    this.unsynced = [];
    this.lastNumber = lastNumber;
  }

  stall(forMs: number): void {
    this.stalledUntil = Math.max(this.stalledUntil, this.timeline.now + forMs);
  }

  fill(forMs: number): void {
    this.fullUntil = Math.max(this.fullUntil, this.timeline.now + forMs);
  }

  /** Faults of the disk end. */
  heal(): void {
    this.stalledUntil = 0;
    this.fullUntil = 0;
  }

  /** Appends a batch; `onDurable` is told the number up to which all is durable. @returns its number */
  append(bytes: Uint8Array, onDurable: (upTo: number) => void): number {
    this.unsynced.push({ number: ++this.lastNumber, bytes });
    if (!this.syncing) this.sync(onDurable);
    return this.lastNumber;
  }

  private sync(onDurable: (upTo: number) => void): void {
    const { epoch } = this;
    const upTo = this.lastNumber;
    this.syncing = true;
    const stalledMs = Math.max(0, this.stalledUntil - this.timeline.now);
    this.timeline.after(stalledMs + this.latency(), () => {
      if (epoch !== this.epoch) return;
      this.syncing = false;
      while (this.unsynced.length > 0 && (this.unsynced[0] as StoredBatch).number <= upTo) {
        this.durable.push(this.unsynced.shift() as StoredBatch);
      }
      if (this.unsynced.length > 0) this.sync(onDurable);
      onDurable(upTo);
    });
  }

  latency(): number {
    return this.profile.syncMs * (0.5 - Math.log(1 - this.random.fraction()) * 0.5);
  }

  /** Writes a checkpoint that covers everything appended so far. */
  writeCheckpoint(snapshot: Uint8Array, entries: Checkpoint['entries'], done: () => void): void {
    const { epoch } = this;
    const upTo = this.lastNumber;
    this.timeline.after(3 * this.latency(), () => {
      if (epoch !== this.epoch) return;
      this.checkpoint = { snapshot, entries, upTo };
      this.durable = this.durable.filter(({ number }) => number > upTo);
      done();
    });
  }

  /** Log and table are gone; the files beside them, the node's identity among them, are still there. */
  loseCopies(): void {
    this.checkpoint = undefined;
    this.durable = [];
    this.unsynced = [];
  }

  /** The process died. `powerLost`: so did the machine, and with it what was not synced. */
  crash(powerLost: boolean): void {
    this.epoch++;
    this.syncing = false;
    const kept = powerLost ? this.random.below(this.unsynced.length + 1) : this.unsynced.length;
    const hole = powerLost && !this.rules.logHasNoHoles ? this.random.below(kept + 1) : -1;
    this.durable.push(...this.unsynced.slice(0, kept).filter((_, index) => index !== hole));
    this.unsynced = [];
    const covered = this.checkpoint?.upTo ?? 0;
    this.durable = this.durable.filter(({ number }) => number > covered);
  }
}

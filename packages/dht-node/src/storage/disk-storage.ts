/**
 * Storage on the disk: the log (segmented-log.ts) makes batches durable, the layered table (layered-table.ts) answers
 * reads, and a checkpoint moves what the log holds into the table on the disk.
 *
 * A checkpoint may be on the disk before the last batches that it includes are in the log. That is not a contradiction:
 * it is the state after those batches, so after a crash they are found done.
 */

import { join } from 'node:path';
import { RingError, invariant } from '@ringkeep/shared';
import { isNoRoomForCommit, type Room } from '@ringkeep/process/disk';
import type { BaseTable, Checkpoint } from './base-table';
import { DEFAULT_DISK_OPTIONS, type DiskOptions } from './disk-options';
import type { Layer } from './layer';
import { LayeredTable } from './layered-table';
import { DiskLogFolder, type LogFolder } from './log-folder';
import { SHORT_SEGMENT_BYTES } from './log-segments';
import type { Examined, LogWrite, NodeStorage, RecoveryVisitor } from './node-storage';
import { RangeCounts } from './range-counts';
import { RoomWatch } from './room-watch';
import { SegmentedLog } from './segmented-log';
import { NODE_SYSTEM, type System } from './system';

/** A checkpoint needs more than its entries: copied pages, and the state. */
const CHECKPOINT_ROOM_BYTES_MIN = 512 << 10;
const PAGE_BYTES = 4_096;
/** Pages are not filled to the last byte. */
const PAGE_WASTE = 1.4;
/** When the next checkpoint is tried, after one for which there was no room. */
const CHECKPOINT_RETRY_MS = 2_000;
/** Beyond this many times what makes a checkpoint due, the host should refuse writes. */
const OVERLOAD_FACTOR = 4;

/** What the file system has to have for a checkpoint. */
type CheckpointNeeds = Pick<Room, 'freeBytes'>;

export class DiskStorage implements NodeStorage {
  readonly name = 'disk';
  private log: SegmentedLog | undefined;
  /** Bytes of the log that the last checkpoint to begin includes, and the last one to end. */
  private bytesFrozen = 0;
  private bytesInTable = 0;
  private checkpointing: Promise<boolean> | undefined;
  private failure: Error | undefined;
  private closing: Promise<void> | undefined;
  private readonly room: RoomWatch;
  /** A checkpoint found no room a moment ago. */
  private pausing = false;
  private look: () => Promise<unknown> = async () => undefined;
  private durableListener: (upTo: number) => void = () => undefined;
  private writeListener: ((write: LogWrite) => void) | undefined;
  private failureListener: (error: Error) => void = () => undefined;

  private constructor(
    readonly entries: LayeredTable,
    private readonly base: BaseTable,
    private readonly folder: LogFolder,
    private readonly options: DiskOptions,
    private readonly system: System,
  ) {
    this.room = new RoomWatch(
      {
        measure: options.measureRoom ?? ((): Promise<never> => Promise.reject(new Error('not measured'))),
        unusedBytes: () => base.fileUse?.().unusedBytes ?? 0,
        reserveBytes: options.reserveBytes,
      },
      system.eventLoop,
    );
  }

  /** Opens the storage in a folder, which the caller has locked. */
  static async open(
    folder: string,
    options: Partial<DiskOptions> = {},
    system = NODE_SYSTEM,
  ): Promise<DiskStorage> {
    const log = await DiskLogFolder.open(join(folder, 'log'), system.files);
    return DiskStorage.over(log, join(folder, 'table'), options, system);
  }

  static over(
    log: LogFolder,
    tablePath: string,
    options: Partial<DiskOptions> = {},
    system = NODE_SYSTEM,
  ): DiskStorage {
    const base = system.openTable(tablePath);
    const encoded = base.readCheckpoint()?.counts;
    const counts = encoded === undefined ? new RangeCounts() : RangeCounts.decode(encoded);
    const all = { ...DEFAULT_DISK_OPTIONS, ...options };
    return new DiskStorage(new LayeredTable(base, counts), base, log, all, system);
  }

  async recover(visitor: RecoveryVisitor): Promise<void> {
    invariant(this.log === undefined, 'a storage recovers once');
    await this.base.sync();
    this.entries.recoverDueTimes();
    const checkpoint = this.base.readCheckpoint();
    if (checkpoint !== undefined) visitor.snapshot(checkpoint.snapshot);
    const number = checkpoint?.number ?? 0;
    const { folder, options, system, room } = this;
    if (options.measureRoom) await room.start();
    this.log = await SegmentedLog.open(
      folder,
      options,
      number,
      (batch) => visitor.batch(batch),
      system,
      room,
    );
    if (options.isBlank && this.log.lastNumber > 0) throw this.notBlank();
    this.log.onDurable((upTo) => this.durableListener(upTo));
    if (this.writeListener) this.log.onWritten(this.writeListener);
    this.log.onFailure((error) => this.fail(error));
  }

  append(batch: Uint8Array): number {
    return this.openLog().append(batch);
  }

  onDurable(listener: (upTo: number) => void): void {
    this.durableListener = listener;
  }

  onWritten(listener: (write: LogWrite) => void): void {
    this.writeListener = listener;
    this.log?.onWritten(listener);
  }

  onFailure(listener: (error: Error) => void): void {
    this.failureListener = listener;
  }

  onRoom(listener: (lacking: string | undefined) => void): void {
    this.room.onChange(listener);
  }

  checkpointDue(): boolean {
    if (this.checkpointing !== undefined || this.failure !== undefined || this.pausing) return false;
    const { checkpointLogBytes, checkpointKeys } = this.options;
    const bytes = this.openLog().bytesAppended - this.bytesFrozen;
    if (bytes >= checkpointLogBytes || this.entries.keysChanged >= checkpointKeys) return true;
    // Where room is short the log is brought to the table while there still is room for both; and where it is lacking,
    // only the table makes use of what deletes have freed.
    if (this.room.isLacking && bytes > 0) return true;
    return bytes >= SHORT_SEGMENT_BYTES && !this.room.fits(2 * bytes);
  }

  overloaded(): boolean {
    const { checkpointLogBytes, checkpointKeys } = this.options;
    const bytes = this.openLog().bytesAppended - this.bytesInTable;
    return (
      bytes >= checkpointLogBytes * OVERLOAD_FACTOR ||
      this.entries.keysInMemory >= checkpointKeys * OVERLOAD_FACTOR
    );
  }

  checkpoint(snapshot: Uint8Array): Promise<boolean> {
    invariant(this.checkpointing === undefined, 'one checkpoint at a time');
    invariant(this.closing === undefined, 'no checkpoint of a closed storage');
    this.checkpointing = this.writeCheckpoint(snapshot).finally(() => (this.checkpointing = undefined));
    return this.checkpointing;
  }

  /** The name of the log's segment that is written to. */
  get segmentInUse(): string | undefined {
    return this.log?.segmentInUse;
  }

  /** Asked before segments are removed: it abandons the storage when they may belong to somebody else. */
  lookBeforeRemoving(look: () => Promise<unknown>): void {
    this.look = look;
  }

  /** Accepts nothing and touches nothing in the folder any more, and tells its listener why. */
  abandon(reason: RingError): void {
    this.log?.abandon(reason);
  }

  examine(part: number): Examined {
    return this.entries.examine(part);
  }

  close(): Promise<void> {
    this.closing ??= this.finish();
    return this.closing;
  }

  private async writeCheckpoint(snapshot: Uint8Array): Promise<boolean> {
    if (this.failure !== undefined) throw this.failure;
    const log = this.openLog();
    const needs = this.roomForCheckpoint();
    if (!this.hasRoom(needs)) return this.giveUp();
    const number = log.lastNumber;
    const bytes = log.bytesAppended;
    const frozenBefore = this.bytesFrozen;
    const counts = this.entries.encodeCounts();
    const layer = this.entries.freeze();
    this.bytesFrozen = bytes;
    try {
      // What was measured a moment ago somebody else may have taken since.
      if (this.options.measureRoom) await this.room.look();
      if (!this.hasRoom(needs) || !(await this.writeTable(layer, { number, snapshot, counts }))) {
        this.entries.thaw();
        this.bytesFrozen = frozenBefore;
        return this.giveUp();
      }
      this.entries.dropFrozen();
      this.bytesInTable = bytes;
      await this.look();
      if (this.failure !== undefined) throw this.failure;
      await log.dropThrough(number);
      if (this.room.isLacking) this.pause();
      return true;
    } catch (error) {
      throw this.fail(error as Error);
    }
  }

  /** False when there was no room. */
  private async writeTable(layer: Layer, checkpoint: Checkpoint): Promise<boolean> {
    try {
      await this.base.write(layer, checkpoint);
      return true;
    } catch (error) {
      const room = await this.options.measureRoom?.().catch(() => undefined);
      if (!isNoRoomForCommit(error, room?.freeBytes ?? Number.POSITIVE_INFINITY)) throw error;
      return false;
    }
  }

  /**
   * Checked in advance, because LMDB cannot be stopped half-way without a trace. Pages with changed keys are copied,
   * into unused parts of the file or behind its end. A large value needs consecutive pages, which are behind the end.
   */
  private roomForCheckpoint(): CheckpointNeeds | undefined {
    if (this.options.measureRoom === undefined) return undefined;
    const { treeBytes, unusedBytes } = this.base.fileUse?.() ?? { treeBytes: 0, unusedBytes: 0 };
    const copiedBytes = Math.min(this.entries.keysChanged * PAGE_BYTES, treeBytes);
    const neededBytes = this.entries.bytesChanged() * PAGE_WASTE + CHECKPOINT_ROOM_BYTES_MIN;
    return { freeBytes: Math.max(neededBytes, neededBytes + copiedBytes - unusedBytes) };
  }

  private hasRoom(needs: CheckpointNeeds | undefined): boolean {
    return needs === undefined || needs.freeBytes <= this.room.freeBytes;
  }

  private giveUp(): false {
    this.pause();
    return false;
  }

  private pause(): void {
    this.pausing = true;
    this.system.eventLoop.later(CHECKPOINT_RETRY_MS, () => (this.pausing = false), true);
  }

  private async finish(): Promise<void> {
    this.room.stop();
    await this.checkpointing?.catch(() => undefined);
    try {
      await this.log?.close();
    } finally {
      await this.base.close();
    }
  }

  private notBlank(): RingError {
    return new RingError(
      'FAILED_PRECONDITION',
      `${this.folder.path} and the table beside it hold the data of a node, but the node.json beside them names none. Put ` +
        'back the node.json that belongs to them, or move them away to start a new node.',
    );
  }

  private openLog(): SegmentedLog {
    invariant(this.log !== undefined, 'a storage recovers before anything else');
    return this.log;
  }

  private fail(cause: Error): Error {
    if (this.failure === undefined) {
      const text = `the disk fails: ${cause.message}; nothing written from now on is kept (${this.folder.path})`;
      this.failure = cause instanceof RingError ? cause : new RingError('INTERNAL', text, { cause });
      this.failureListener(this.failure);
    }
    return this.failure;
  }
}

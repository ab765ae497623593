/**
 * The log of a node: batches in, "durable up to here" out.
 *
 * Group commit: everything that waits becomes one write that syncs. At most one such write is in flight, and what
 * arrives meanwhile goes with the next. So the slower the disk, the larger the groups, and the throughput depends on
 * the number of batches outstanding and not on the disk.
 *
 * There is one loop with one await at a time. Between the awaits only the queue of waiting batches changes.
 *
 * A disk that fails once is not tried again. After a failed sync the kernel may have dropped what it could not write,
 * and the next sync would succeed without it.
 */

import { invariant } from '@ringkeep/shared';
import { isNoRoom } from '@ringkeep/process/disk';
import type { Timer } from './event-loop';
import type { LogFolder } from './log-folder';
import { LogGroup } from './log-group';
import { MARK_NUMBER, RECORD_HEADER_BYTES, encodeRecord, recordBytes } from './log-record';
import { recoverLog, type RecoveredLog } from './log-recovery';
import { LogSegments, type OpenSegment } from './log-segments';
import type { Durability, LogWrite } from './node-storage';
import type { RoomWatch } from './room-watch';
import { NODE_SYSTEM, type System } from './system';

export interface LogOptions {
  readonly durability: Durability;
  /** With durability 'interval', how long a batch may wait for its sync. */
  readonly syncIntervalMs: number;
  readonly segmentBytes: number;
}

/** A log that has been at rest for this long says so with a mark. */
const MARK_DELAY_MS = 100;
/** How long a log that has no room waits before it tries again. */
const ROOM_RETRY_MS = 500;
/** Where nobody watches the room. */
const ROOM_ENOUGH: LogRoom = { fits: () => true, took: () => undefined, stall: () => undefined };

/** What the log asks and tells of the room that there is (room-watch.ts). */
type LogRoom = Pick<RoomWatch, 'fits' | 'took' | 'stall'>;
type LogSystem = Pick<System, 'eventLoop' | 'randomBytes' | 'now'>;
const NO_BYTES = new Uint8Array(0);

export class SegmentedLog {
  private waiting: Uint8Array[] = [];
  /** Batches up to here were appended, written, synced. */
  private appended: number;
  private written: number;
  private synced: number;
  /** The last mark says that everything up to here is durable. */
  private marked: number;
  private bytes: number;

  private readonly segments: LogSegments;
  private readonly group: LogGroup;

  private busy = false;
  private work: Promise<void> = Promise.resolve();
  private settleTimer: Timer | undefined;
  private settleDue = false;
  private closing: Promise<void> | undefined;
  private failure: Error | undefined;
  private durableListener: (upTo: number) => void = () => undefined;
  private writeListener: ((write: LogWrite) => void) | undefined;
  private failureListener: (error: Error) => void = () => undefined;
  /** Set while the log waits for room. */
  private retryTimer: Timer | undefined;

  private constructor(
    private readonly folder: LogFolder,
    private readonly options: LogOptions,
    recovered: RecoveredLog,
    private readonly system: LogSystem,
    private readonly room: LogRoom,
  ) {
    this.group = new LogGroup(options.segmentBytes);
    this.segments = new LogSegments(folder, options.segmentBytes, recovered, system, room);
    this.appended = this.written = this.synced = this.marked = recovered.lastNumber;
    this.bytes = recovered.bytes;
  }

  /** Reads what is there (see log-recovery.ts) and continues behind it. */
  static async open(
    folder: LogFolder,
    options: LogOptions,
    checkpointNumber: number,
    visit: (batch: Uint8Array) => void,
    system: LogSystem = NODE_SYSTEM,
    room: LogRoom = ROOM_ENOUGH,
  ): Promise<SegmentedLog> {
    const recovered = await recoverLog(folder, checkpointNumber, visit);
    const log = new SegmentedLog(folder, options, recovered, system, room);
    if (recovered.segments.length === 0) await log.segments.begin(recovered.empty);
    return log;
  }

  /** Every write is durable when it is done. */
  private get syncing(): boolean {
    return this.options.durability === 'always';
  }

  /** The number of the last batch appended. */
  get lastNumber(): number {
    return this.appended;
  }

  /** The segment that is written to. */
  get segmentInUse(): string | undefined {
    return this.segments.current?.name;
  }

  /** Bytes appended since ever; what was recovered counts. */
  get bytesAppended(): number {
    return this.bytes;
  }

  onDurable(listener: (upTo: number) => void): void {
    this.durableListener = listener;
  }

  onWritten(listener: (write: LogWrite) => void): void {
    this.writeListener = listener;
  }

  onFailure(listener: (error: Error) => void): void {
    this.failureListener = listener;
  }

  append(batch: Uint8Array): number {
    invariant(this.closing === undefined, 'nothing is appended to a closed log');
    this.bytes += recordBytes(batch.length);
    if (this.failure === undefined) {
      this.waiting.push(batch);
      this.wake();
    }
    return ++this.appended;
  }

  /** Drops the segments that hold nothing after the number, the oldest first, but never the only one. */
  dropThrough(number: number): Promise<void> {
    return this.segments.dropThrough(number);
  }

  /** Accepts nothing and touches nothing any more. */
  abandon(error: Error): void {
    if (this.failure === undefined) this.fail(error);
  }

  close(): Promise<void> {
    this.closing ??= this.finish();
    return this.closing;
  }

  private wake(): void {
    if (this.busy || this.retryTimer !== undefined) return;
    this.busy = true;
    this.work = this.run();
  }

  private async run(): Promise<void> {
    while (this.failure === undefined) {
      let durable = 0;
      try {
        if (this.settleDue) await this.settle();
        else if (this.waiting.length > 0) durable = await this.writeGroup();
        else break;
      } catch (error) {
        if (isNoRoom(error)) {
          this.waitForRoom(error as Error);
          break;
        }
        this.fail(error as Error);
      }
      if (durable > 0) {
        this.room.stall(undefined);
        this.durableListener(durable);
      }
    }
    this.busy = false;
  }

  /**
   * A write for which there was no room is made again as a whole, at the same place: none of it counts before. That is
   * not a failure, and callers keep waiting.
   */
  private waitForRoom(error: Error): void {
    this.room.stall(error);
    const retry = (): void => {
      this.retryTimer = undefined;
      this.wake();
    };
    this.retryTimer = this.system.eventLoop.later(ROOM_RETRY_MS, retry, true);
  }

  /** Writes what waits, as far as the segment has room, and returns the number up to which it is durable. */
  private async writeGroup(): Promise<number> {
    const segment = await this.segmentWithRoom(recordBytes((this.waiting[0] as Uint8Array).length));
    const { salt } = segment;
    const place = { roomBytes: segment.bytes - segment.at, salt, written: this.written, synced: this.synced };
    const { bytes, count } = this.group.of(this.waiting, place);
    const beganAtMs = this.system.now();
    await segment.file.write(bytes, segment.at);
    this.writeListener?.({ batches: count, bytes: bytes.length, durationMs: this.system.now() - beganAtMs });
    segment.at += bytes.length;
    this.waiting = this.waiting.slice(count);
    this.written += count;
    if (this.syncing) this.synced = this.written;
    if (segment.at > segment.bytes / 2) this.segments.prepareNext();
    this.settleLater();
    return this.written;
  }

  private async segmentWithRoom(bytes: number): Promise<OpenSegment> {
    const { current } = this.segments;
    if (current !== undefined) {
      if (current.at + bytes <= current.bytes) return current;
      if (this.synced < this.written) await this.sync(current);
      await this.segments.closeCurrent(current, this.written);
    }
    return this.segments.openNext(bytes, this.syncing);
  }

  private settleLater(): void {
    const { durability, syncIntervalMs } = this.options;
    if (durability === 'none' || this.settleTimer !== undefined) return;
    const delayMs = durability === 'interval' ? syncIntervalMs : MARK_DELAY_MS;
    const settle = (): void => {
      this.settleTimer = undefined;
      this.settleDue = true;
      this.wake();
    };
    this.settleTimer = this.system.eventLoop.later(delayMs, settle, true);
  }

  /** The sync of durability 'interval', and the mark of a log at rest. */
  private async settle(): Promise<void> {
    this.settleDue = false;
    const { current } = this.segments;
    if (current === undefined) return;
    if (this.synced < this.written) await this.sync(current);
    if (this.waiting.length === 0 && this.marked < this.synced) await this.mark(current);
    else if (this.marked < this.written) this.settleLater();
  }

  private async sync(segment: OpenSegment): Promise<void> {
    const upTo = this.written;
    await segment.file.sync();
    this.synced = upTo;
  }

  private async mark(segment: OpenSegment): Promise<void> {
    if (segment.at + RECORD_HEADER_BYTES > segment.bytes) return;
    const mark = Buffer.alloc(recordBytes(0));
    encodeRecord(mark, 0, segment.salt, MARK_NUMBER, this.synced, NO_BYTES);
    const at = segment.at;
    segment.at += mark.length;
    this.marked = this.synced;
    await segment.file.write(mark, at);
  }

  /** The last attempt to make the waiting batches durable; nobody was told that they are. */
  private async writeRest(): Promise<void> {
    this.system.eventLoop.cancel(this.retryTimer);
    if (this.retryTimer === undefined || this.failure !== undefined) return;
    this.retryTimer = undefined;
    try {
      while (this.waiting.length > 0) this.durableListener(await this.writeGroup());
    } catch (error) {
      this.fail(error as Error);
    }
  }

  private async finish(): Promise<void> {
    while (this.busy) await this.work;
    await this.writeRest();
    this.system.eventLoop.cancel(this.settleTimer);
    const spare = await this.segments.awaitSpare();
    if (this.failure !== undefined) {
      await this.segments.current?.file.close().catch(() => undefined);
      return;
    }
    const { current } = this.segments;
    if (spare !== undefined) await this.segments.removeSpare(spare);
    if (current === undefined) return;
    await this.sync(current);
    await this.mark(current);
    await this.sync(current);
    await current.file.close();
    await this.folder.truncate(current.name, current.at);
  }

  private fail(error: Error): void {
    this.failure = error;
    this.waiting = [];
    this.system.eventLoop.cancel(this.settleTimer);
    this.failureListener(error);
  }
}

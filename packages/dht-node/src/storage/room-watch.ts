/**
 * How much free space a node's data folder has, and whether that is too little for new entries.
 *
 * Entries are refused before the disk is full, because deletes, checkpoints and what members owe each other need room
 * as well. The reserve is a part of the free space instead of a file that could be given up. So several nodes on one
 * disk all stop in time, and nothing has to be allocated again afterwards. A reserve cannot keep other programs from
 * the disk. When one of them uses it up, the log waits until there is room, and nothing is lost.
 *
 * Room is what the file system has, and what lies unused within the table's file, which never shrinks: without that,
 * deletes would not make room. A part of the reserve has to be the file system's, because the log goes there.
 */

import { reserveOf, type Room } from '@ringkeep/process/disk';
import type { EventLoop, Timer } from './event-loop';

export interface RoomOptions {
  /** What the file system has. */
  readonly measure: () => Promise<Room>;
  /** What lies unused within files. */
  readonly unusedBytes: () => number;
  readonly reserveBytes: number;
}

/** This part of it has to be the file system's. */
const OUTSIDE_PART = 1 / 4;
/** Entries are accepted again when there is this much more room, or it would be for one at a time. */
const AGAIN_FACTOR = 1.25;
const LOOK_MS = 500;
const MEBIBYTE = 1 << 20;

export class RoomWatch {
  private room: Room | undefined;
  private takenSince = 0;
  private stalled: Error | undefined;
  private reason: string | undefined;
  private timer: Timer | undefined;
  private over = false;
  private listener: (lacking: string | undefined) => void = () => undefined;

  constructor(
    private readonly options: RoomOptions,
    private readonly eventLoop: EventLoop,
  ) {}

  /** Why nothing new is accepted; reported at once if that is so already. */
  onChange(listener: (lacking: string | undefined) => void): void {
    this.listener = listener;
    if (this.reason !== undefined) listener(this.reason);
  }

  async start(): Promise<void> {
    await this.look();
    this.arm();
  }

  stop(): void {
    this.over = true;
    this.eventLoop.cancel(this.timer);
  }

  /** What the file system has, including the reserve. Where it cannot be measured, nothing is known to be lacking. */
  get freeBytes(): number {
    if (this.room === undefined) return Number.POSITIVE_INFINITY;
    return Math.max(0, this.room.freeBytes - this.takenSince);
  }

  /** Nothing new is taken. */
  get isLacking(): boolean {
    return this.reason !== undefined;
  }

  /** A file of that length would not touch the reserve. */
  fits(bytes: number): boolean {
    return this.room === undefined || this.room.freeBytes - this.takenSince - bytes >= this.reserveBytes;
  }

  took(bytes: number): void {
    this.takenSince += bytes;
  }

  /** The log waits for room, or goes on. */
  stall(error: Error | undefined): void {
    if (this.stalled === error) return;
    this.stalled = error;
    this.judge();
  }

  private get reserveBytes(): number {
    return reserveOf(this.options.reserveBytes, this.room?.totalBytes ?? Infinity);
  }

  private arm(): void {
    if (this.over) return;
    this.timer = this.eventLoop.later(LOOK_MS, () => void this.look().then(() => this.arm()), true);
  }

  /** Measures again. */
  async look(): Promise<void> {
    if (this.over) return;
    // What cannot be measured now was measured before; a disk that fails is the log's to find out.
    this.room = await this.options.measure().catch(() => this.room);
    this.takenSince = 0;
    if (!this.over) this.judge();
  }

  private judge(): void {
    const before = this.reason;
    this.reason = this.lacking(before === undefined ? 1 : AGAIN_FACTOR);
    if ((before === undefined) !== (this.reason === undefined)) this.listener(this.reason);
  }

  private lacking(factor: number): string | undefined {
    if (this.stalled) return `the disk has no room (${this.stalled.message})`;
    if (this.room === undefined) return undefined;
    const { freeBytes } = this.room;
    const reserve = this.reserveBytes * factor;
    const unused = this.options.unusedBytes();
    if (freeBytes >= reserve * OUTSIDE_PART && freeBytes + unused >= reserve) return undefined;
    return (
      `the disk has ${Math.floor(freeBytes / MEBIBYTE)} MiB free; ` +
      `${Math.ceil(this.reserveBytes / MEBIBYTE)} MiB are kept for deletes and checkpoints`
    );
  }
}

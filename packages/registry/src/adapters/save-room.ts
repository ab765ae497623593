/** Decides what the disk of a registry's data has room for, from the free space and the reserve. */

import { isNoRoomForCommit, reserveOf, roomOf, type Room } from '@ringkeep/process/disk';
import type { DiskRoom } from '../core';

/** Kept free for what the ring may need. */
export const RESERVE_BYTES = 16 << 20;
/** Below this part of the reserve nothing is saved any more. */
const STILL_PART = 1 / 4;
/** There must be this much more before it goes on, or it would go on for one change at a time. */
const AGAIN_FACTOR = 1.25;
/** How long it does not try again after a save for which there was no room. */
const PAUSE_MS = 1_000;
const KIBIBYTE = 1 << 10;

export class SaveRoom {
  private last: DiskRoom['allows'] = 'everything';
  private pausedUntilMs = -Infinity;

  constructor(
    private readonly folder: string,
    private readonly askedBytes: number = RESERVE_BYTES,
    private readonly measure: (folder: string) => Promise<Room> = roomOf,
  ) {}

  async look(): Promise<DiskRoom> {
    const room = await this.freeRoom();
    const judged = performance.now() < this.pausedUntilMs ? this.none(room) : this.judge(room);
    this.last = judged.allows;
    return judged;
  }

  /** Whether a commit failed for want of room; then it does not try again for a moment. */
  async wasLacking(failure: unknown): Promise<boolean> {
    const room = await this.freeRoom();
    const lacking = isNoRoomForCommit(failure, room?.freeBytes ?? Infinity);
    if (lacking) this.pausedUntilMs = performance.now() + PAUSE_MS;
    return lacking;
  }

  /** Space that cannot be measured is not taken to be lacking. */
  private freeRoom(): Promise<Room | undefined> {
    return this.measure(this.folder).catch(() => undefined);
  }

  private judge(room: Room | undefined): DiskRoom {
    if (room === undefined) return { allows: 'everything' };
    const reserve = reserveOf(this.askedBytes, room.totalBytes);
    const again = (allows: DiskRoom['allows'][]): number => (allows.includes(this.last) ? AGAIN_FACTOR : 1);
    if (room.freeBytes < reserve * STILL_PART * again(['no change'])) return this.none(room);
    if (room.freeBytes >= reserve * again(['no change', 'no growth'])) return { allows: 'everything' };
    return {
      allows: 'no growth',
      lacking: `${this.free(room)}; ${kibibytes(reserve)} are kept for what is there`,
    };
  }

  private none(room: Room | undefined): DiskRoom {
    return { allows: 'no change', lacking: this.free(room) };
  }

  private free(room: Room | undefined): string {
    return room === undefined
      ? `the disk of ${this.folder} has no room`
      : `the disk of ${this.folder} has ${kibibytes(room.freeBytes)} free`;
  }
}

function kibibytes(bytes: number): string {
  return `${Math.floor(bytes / KIBIBYTE).toLocaleString('en-US')} KiB`;
}

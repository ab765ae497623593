/**
 * The segments of a log: the full ones, the one that is written to, and the spare one that is next.
 *
 * Segments are allocated before they are written, the next one while the present one fills, so that a sync writes only
 * data.
 */

import { isTooLong } from '@ringkeep/process/disk';
import type { LogFile, LogFolder } from './log-folder';
import { SEGMENT_HEADER_BYTES, encodeSegmentHeader, segmentName } from './log-record';
import type { ClosedSegment, RecoveredLog } from './log-recovery';
import type { RoomWatch } from './room-watch';
import type { System } from './system';

const SALT_BYTES = 4;
/** Where there is no room for a whole segment. */
export const SHORT_SEGMENT_BYTES = 1 << 20;

export interface OpenSegment extends SpareSegment {
  readonly file: LogFile;
  /** Where the next record goes. */
  at: number;
}

interface SpareSegment {
  readonly name: string;
  readonly salt: number;
  readonly bytes: number;
}

export class LogSegments {
  /** The one that is written to. */
  current: OpenSegment | undefined;
  /** Those that are full, the oldest first. */
  private readonly closed: ClosedSegment[];
  private segmentNumber: number;
  private spare: Promise<SpareSegment | undefined> | undefined;

  constructor(
    private readonly folder: LogFolder,
    private readonly segmentBytes: number,
    recovered: Pick<RecoveredLog, 'segments' | 'segmentNumber'>,
    private readonly system: Pick<System, 'randomBytes'>,
    private readonly room: Pick<RoomWatch, 'fits' | 'took'>,
  ) {
    this.closed = recovered.segments;
    this.segmentNumber = recovered.segmentNumber;
  }

  /** A log without a segment is one that somebody has removed, so there is one from the first moment on. */
  async begin(before: string | undefined): Promise<void> {
    this.spare = Promise.resolve(await this.allocate(0));
    if (before !== undefined) await this.folder.remove(before);
  }

  /** The one that is written to is full; `lastNumber` is of the last batch in it. */
  async closeCurrent({ name, file }: OpenSegment, lastNumber: number): Promise<void> {
    await file.close();
    this.closed.push({ name, lastNumber });
    this.current = undefined;
  }

  /** The next one that is written to, with room for so many bytes. */
  async openNext(bytes: number, syncing: boolean): Promise<OpenSegment> {
    const next = await this.segmentFor(SEGMENT_HEADER_BYTES + bytes);
    const file = await this.folder.open(next.name, syncing);
    this.current = { ...next, file, at: SEGMENT_HEADER_BYTES };
    return this.current;
  }

  /** A failure now does not count: by the time the segment is needed a checkpoint may have made room. */
  prepareNext(): void {
    this.spare ??= this.allocate(0).catch(() => undefined);
  }

  /** Drops the segments that hold nothing after the number, the oldest first, but never the only one. */
  async dropThrough(number: number): Promise<void> {
    for (let oldest = this.closed[0]; oldest && oldest.lastNumber <= number; oldest = this.closed[0]) {
      if (this.closed.length === 1 && this.current === undefined) return;
      this.closed.shift();
      await this.folder.remove(oldest.name);
    }
  }

  /** Waits for a spare segment that is being allocated. @returns its name */
  async awaitSpare(): Promise<string | undefined> {
    return (await this.spare)?.name;
  }

  /** Removes the spare segment, unless it is all that there is. */
  async removeSpare(name: string): Promise<void> {
    if (this.current !== undefined || this.closed.length > 0) await this.folder.remove(name);
  }

  private async segmentFor(bytes: number): Promise<SpareSegment> {
    const spare = await this.spare;
    this.spare = undefined;
    if (spare !== undefined && bytes <= spare.bytes) return spare;
    // An empty segment between two others would look like the end of the log; one before all others does not.
    const first = this.closed.length === 0;
    if (spare !== undefined && !first) await this.folder.remove(spare.name);
    const next = await this.allocate(bytes);
    if (spare !== undefined && first) await this.folder.remove(spare.name);
    return next;
  }

  /** As long as segments are, or a short one where there is no room for that. */
  private async allocate(neededBytes: number): Promise<SpareSegment> {
    const bytes = Math.max(this.segmentBytes, neededBytes);
    const shortBytes = Math.max(SHORT_SEGMENT_BYTES, neededBytes);
    if (!this.room.fits(bytes) && shortBytes < bytes) return this.create(shortBytes);
    try {
      return await this.create(bytes);
    } catch (error) {
      if (!isTooLong(error) || shortBytes >= bytes) throw error;
      return this.create(shortBytes);
    }
  }

  /**
   * A failed attempt may leave its name behind. The next one reuses the name, or an empty segment would lie between two
   * others.
   */
  private async create(bytes: number): Promise<SpareSegment> {
    const salt = this.system.randomBytes(SALT_BYTES).readUInt32LE();
    const name = segmentName(this.segmentNumber + 1);
    await this.folder.create(name, encodeSegmentHeader(salt), bytes);
    this.segmentNumber++;
    this.room.took(bytes);
    return { name, salt, bytes };
  }
}

/** The free space that the file system of a folder has for this process. */

import { statfs } from 'node:fs/promises';
import { RingError } from '@ringkeep/shared';

export interface Room {
  readonly freeBytes: number;
  readonly totalBytes: number;
}

/** What a starting process writes: a lock, an identity, a state and the first pages of its files. */
const START_BYTES = 256 << 10;

/** What is kept free is never more than this part of the file system. */
const RESERVE_PART_MAX = 1 / 10;

export async function roomOf(folder: string): Promise<Room> {
  const { bavail, blocks, bsize } = await statfs(folder);
  return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
}

/** How much of the requested reserve is kept free. */
export function reserveOf(askedBytes: number, totalBytes: number): number {
  return Math.min(askedBytes, totalBytes * RESERVE_PART_MAX);
}

/**
 * Throws RESOURCE_EXHAUSTED when there is not enough room for a process to start. LMDB maps files into memory, and when
 * one of its pages finds no room, a signal ends the process instead of an error.
 */
export async function checkRoomToStart(folder: string, what: string): Promise<void> {
  const { freeBytes } = await roomOf(folder);
  if (freeBytes >= START_BYTES) return;
  throw new RingError(
    'RESOURCE_EXHAUSTED',
    `the disk of ${folder} has ${freeBytes >> 10} KiB free, and ${what} needs ${START_BYTES >> 10} KiB to start: ` +
      'make room there and start it again',
  );
}

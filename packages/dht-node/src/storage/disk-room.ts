/** The room that the file system of a folder has for this process. */

import { statfs } from 'node:fs/promises';
import type { Room } from './room-watch';

export async function roomOf(folder: string): Promise<Room> {
  const { bavail, blocks, bsize } = await statfs(folder);
  return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
}

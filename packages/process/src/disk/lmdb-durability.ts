/**
 * Makes what is found in an LMDB file durable before anything builds on it.
 *
 * A commit syncs its pages, and only then writes the page that makes them count. So in a file that a killed process
 * left, that one page may be in the system's memory only and not on the disk. If its write failed, it is marked clean
 * there, and a sync would not write it again. So it is written anew. Both pages of this kind are, since only one of
 * them is the newest, and rewriting the other changes nothing.
 */

import { open, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { LMDB_DATA_FILE, lmdbPageBytes } from './lmdb-file-check';
import { syncFolder } from './sync-folder';

/** Pages at the start that take turns to describe the database. */
const DESCRIBING_PAGES = 2;

/** `folder` holds LMDB's files. It and its name in its parent are made durable as well. */
export async function makeLmdbDurable(folder: string): Promise<void> {
  const path = join(folder, LMDB_DATA_FILE);
  const pageBytes = lmdbPageBytes(folder);
  const file = await open(path, 'r+');
  try {
    if (pageBytes !== undefined) await writeAnew(file, DESCRIBING_PAGES * pageBytes);
    await file.sync();
  } finally {
    await file.close();
  }
  await syncFolder(folder);
  await syncFolder(dirname(folder));
}

async function writeAnew(file: FileHandle, bytes: number): Promise<void> {
  const head = Buffer.alloc(bytes);
  const { bytesRead } = await file.read(head, 0, bytes, 0);
  await file.write(head, 0, bytesRead, 0);
}

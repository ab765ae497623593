/**
 * Makes what is found in an LMDB file durable, before anything builds on it.
 *
 * A commit syncs its pages, and only then writes the page that makes them count. So of a file that a killed
 * process left, that one page alone may be in the system's memory and not on the disk. If its write had failed,
 * it is there marked as clean, and a sync would not write it: it is written anew. Both of its kind are, since only
 * one of them is the newest, and the other says nothing new.
 */

import { open, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { LMDB_DATA_FILE, lmdbPageBytes } from './lmdb-file-check';
import { syncFolder } from './sync-folder';

/** Pages at the start that describe the database, in turns. */
const DESCRIBING_PAGES = 2;

/** `folder` is the one that LMDB has its files in; it and its name in the folder above are made durable as well. */
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

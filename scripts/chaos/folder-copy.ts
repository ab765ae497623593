/** The data folder of a process that is down, as a whole: copied, emptied, put back. */

import { cp, readdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';

/** The sockets that a folder is locked with. */
const LOCK = /^\.?lock-/;

export function copyFolder(from: string, to: string): Promise<void> {
  return cp(from, to, {
    recursive: true,
    preserveTimestamps: true,
    filter: (path) => !LOCK.test(basename(path)),
  });
}

/** The folder itself stays: it may be where a disk is mounted. */
export async function emptyFolder(folder: string, names?: readonly string[]): Promise<void> {
  const gone = names ?? (await readdir(folder));
  await Promise.all(gone.map((name) => rm(join(folder, name), { recursive: true, force: true })));
}

/** Puts a copy in the place of what is there. */
export async function putBack(copy: string, folder: string): Promise<void> {
  await emptyFolder(folder);
  await copyFolder(copy, folder);
}

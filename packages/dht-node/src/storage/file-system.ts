/**
 * The port to the files of a data folder, and the file system itself.
 *
 * The bytes of a file are durable after `sync`, and a name in a folder, or its absence, after `syncFolder`. A machine
 * that stops in between may leave any part of what was written, and either of two names. The simulator's disk does
 * exactly that.
 */

import { close, constants, fdatasync, fsync, ftruncate, open, write } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { promisify } from 'node:util';

export interface OpenFile {
  /** Writes all the bytes at a place of the file. */
  write(bytes: Uint8Array, position: number): Promise<void>;
  /** Makes everything written before durable. */
  sync(): Promise<void>;
  /** The same for a file whose length has not changed. */
  syncData(): Promise<void>;
  truncate(bytes: number): Promise<void>;
  close(): Promise<void>;
}

/** create: empty, whatever was there. update: as it is. syncing: as it is, and what a write has resolved for is durable. */
export type OpenMode = 'create' | 'update' | 'syncing';

export interface FileSystem {
  /** The names in a folder, in no order. */
  list(folder: string): Promise<string[]>;
  /** Rejects with code ENOENT when there is no such file. */
  read(path: string): Promise<Buffer>;
  open(path: string, mode: OpenMode): Promise<OpenFile>;
  /** Replaces what is there under the new name. */
  rename(from: string, to: string): Promise<void>;
  /** Nothing happens when there is no such file. */
  remove(path: string): Promise<void>;
  /** Makes a folder, and those that it is in; nothing happens when it is there. */
  makeFolder(path: string): Promise<void>;
  /** Makes the names in a folder, and those that are gone, durable. */
  syncFolder(path: string): Promise<void>;
}

const openFile = promisify(open);
const closeFile = promisify(close);
const syncFile = promisify(fsync);
const syncData = promisify(fdatasync);
const truncateFile = promisify(ftruncate);
const writeSome = promisify(write);

/**
 * A write of a file opened with O_DSYNC costs one request to the disk and one wait, where a sync would add
 * another.
 */
const FLAGS: Readonly<Record<OpenMode, number>> = {
  create: constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC,
  update: constants.O_RDWR,
  syncing: constants.O_RDWR | constants.O_DSYNC,
};

export const NODE_FILES: FileSystem = {
  list: (folder) => readdir(folder),
  read: (path) => readFile(path),
  open: async (path, mode) => {
    const file = await openFile(path, FLAGS[mode]);
    return {
      write: (bytes, position) => writeAll(file, bytes, position),
      sync: () => syncFile(file),
      syncData: () => syncData(file),
      truncate: (bytes) => truncateFile(file, bytes),
      close: () => closeFile(file),
    };
  },
  rename,
  remove: (path) => rm(path, { force: true }),
  makeFolder: async (path) => void (await mkdir(path, { recursive: true })),
  syncFolder: async (path) => {
    const folder = await openFile(path, 'r');
    try {
      await syncFile(folder);
    } finally {
      await closeFile(folder);
    }
  },
};

/** A disk that fills up takes a part of a write. The rest is tried again to learn the reason. */
async function writeAll(file: number, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await writeSome(file, bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}

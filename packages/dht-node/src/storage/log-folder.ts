/**
 * The port to the folder that holds a log's segments, and its implementation on a file system.
 *
 * What it promises is what a log needs: a segment is there whole or not at all, and what `sync`, `create`,
 * `truncate` and `remove` have resolved for survives a crash of the machine. The tests put a folder behind
 * it that loses and tears whatever was not synced.
 */

import { close, constants, fdatasync, fsync, ftruncate, open, write } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

export interface LogFile {
  /** Writes all the bytes at a place of the file; they are durable after the next sync, or at once (see open). */
  write(bytes: Uint8Array, position: number): Promise<void>;
  /** Makes everything written before durable. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

export interface LogFolder {
  /** What to call it in an error. */
  readonly path: string;
  /** The names of the files, in no order. */
  list(): Promise<string[]>;
  read(name: string): Promise<Buffer>;
  /** A file of that many bytes that begins with the head and goes on with zeros, its blocks allocated. */
  create(name: string, head: Uint8Array, bytes: number): Promise<void>;
  /** With `syncing`, what a write has resolved for is durable. */
  open(name: string, syncing: boolean): Promise<LogFile>;
  /** Cuts a file to that many bytes at most and makes all that is left durable. */
  truncate(name: string, bytes: number): Promise<void>;
  remove(name: string): Promise<void>;
}

const openFile = promisify(open);
const closeFile = promisify(close);
const syncFile = promisify(fsync);
const truncateFile = promisify(ftruncate);
const syncData = promisify(fdatasync);
const writeSome = promisify(write);

/** A file under this name is not complete; the next start removes it. */
const UNFINISHED = '.new';
const ZEROS = Buffer.alloc(256 * 1024);

export class DiskLogFolder implements LogFolder {
  private constructor(readonly path: string) {}

  static async open(path: string): Promise<DiskLogFolder> {
    await mkdir(path, { recursive: true });
    for (const name of await readdir(path)) {
      if (name.endsWith(UNFINISHED)) await rm(join(path, name));
    }
    await syncFolder(join(path, '..'));
    return new DiskLogFolder(path);
  }

  async list(): Promise<string[]> {
    return (await readdir(this.path)).filter((name) => !name.endsWith(UNFINISHED));
  }

  read(name: string): Promise<Buffer> {
    return readFile(join(this.path, name));
  }

  /** Zeros are written, not skipped: a later sync then has no blocks to allocate and no metadata to write. */
  async create(name: string, head: Uint8Array, bytes: number): Promise<void> {
    const unfinished = join(this.path, name + UNFINISHED);
    const file = await openFile(unfinished, 'w');
    try {
      await writeAll(file, head, 0);
      for (let at = head.length; at < bytes; at += ZEROS.length) {
        await writeAll(file, ZEROS.subarray(0, Math.min(ZEROS.length, bytes - at)), at);
      }
      await syncFile(file);
    } catch (error) {
      await rm(unfinished, { force: true });
      throw error;
    } finally {
      await closeFile(file);
    }
    await rename(unfinished, join(this.path, name));
    await syncFolder(this.path);
  }

  /** A write of a file opened with O_DSYNC costs one request to the disk and one wait, where a sync would add another. */
  async open(name: string, syncing: boolean): Promise<LogFile> {
    const flags = syncing ? constants.O_RDWR | constants.O_DSYNC : constants.O_RDWR;
    const file = await openFile(join(this.path, name), flags);
    return {
      write: (bytes, position) => writeAll(file, bytes, position),
      sync: () => syncData(file),
      close: () => closeFile(file),
    };
  }

  async truncate(name: string, bytes: number): Promise<void> {
    const file = await openFile(join(this.path, name), 'r+');
    try {
      await truncateFile(file, bytes);
      await syncFile(file);
    } finally {
      await closeFile(file);
    }
  }

  async remove(name: string): Promise<void> {
    await rm(join(this.path, name));
    await syncFolder(this.path);
  }
}

/** A new name in a folder, or one less, is durable when the folder itself was synced. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await openFile(path, 'r');
  try {
    await syncFile(folder);
  } finally {
    await closeFile(folder);
  }
}

/** A disk that fills up takes a part of a write; what is left is tried again to learn the reason. */
async function writeAll(file: number, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await writeSome(file, bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}

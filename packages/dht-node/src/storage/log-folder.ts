/**
 * The port to the folder that holds a log's segments, and its implementation on a file system.
 *
 * It promises what a log needs: a segment is there whole or not at all, and what `sync`, `create`, `truncate` and
 * `remove` have resolved for survives a crash of the machine. The tests use a folder that loses and tears everything
 * that was not synced.
 */

import { join } from 'node:path';
import { NODE_FILES, type FileSystem } from './file-system';

export interface LogFile {
  /** Writes all the bytes at a place of the file; they are durable after the next sync, or at once (see open). */
  write(bytes: Uint8Array, position: number): Promise<void>;
  /** Makes everything written before durable. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

export interface LogFolder {
  /** Its name in errors. */
  readonly path: string;
  /** The names of the files, in no order. */
  list(): Promise<string[]>;
  read(name: string): Promise<Buffer>;
  /** A file of that many bytes that begins with the head and goes on with zeros, its blocks allocated. */
  create(name: string, head: Uint8Array, bytes: number): Promise<void>;
  /** With `syncing`, what a write has resolved for is durable. */
  open(name: string, syncing: boolean): Promise<LogFile>;
  /** Cuts a file to at most that many bytes and makes the rest durable. */
  truncate(name: string, bytes: number): Promise<void>;
  remove(name: string): Promise<void>;
}

/** A file under this name is not complete; the next start removes it. */
const UNFINISHED = '.new';
const ZEROS = Buffer.alloc(256 * 1024);

export class DiskLogFolder implements LogFolder {
  private constructor(
    readonly path: string,
    private readonly files: FileSystem,
  ) {}

  static async open(path: string, files = NODE_FILES): Promise<DiskLogFolder> {
    await files.makeFolder(path);
    for (const name of await files.list(path)) {
      if (name.endsWith(UNFINISHED)) await files.remove(join(path, name));
    }
    await files.syncFolder(path);
    await files.syncFolder(join(path, '..'));
    return new DiskLogFolder(path, files);
  }

  async list(): Promise<string[]> {
    return (await this.files.list(this.path)).filter((name) => !name.endsWith(UNFINISHED));
  }

  read(name: string): Promise<Buffer> {
    return this.files.read(join(this.path, name));
  }

  /** Zeros are written, not skipped: a later sync then has no blocks to allocate and no metadata to write. */
  async create(name: string, head: Uint8Array, bytes: number): Promise<void> {
    const { files } = this;
    const unfinished = join(this.path, name + UNFINISHED);
    const file = await files.open(unfinished, 'create');
    try {
      await file.write(head, 0);
      for (let at = head.length; at < bytes; at += ZEROS.length) {
        await file.write(ZEROS.subarray(0, Math.min(ZEROS.length, bytes - at)), at);
      }
      await file.sync();
    } catch (error) {
      await files.remove(unfinished);
      throw error;
    } finally {
      await file.close();
    }
    await files.rename(unfinished, join(this.path, name));
    await files.syncFolder(this.path);
  }

  async open(name: string, syncing: boolean): Promise<LogFile> {
    const file = await this.files.open(join(this.path, name), syncing ? 'syncing' : 'update');
    return {
      write: (bytes, position) => file.write(bytes, position),
      sync: () => file.syncData(),
      close: () => file.close(),
    };
  }

  async truncate(name: string, bytes: number): Promise<void> {
    const file = await this.files.open(join(this.path, name), 'update');
    try {
      await file.truncate(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
  }

  async remove(name: string): Promise<void> {
    await this.files.remove(join(this.path, name));
    await this.files.syncFolder(this.path);
  }
}

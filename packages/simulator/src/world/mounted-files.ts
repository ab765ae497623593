/**
 * A machine's disk as one process sees it: the real storage's port to files, and to its table. A sync takes time;
 * everything else is done at once, in memory. What a process waited for when it died never comes, and what it asks
 * afterwards is not done.
 */

import { dirname } from 'node:path';
import type { FileSystem, OpenFile, OpenMode } from '@ringkeep/dht-node/storage';
import { DATA_FOLDER, type Disk } from './disk';
import { PagedFile } from './paged-file';
import type { ProcessLoop } from './process-loop';
import type { Timeline } from './timeline';

const IDENTITY_PATH = `${DATA_FOLDER}/node.json`;

export class MountedFiles implements FileSystem {
  private gone = false;

  constructor(
    readonly disk: Disk,
    private readonly timeline: Timeline,
    private readonly loop: ProcessLoop,
  ) {}

  /** The process died. */
  unmount(): void {
    this.gone = true;
  }

  list(folder: string): Promise<string[]> {
    return this.atOnce(() => {
      if (this.disk.names.get(folder) !== 'folder') throw systemError('ENOENT', `no folder ${folder}`);
      return this.disk.names.list(folder);
    });
  }

  read(path: string): Promise<Buffer> {
    return this.atOnce(() => this.file(path).read());
  }

  open(path: string, mode: OpenMode): Promise<OpenFile> {
    return this.atOnce(() => {
      if (mode === 'create') this.create(path);
      const file = this.file(path);
      const syncs = mode === 'syncing' && this.disk.rules.writesSyncWhereAsked;
      const sync = (): Promise<void> => this.sync(file);
      const anew = mode === 'update' && !this.disk.rules.tailWrittenAnew;
      return {
        write: async (bytes, position) => {
          await this.atOnce(() => (anew ? undefined : this.write(file, bytes, position)));
          if (syncs) await sync();
        },
        sync,
        syncData: sync,
        truncate: (bytes) => this.atOnce(() => file.truncate(bytes)),
        close: () => this.atOnce(() => undefined),
      };
    });
  }

  rename(from: string, to: string): Promise<void> {
    return this.atOnce(() => this.disk.names.rename(from, to));
  }

  remove(path: string): Promise<void> {
    return this.atOnce(() => this.disk.names.take(path));
  }

  makeFolder(path: string): Promise<void> {
    return this.atOnce(() => {
      if (this.disk.names.get(path) === undefined) this.disk.names.give(path, 'folder');
    });
  }

  syncFolder(path: string): Promise<void> {
    const { names, rules } = this.disk;
    return this.inTime(() => {
      if (rules.foldersSync) names.sync(path, rules.identityDurableBeforeUse ? undefined : IDENTITY_PATH);
    });
  }

  /** Does what takes as long as a sync; `failed` instead when the disk fails. */
  inTime(done: () => void, failed: () => void = () => undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.gone) return;
      this.timeline.after(this.disk.syncMs(), () => {
        if (this.gone) return;
        const fails = this.disk.failsNow();
        if (fails) failed();
        else done();
        this.loop.arrive(() => (fails ? reject(systemError('EIO', 'i/o error')) : resolve()));
      });
    });
  }

  private atOnce<Result>(action: () => Result): Promise<Result> {
    if (this.gone) return new Promise(() => undefined);
    this.timeline.stir();
    try {
      return Promise.resolve(action());
    } catch (error) {
      return Promise.reject(error as Error);
    }
  }

  private sync(file: PagedFile): Promise<void> {
    return this.inTime(
      () => file.sync(),
      () => file.failSync(this.disk.chance),
    );
  }

  /** Only what needs more room than the file has meets a full disk. */
  private write(file: PagedFile, bytes: Uint8Array, position: number): void {
    if (this.disk.full && position + bytes.length > file.bytes)
      throw systemError('ENOSPC', 'no space left on device');
    file.write(bytes, position);
  }

  private create(path: string): void {
    const { names } = this.disk;
    if (names.get(dirname(path)) === undefined) throw systemError('ENOENT', `no folder ${dirname(path)}`);
    const found = names.get(path);
    if (found instanceof PagedFile) found.truncate(0);
    else names.give(path, new PagedFile());
  }

  private file(path: string): PagedFile {
    const inode = this.disk.names.get(path);
    if (inode instanceof PagedFile) return inode;
    throw systemError('ENOENT', `no file ${path}`);
  }
}

export function systemError(code: string, text: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: ${text}`), { code });
}

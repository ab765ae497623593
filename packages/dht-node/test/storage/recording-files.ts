/**
 * The real files behind a pen: writes down in which order names are made and changed and what is synced, and stops,
 * on demand, as a machine does: from some operation on, each one fails.
 */

import { relative } from 'node:path';
import { NODE_FILES, type FileSystem, type OpenFile, type OpenMode } from '../../src/storage/file-system';
import { NODE_SYSTEM, type System } from '../../src/storage/system';

export class RecordingFiles implements FileSystem {
  /** What was done, as "verb name", with paths below the root. */
  readonly done: string[] = [];
  operationsLeft = Number.POSITIVE_INFINITY;

  constructor(private readonly root: string) {}

  /** A system with these files, and a table that is opened when all before it is done. */
  get system(): System {
    return { ...NODE_SYSTEM, files: this };
  }

  list(folder: string): Promise<string[]> {
    return NODE_FILES.list(folder);
  }

  read(path: string): Promise<Buffer> {
    return NODE_FILES.read(path);
  }

  async open(path: string, mode: OpenMode): Promise<OpenFile> {
    if (mode === 'create') this.note('create', path);
    const file = await NODE_FILES.open(path, mode);
    const noted = (verb: string, action: () => Promise<void>): Promise<void> => {
      this.note(verb, path);
      return action();
    };
    return {
      write: (bytes, position) =>
        noted(mode === 'syncing' ? 'write through' : 'write', () => file.write(bytes, position)),
      sync: () => noted('sync', () => file.sync()),
      syncData: () => noted('sync', () => file.syncData()),
      truncate: (bytes) => noted('truncate', () => file.truncate(bytes)),
      close: () => file.close(),
    };
  }

  async rename(from: string, to: string): Promise<void> {
    this.note('rename to', to);
    await NODE_FILES.rename(from, to);
  }

  async remove(path: string): Promise<void> {
    this.note('remove', path);
    await NODE_FILES.remove(path);
  }

  async makeFolder(path: string): Promise<void> {
    this.note('make folder', path);
    await NODE_FILES.makeFolder(path);
  }

  async syncFolder(path: string): Promise<void> {
    this.note('sync folder', path);
    await NODE_FILES.syncFolder(path);
  }

  /** What was done since the last call, each line once in a row. */
  takeDone(): string[] {
    return this.done.splice(0).filter((line, index, all) => line !== all[index - 1]);
  }

  private note(verb: string, path: string): void {
    if (this.operationsLeft-- <= 0) throw new Error('the machine has stopped');
    this.done.push(`${verb} ${relative(this.root, path) || '.'}`);
  }
}

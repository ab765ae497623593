/**
 * A log folder behind a page cache that does what ext4 does when a write to the disk fails: the new content
 * stays in memory, marked as clean, so that no later sync writes it, and only a loss of power shows it.
 */

import type { LogFile, LogFolder } from '../../src/storage';

interface CachedFile {
  cache: Buffer;
  disk: Buffer;
  readonly dirty: Set<number>;
}

export class CachedFolder implements LogFolder {
  readonly path = 'cached';
  /** Writes to the disk until one fails. */
  writesLeft = Number.POSITIVE_INFINITY;

  constructor(private readonly files = new Map<string, CachedFile>()) {}

  afterPowerLoss(): CachedFolder {
    const found = new Map<string, CachedFile>();
    for (const [name, { disk }] of this.files) {
      found.set(name, { cache: Buffer.from(disk), disk: Buffer.from(disk), dirty: new Set() });
    }
    return new CachedFolder(found);
  }

  async list(): Promise<string[]> {
    return [...this.files.keys()];
  }

  async read(name: string): Promise<Buffer> {
    return Buffer.from(this.file(name).cache);
  }

  async create(name: string, head: Uint8Array, bytes: number): Promise<void> {
    const whole = Buffer.alloc(bytes);
    whole.set(head);
    this.files.set(name, { cache: whole, disk: Buffer.from(whole), dirty: new Set() });
  }

  async open(name: string, syncing: boolean): Promise<LogFile> {
    const file = this.file(name);
    const sync = async (): Promise<void> => this.writeBack(file);
    return {
      write: async (bytes, position) => {
        file.cache.set(bytes, position);
        for (let i = 0; i < bytes.length; i++) file.dirty.add(position + i);
        if (syncing) await sync();
      },
      sync,
      close: async () => undefined,
    };
  }

  async truncate(name: string, bytes: number): Promise<void> {
    const file = this.file(name);
    this.writeBack(file);
    file.cache = Buffer.from(file.cache.subarray(0, bytes));
    file.disk = Buffer.from(file.disk.subarray(0, bytes));
  }

  async remove(name: string): Promise<void> {
    this.files.delete(name);
  }

  private file(name: string): CachedFile {
    const file = this.files.get(name);
    if (file === undefined) throw new Error(`no file ${name}`);
    return file;
  }

  private writeBack({ cache, disk, dirty }: CachedFile): void {
    const fails = dirty.size > 0 && this.writesLeft-- <= 0;
    if (!fails) for (const at of dirty) disk[at] = cache[at] as number;
    dirty.clear();
    if (!fails) return;
    this.writesLeft = Number.POSITIVE_INFINITY;
    throw Object.assign(new Error('EIO: i/o error, write'), { code: 'EIO' });
  }
}

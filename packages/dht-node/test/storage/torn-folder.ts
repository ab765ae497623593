/**
 * A log folder whose machine can stop at any moment: of what was written and not synced, any set of
 * sectors reaches the disk. It also fails on demand, and counts what is asked of it.
 */

import type { Random } from '@ringkeep/shared';
import type { LogFile, LogFolder } from '../../src/storage';

const SECTOR_BYTES = 512;

interface StoredFile {
  /** As the process sees it. */
  bytes: Buffer;
  /** As it is on the disk for certain. */
  durable: Buffer;
}

export class TornFolder implements LogFolder {
  readonly path = 'torn';
  writes = 0;
  syncs = 0;
  /** Operations until the machine stops; each later one fails. */
  operationsLeft = Number.POSITIVE_INFINITY;
  /** When set, the next write or sync fails with it. */
  nextError: Error | undefined;
  /** When set, a sync waits for it. */
  syncGate: Promise<void> | undefined;

  constructor(readonly files = new Map<string, StoredFile>()) {}

  /** The folder as the next start finds it. */
  crash(random: Random): TornFolder {
    const found = new Map<string, StoredFile>();
    for (const [name, { bytes, durable }] of this.files) {
      const left = Buffer.from(durable);
      for (let at = 0; at < left.length; at += SECTOR_BYTES) {
        if (random.chance(0.5)) bytes.copy(left, at, at, Math.min(at + SECTOR_BYTES, bytes.length));
      }
      found.set(name, { bytes: left, durable: Buffer.from(left) });
    }
    return new TornFolder(found);
  }

  /** The folder with everything in it, as after a crash of the process alone; durable is what was synced. */
  killed(): TornFolder {
    const found = new Map<string, StoredFile>();
    for (const [name, { bytes, durable }] of this.files) {
      found.set(name, { bytes: Buffer.from(bytes), durable: Buffer.from(durable) });
    }
    return new TornFolder(found);
  }

  /** A copy of the folder with everything in it durable. */
  copy(): TornFolder {
    const found = new Map<string, StoredFile>();
    for (const [name, { bytes }] of this.files) {
      found.set(name, { bytes: Buffer.from(bytes), durable: Buffer.from(bytes) });
    }
    return new TornFolder(found);
  }

  async list(): Promise<string[]> {
    return [...this.files.keys()];
  }

  async read(name: string): Promise<Buffer> {
    return Buffer.from(this.file(name).bytes);
  }

  async create(name: string, head: Uint8Array, bytes: number): Promise<void> {
    await this.operation();
    const whole = Buffer.alloc(bytes);
    whole.set(head);
    this.files.set(name, { bytes: whole, durable: Buffer.from(whole) });
  }

  async open(name: string, syncing: boolean): Promise<LogFile> {
    const file = this.file(name);
    const sync = async (): Promise<void> => {
      await this.operation();
      this.syncs++;
      await this.syncGate;
      file.bytes.copy(file.durable);
    };
    return {
      write: async (bytes, position) => {
        await this.operation();
        this.writes++;
        if (position + bytes.length > file.bytes.length) throw new Error('written beyond the segment');
        file.bytes.set(bytes, position);
        if (syncing) await sync();
      },
      sync,
      close: async () => undefined,
    };
  }

  async truncate(name: string, bytes: number): Promise<void> {
    await this.operation();
    const left = this.file(name).bytes.subarray(0, bytes);
    this.files.set(name, { bytes: Buffer.from(left), durable: Buffer.from(left) });
  }

  async remove(name: string): Promise<void> {
    await this.operation();
    this.files.delete(name);
  }

  private file(name: string): StoredFile {
    const file = this.files.get(name);
    if (file === undefined) throw new Error(`no file ${name}`);
    return file;
  }

  private async operation(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    const error = this.nextError;
    this.nextError = undefined;
    if (error !== undefined) throw error;
    if (this.operationsLeft-- <= 0) throw new Error('the machine has stopped');
  }
}

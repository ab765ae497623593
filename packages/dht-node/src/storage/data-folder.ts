/**
 * A node's data folder: one process at a time, one node, one cluster.
 *
 *   node.json   who the node is (identity.ts)
 *   log/        the segments of its log (segmented-log.ts)
 *   table/      the entries as of the last checkpoint (base-table.ts)
 *   lock-*      the lock of the process that uses it
 */

import type { FolderLock } from '@ringkeep/shared/runtime';
import { DiskStorage, type DiskOptions } from './disk-storage';
import { IdentityFile } from './identity';
import { NODE_SYSTEM, type System } from './system';

export class DataFolder {
  private constructor(
    readonly path: string,
    readonly identity: IdentityFile,
    private readonly lock: FolderLock,
    private readonly system: System,
  ) {}

  /** Makes the folder if need be and locks it. Throws FAILED_PRECONDITION when another process uses it. */
  static async open(path: string, system = NODE_SYSTEM): Promise<DataFolder> {
    const lock = await system.lockFolder(path);
    try {
      return new DataFolder(path, await IdentityFile.open(path, system), lock, system);
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  openStorage(options: Partial<DiskOptions> = {}): Promise<DiskStorage> {
    return DiskStorage.open(this.path, options, this.system);
  }

  /** Lets other processes use the folder. To be called when the storage is closed. Idempotent. */
  async close(): Promise<void> {
    await this.lock.release();
  }
}

/**
 * A node's data folder: one process at a time, one node, one cluster.
 *
 *   node.json   who the node is (identity.ts)
 *   log/        the segments of its log (segmented-log.ts)
 *   table/      the entries as of the last checkpoint (base-table.ts)
 *   discarded.jsonl   prepared operations that were discarded, if any (discard-file.ts)
 *   lock-*      the lock of the process that uses it
 *   set-aside-* what was found of a node that had lost a part of its data, and was given up
 *
 * It is taken only when its parts belong together (folder-parts.ts).
 */

import { RingError, invariant } from '@ringkeep/shared';
import type { FolderLock } from '@ringkeep/process/disk';
import type { DiskOptions } from './disk-options';
import { DiskStorage } from './disk-storage';
import { FolderGuard } from './folder-guard';
import { PARTS, markPart, partsFault, readParts, setAside } from './folder-parts';
import { IDENTITY_FILE, IdentityFile } from './identity';
import { NODE_SYSTEM, type System } from './system';

export interface FolderOptions {
  /** A node that has lost a part of its data becomes a new one. What is left of the old one is set aside. */
  readonly acceptDataLoss?: boolean;
}

export class DataFolder {
  private storage: DiskStorage | undefined;

  private constructor(
    readonly path: string,
    readonly identity: IdentityFile,
    /** What was given up for a new node, in words for people. */
    readonly givenUp: string | undefined,
    private readonly lock: FolderLock,
    private readonly system: System,
  ) {}

  /**
   * Makes the folder if need be and locks it. Throws FAILED_PRECONDITION when another process uses it, and when its
   * parts do not belong together.
   */
  static async open(
    path: string,
    system = NODE_SYSTEM,
    { acceptDataLoss = false }: FolderOptions = {},
  ): Promise<DataFolder> {
    const lock = await system.lockFolder(path);
    try {
      const { files } = system;
      let identity = await IdentityFile.open(path, system);
      const fault = partsFault(identity.owner, await readParts(files, path));
      if (fault !== undefined && !acceptDataLoss) throw refusal(path, fault);
      let givenUp: string | undefined;
      if (fault !== undefined) {
        givenUp = `${fault}; what was left is in ${await setAside(files, path, [...PARTS, IDENTITY_FILE])}`;
        identity = await IdentityFile.open(path, system);
      }
      const folderId = await identity.folderId();
      for (const { name, id } of await readParts(files, path)) {
        if (id === undefined) await markPart(files, path, name, folderId);
      }
      return new DataFolder(path, identity, givenUp, lock, system);
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  async openStorage(options: Partial<DiskOptions> = {}): Promise<DiskStorage> {
    const isBlank = this.identity.identity === undefined;
    this.storage = await DiskStorage.open(this.path, { ...options, isBlank }, this.system);
    return this.storage;
  }

  /** Starts watching the folder. Call it when the storage has recovered. */
  guard(): Promise<FolderGuard> {
    invariant(this.storage, 'a folder is watched when its storage is open');
    return FolderGuard.of(this.path, this.lock.file, this.identity, this.storage);
  }

  /** Lets other processes use the folder. Call it when the storage is closed. Idempotent. */
  async close(): Promise<void> {
    await this.lock.release();
  }
}

function refusal(path: string, fault: string): RingError {
  return new RingError(
    'FAILED_PRECONDITION',
    `the data folder ${path} is not whole: ${fault}. Nothing was changed. Put back what belongs there, all of it from ` +
      'one moment. Or, if other nodes hold copies of its keys, start with --accept-data-loss: the node becomes a ' +
      'new one with a new place on the ring, and what is left of the old one is set aside.',
  );
}

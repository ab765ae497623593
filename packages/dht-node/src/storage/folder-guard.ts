/**
 * Notices when the data folder of a running node is no longer the one that it opened (FolderWatch). From then on the
 * storage accepts nothing and touches nothing under the folder's name: it may be another node's by now.
 */

import { RingError } from '@ringkeep/shared';
import { FolderWatch } from '@ringkeep/process/disk';
import type { DiskStorage } from './disk-storage';
import { IDENTITY_FILE, type IdentityFile } from './identity';

export class FolderGuard {
  private constructor(
    private readonly path: string,
    private readonly watch: FolderWatch,
    private readonly identity: IdentityFile,
    private readonly storage: DiskStorage,
  ) {}

  /** Call it when the storage has recovered. `lockFile` is the name of the lock in the folder. */
  static async of(
    path: string,
    lockFile: string | undefined,
    identity: IdentityFile,
    storage: DiskStorage,
  ): Promise<FolderGuard> {
    const names = ['log', 'table', 'table/data.mdb', ...(lockFile === undefined ? [] : [lockFile])];
    const guard = new FolderGuard(path, await FolderWatch.of(path, names), identity, storage);
    storage.lookBeforeRemoving(() => guard.look());
    return guard;
  }

  /** Checks the folder. If something is wrong, ends the storage and says what. */
  async look(): Promise<string | undefined> {
    const segment = this.storage.segmentInUse;
    const fault =
      (await this.watch.look(segment === undefined ? undefined : `log/${segment}`)) ??
      ((await this.identity.isAsWritten())
        ? undefined
        : `${this.path}/${IDENTITY_FILE} was removed or changed`);
    // While it was looked at the log may have gone on to another segment, and the old one may be dropped.
    if (fault === undefined || (segment !== this.storage.segmentInUse && fault.includes(`${segment}`)))
      return undefined;
    const text =
      `${fault} while the node was running. It stops at once, because what it would write now would be lost. ` +
      'Put the data folder back as it was and start the node again.';
    this.storage.abandon(new RingError('FAILED_PRECONDITION', text));
    return text;
  }
}

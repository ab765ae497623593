/** The data of a node: its folder and storage, and what looks after them while it runs. */

import { randomInt } from 'node:crypto';
import { RingError } from '@ringkeep/shared';
import { roomOf } from '@ringkeep/process/disk';
import { RepeatedLook, type Lifecycle, type Logger } from '@ringkeep/process/running';
import type { NodeInput } from './core';
import { beatMs } from './core/limits';
import type { NodeCore } from './core/node';
import { SCRUB_EVERY_MS, type NodeOptions } from './node-options';
import { Scrub } from './scrub';
import { DataFolder, MemoryStorage, PARTS, type NodeStorage } from './storage';

export class NodeData {
  constructor(
    private readonly options: NodeOptions,
    private readonly lifecycle: Lifecycle,
    private readonly log: Logger,
  ) {}

  async openFolder(): Promise<DataFolder | undefined> {
    const { storage, dataDir, acceptDataLoss = false } = this.options;
    if (storage === 'memory') return undefined;
    if (dataDir === undefined) throw new RingError('INVALID_ARGUMENT', 'storage on disk needs a data folder');
    const folder = await DataFolder.open(dataDir, undefined, { acceptDataLoss });
    if (folder.givenUp !== undefined) this.log.warn('starts as a new node', { reason: folder.givenUp });
    await this.lifecycle.start(() => ({ name: 'data folder', stop: () => folder.close() }));
    return folder;
  }

  async openStorage(folder: DataFolder | undefined): Promise<NodeStorage> {
    const { durability = 'always', diskReserveBytes } = this.options;
    const storage = folder
      ? await folder.openStorage({
          durability,
          measureRoom: () => roomOf(folder.path),
          ...(diskReserveBytes !== undefined && { reserveBytes: diskReserveBytes }),
        })
      : new MemoryStorage();
    await this.lifecycle.start(() => ({ name: 'storage', stop: () => storage.close() }));
    return storage;
  }

  async startScrub(storage: NodeStorage, post: (input: NodeInput) => void): Promise<void> {
    const everyMs = this.options.scrubEveryMs ?? SCRUB_EVERY_MS;
    const log = this.log.child('scrub');
    await this.lifecycle.start(() => new Scrub(storage, everyMs, randomInt(PARTS), post, log));
  }

  /** Checked with every heartbeat: the storage tells the host when its folder is gone. */
  async watchFolder(folder: DataFolder | undefined, core: NodeCore): Promise<void> {
    const guard = await folder?.guard();
    if (!guard) return;
    const pauseMs = (): number => beatMs(core.parameters);
    const look = (): Promise<string | undefined> => guard.look();
    const onFault = (): void => undefined;
    await this.lifecycle.start(() => new RepeatedLook({ name: 'folder guard', look, pauseMs, onFault }));
  }
}

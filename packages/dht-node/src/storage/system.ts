/** What the storage asks of the system that it runs on, as one: the simulator has another one. */

import { randomBytes } from 'node:crypto';
import { lockFolder, type FolderLock } from '@ringkeep/process/disk';
import { NODE_EVENT_LOOP, type EventLoop } from './event-loop';
import { LmdbTable, type BaseTable } from './base-table';
import { NODE_FILES, type FileSystem } from './file-system';

export interface System {
  readonly files: FileSystem;
  readonly eventLoop: EventLoop;
  /** Makes the folder if need be. Throws FAILED_PRECONDITION when another process uses it. */
  lockFolder(path: string): Promise<FolderLock>;
  openTable(path: string): BaseTable;
  randomBytes(count: number): Buffer;
  /** Milliseconds of a clock that never goes back: for measuring, nothing is decided by it. */
  now(): number;
}

export const NODE_SYSTEM: System = {
  files: NODE_FILES,
  eventLoop: NODE_EVENT_LOOP,
  lockFolder: (path) => lockFolder(path, 'a node'),
  openTable: (path) => LmdbTable.open(path),
  randomBytes,
  now: () => performance.now(),
};

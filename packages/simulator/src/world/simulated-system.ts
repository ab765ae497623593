/** The system that a simulated process runs on, as the real storage asks for it. */

import type { Random } from '@ringkeep/shared';
import type { System } from '@ringkeep/dht-node/storage';
import type { MountedFiles } from './mounted-files';
import { MountedTable } from './mounted-table';
import type { ProcessLoop } from './process-loop';

/** A machine runs one process at a time, so nobody else has the folder. */
export function simulatedSystem(files: MountedFiles, eventLoop: ProcessLoop, random: Random): System {
  return {
    files,
    eventLoop,
    lockFolder: (folder) => Promise.resolve({ folder, release: () => Promise.resolve() }),
    openTable: (folder) => MountedTable.open(files, folder),
    now: () => eventLoop.now,
    randomBytes: (count) => Buffer.from(Array.from({ length: count }, () => random.below(256))),
  };
}

/**
 * Loaded into a registry or a node before its own program (`node --require`), by tests: the process can then be ended at
 * a named point, and its segments and checkpoints are so small that it passes every point within a second.
 */

import { join } from 'node:path';
import { PROJECT_ROOT } from '@ringkeep/local-ring';
import { watchFiles } from './watched-files';
import { watchLmdb } from './watched-lmdb';

const SMALL = { segmentBytes: 64 << 10, checkpointLogBytes: 128 << 10 };

watchFiles();
watchLmdb();
// eslint-disable-next-line @typescript-eslint/no-require-imports -- it has to come after what it builds on is watched
const storage = require(join(PROJECT_ROOT, 'packages/dht-node/dist/storage/disk-options.js')) as {
  readonly DEFAULT_DISK_OPTIONS: object;
};
Object.assign(storage.DEFAULT_DISK_OPTIONS, SMALL);

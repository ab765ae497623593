import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DiskStorage } from '../../src/storage';
import { describeNodeStorage } from './conformance';

describeNodeStorage('disk', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ringkeep-storage-'));
  return {
    name: 'disk',
    lasting: true,
    open: () => DiskStorage.open(folder, { segmentBytes: 64 * 1024 }),
    dispose: () => rm(folder, { recursive: true, force: true }),
  };
});

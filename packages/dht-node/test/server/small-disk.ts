/** A file system of some megabytes, in memory, where this process may mount one. */

import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export class SmallDisk {
  private constructor(readonly path: string) {}

  /** Undefined, and said aloud, where that cannot be. */
  static async mount(megabytes: number): Promise<SmallDisk | undefined> {
    const path = await mkdtemp(join(tmpdir(), 'ringkeep-small-'));
    try {
      await run('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', path]);
      return new SmallDisk(path);
    } catch (error) {
      await rm(path, { recursive: true });
      process.stderr.write(
        `no file system can be mounted here, so a full disk is not tried: ${(error as Error).message}\n`,
      );
      return undefined;
    }
  }

  async resize(megabytes: number): Promise<void> {
    await run('mount', ['-o', `remount,size=${megabytes}m`, this.path]);
  }

  /** A file that is open for writing keeps that from being done. */
  async setReadOnly(readOnly: boolean): Promise<void> {
    await run('mount', ['-o', `remount,${readOnly ? 'ro' : 'rw'}`, this.path]);
  }

  /** Takes what is left, as somebody else would. */
  async fill(): Promise<void> {
    await writeFile(join(this.path, 'of-somebody-else'), Buffer.alloc(1 << 30)).catch(() => undefined);
  }

  async freeWhatWasFilled(): Promise<void> {
    await rm(join(this.path, 'of-somebody-else'));
  }

  async unmount(): Promise<void> {
    await run('umount', ['-l', this.path]);
    await rm(this.path, { recursive: true, force: true });
  }
}

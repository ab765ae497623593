/**
 * A disk of its own for each process of a ring: an ext4 file system in an image file, mounted where the process has its
 * data. Such a disk can be full, and it can lose what was not synced.
 *
 * The power is cut with the file system's own order for that (EXT4_IOC_SHUTDOWN without a flush of its journal, as the
 * kernel's crash tests do). From then on nothing reaches the image, and the next mount finds what had reached it
 * before, by a sync or by chance. This is the real kernel, the real journal and LMDB's real file, without device mapper
 * or FUSE. It needs root, loop devices and perl, and reports when they are missing.
 */

import { execFile, execFileSync } from 'node:child_process';
import { appendFile, mkdir, rm, rmdir, statfs, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Sparse: a run takes what it writes. A tenth of it is the reserve of a node. */
const DISK_BYTES = 512 << 20;
/** _IOR('X', 125, __u32), and its flag that leaves the journal as it is. */
const CUT_POWER =
  'open(my $f, "<", $ARGV[0]) or die $!; my $how = pack("L", 2); ioctl($f, 0x8004587d, $how) or die $!';
const FILLER = 'filler';
const ROUGH_BYTES = 1 << 20;

export class MachineDisks {
  private readonly mounted = new Set<string>();

  private constructor(
    private readonly images: string,
    private readonly folder: string,
  ) {}

  /** Undefined, with a message, where such disks cannot be made. The folders of processes are below `folder`. */
  static async open(images: string, folder: string): Promise<MachineDisks | undefined> {
    await mkdir(images, { recursive: true });
    const disks = new MachineDisks(images, folder);
    try {
      await disks.mount('trial');
      await disks.cutPower('trial');
      await disks.repair('trial');
      return disks;
    } catch (error) {
      const why = (error as Error).message.trim().split('\n').at(-1);
      console.log(`cannot make disks and cut them off here (${why}); full disks and power cuts are left out`);
      return undefined;
    } finally {
      await disks.close();
      await rmdir(join(folder, 'trial')).catch(() => undefined);
    }
  }

  /** Makes the disk of a process, empty. */
  async mount(name: string): Promise<void> {
    const image = this.imageOf(name);
    await writeFile(image, '');
    await truncate(image, DISK_BYTES);
    await run('mkfs.ext4', ['-q', '-F', '-m', '0', image]);
    await mkdir(this.pathOf(name), { recursive: true });
    await this.attach(name);
    await rmdir(join(this.pathOf(name), 'lost+found'));
  }

  /** Nothing reaches the disk any more. */
  async cutPower(name: string): Promise<void> {
    await run('perl', ['-e', CUT_POWER, this.pathOf(name)]);
  }

  /** What is left of it after a cut. No process may have a file open there. */
  async repair(name: string): Promise<void> {
    await this.detach(name);
    await this.attach(name);
  }

  /** Uses up all the room except this much. */
  async fill(name: string, leftBytes: number): Promise<void> {
    const { bavail, bsize } = await statfs(this.pathOf(name));
    const bytes = bavail * bsize - leftBytes - ROUGH_BYTES;
    const path = join(this.pathOf(name), FILLER);
    if (bytes > 0) await run('fallocate', ['-l', String(bytes), path]);
    // What the file system needs for itself nobody knows, so the rest is found out.
    if (leftBytes === 0) await appendFile(path, Buffer.alloc(2 * ROUGH_BYTES)).catch(unlessFull);
  }

  /** For good: if power is cut in a moment, what used up the room does not come back. */
  async free(name: string): Promise<void> {
    await rm(join(this.pathOf(name), FILLER), { force: true });
    await run('sync', ['-f', this.pathOf(name)]);
  }

  async close(): Promise<void> {
    for (const name of [...this.mounted]) {
      await this.detach(name);
      await rm(this.imageOf(name));
    }
  }

  /** For the last moment of this process. */
  closeNow(): void {
    for (const name of this.mounted) execFileSync('umount', ['-l', this.pathOf(name)], { stdio: 'ignore' });
    this.mounted.clear();
  }

  private async attach(name: string): Promise<void> {
    await run('mount', ['-t', 'ext4', '-o', 'loop', this.imageOf(name), this.pathOf(name)]);
    this.mounted.add(name);
  }

  private async detach(name: string): Promise<void> {
    await run('umount', [this.pathOf(name)]);
    this.mounted.delete(name);
  }

  private imageOf(name: string): string {
    return join(this.images, `${name}.img`);
  }

  private pathOf(name: string): string {
    return join(this.folder, name);
  }
}

function unlessFull(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOSPC') throw error;
}

/**
 * Checks whether a data folder is still the one that this process opened.
 *
 * A process keeps its files open. So it would go on writing to a folder that was deleted, moved away or replaced, and
 * acknowledge what no later start will find. Therefore folder and files are looked at now and then, by inode, since
 * another folder under the same name is another folder. The name itself is checked as well, since a start goes by the
 * name.
 */

import { lstat, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Errors that mean that nothing exists under a name; other errors do not tell. */
const ABSENT = new Set(['ENOENT', 'ENOTDIR', 'ELOOP']);

type Look = (path: string) => Promise<{ readonly dev: bigint; readonly ino: bigint }>;
interface Watched {
  readonly path: string;
  readonly look: Look;
  readonly found: string;
}

const whereItLeads: Look = (path) => stat(path, { bigint: true });
const nameItself: Look = (path) => lstat(path, { bigint: true });

export class FolderWatch {
  private readonly watched: Watched[] = [];
  private passing: Watched | undefined;

  private constructor(private readonly folder: string) {}

  /** Remembers a folder and the files in it under these names, all of which must exist. */
  static async of(folder: string, names: readonly string[]): Promise<FolderWatch> {
    const watch = new FolderWatch(folder);
    await watch.add(folder, nameItself);
    for (const path of [folder, ...names.map((name) => join(folder, name))])
      await watch.add(path, whereItLeads);
    return watch;
  }

  /**
   * Why the folder is not what it was; undefined if it is. `name` names a file that is in use for a while: it is
   * remembered at the first look, and must stay as long as it is named.
   */
  async look(name?: string): Promise<string | undefined> {
    for (const each of this.watched) {
      const fault = await this.faultOf(each);
      if (fault !== undefined) return fault;
    }
    if (name === undefined) return undefined;
    const path = join(this.folder, name);
    if (this.passing?.path === path) return this.faultOf(this.passing);
    const found = await inode(whereItLeads, path);
    if (found === 'absent') return `${path} is gone`;
    this.passing = found === 'unknown' ? undefined : { path, look: whereItLeads, found };
    return undefined;
  }

  private async add(path: string, look: Look): Promise<void> {
    this.watched.push({ path, look, found: await inode(look, path) });
  }

  private async faultOf({ path, look, found }: Watched): Promise<string | undefined> {
    const now = await inode(look, path);
    if (now === found || now === 'unknown' || found === 'unknown') return undefined;
    return now === 'absent' ? `${path} is gone` : `${path} was replaced`;
  }
}

async function inode(look: Look, path: string): Promise<string> {
  try {
    const { dev, ino } = await look(path);
    return `${dev}:${ino}`;
  } catch (error) {
    return ABSENT.has((error as NodeJS.ErrnoException).code ?? '') ? 'absent' : 'unknown';
  }
}

/**
 * The names on a simulated disk. A name that was given, changed or removed is durable when its folder was synced. After
 * a power cut a folder has some of the changes since, and none without those before it.
 */

import { dirname } from 'node:path';
import type { Random } from '@ringkeep/shared';
import { PagedFile } from './paged-file';
import { TableFile } from './table-file';

export type Inode = PagedFile | TableFile | 'folder';
type Names = Map<string, Inode>;

interface Change {
  readonly taken?: string;
  readonly given?: readonly [string, Inode];
}

export class NameSpace {
  private onDisk: Names;
  private readonly unsynced = new Map<string, Change[]>();

  constructor(private present: Names = new Map()) {
    this.onDisk = new Map(present);
  }

  get(path: string): Inode | undefined {
    return this.present.get(path);
  }

  /** The names within a folder. */
  list(folder: string): string[] {
    const prefix = `${folder}/`;
    return [...this.present.keys()]
      .filter((path) => dirname(path) === folder)
      .map((path) => path.slice(prefix.length));
  }

  give(path: string, inode: Inode): void {
    this.change(dirname(path), { given: [path, inode] });
  }

  take(path: string): void {
    if (this.present.has(path)) this.change(dirname(path), { taken: path });
  }

  rename(from: string, to: string): void {
    const inode = this.present.get(from);
    if (inode === undefined) return;
    // What was done in a folder is not told apart any more from what was done to it.
    this.unsynced.delete(from);
    this.change(dirname(to), { taken: from, given: [to, inode] });
  }

  /** `exceptFor`: a name that is not made durable. */
  sync(folder: string, exceptFor?: string): void {
    const left: Change[] = [];
    for (const change of this.unsynced.get(folder) ?? []) {
      if (exceptFor !== undefined && change.given?.[0] === exceptFor) left.push(change);
      else apply(change, this.onDisk);
    }
    this.unsynced.set(folder, left);
  }

  losePower(random: Random): void {
    for (const changes of this.unsynced.values()) {
      for (const change of changes.slice(0, random.below(changes.length + 1))) apply(change, this.onDisk);
    }
    this.unsynced.clear();
    this.present = this.onDisk;
    this.dropOrphans();
    this.onDisk = new Map(this.present);
    for (const inode of this.present.values()) if (inode !== 'folder') inode.losePower(random);
  }

  evict(): void {
    for (const inode of this.present.values()) if (inode !== 'folder') inode.evict();
  }

  /** A path, and all below it, is gone from the disk. */
  lose(path: string): void {
    for (const names of [this.present, this.onDisk]) {
      for (const name of names.keys()) if (name === path || name.startsWith(`${path}/`)) names.delete(name);
    }
  }

  /** Of the segments in a folder one is left, with its head; and every table is an empty one. */
  empty(folder: string, headBytes: number): void {
    for (const inode of this.present.values()) if (inode instanceof TableFile) inode.clear();
    this.emptyLog(folder, headBytes);
  }

  emptyLog(folder: string, headBytes: number): void {
    let left = false;
    for (const [path, inode] of [...this.present]) {
      if (!(inode instanceof PagedFile) || !path.startsWith(`${folder}/`) || !path.endsWith('.log')) continue;
      if (left) this.lose(path);
      else inode.clear(headBytes);
      left = true;
    }
  }

  files(): readonly (readonly [string, PagedFile])[] {
    return [...this.present].filter((entry): entry is [string, PagedFile] => entry[1] instanceof PagedFile);
  }

  /** What the disk would have, as another one. */
  copy(): NameSpace {
    const copied = [...this.onDisk].map(([path, inode]): [string, Inode] => [
      path,
      inode === 'folder' ? inode : inode.copy(),
    ]);
    const copy = new NameSpace(new Map(copied));
    copy.dropOrphans();
    return copy;
  }

  private change(folder: string, change: Change): void {
    apply(change, this.present);
    const changes = this.unsynced.get(folder);
    if (changes) changes.push(change);
    else this.unsynced.set(folder, [change]);
  }

  /** What is in a folder that is not there is not there. */
  private dropOrphans(): void {
    const isThere = (path: string): boolean =>
      dirname(path) === '/' || (this.present.has(dirname(path)) && isThere(dirname(path)));
    for (const path of [...this.present.keys()]) if (!isThere(path)) this.present.delete(path);
  }
}

function apply({ taken, given }: Change, names: Names): void {
  if (taken !== undefined) names.delete(taken);
  if (given === undefined) return;
  const [path, inode] = given;
  names.set(path, inode);
  if (taken === undefined || inode !== 'folder') return;
  for (const [name, each] of [...names]) {
    if (!name.startsWith(`${taken}/`)) continue;
    names.delete(name);
    names.set(`${path}${name.slice(taken.length)}`, each);
  }
}

/**
 * The prefixes that are watched, and which of them a key begins with.
 *
 * They are kept sorted, each with the longest other one that it begins with itself. Whatever a key begins with is less
 * than the key, and so is whatever begins with it and is less than the key. So all prefixes of a key are on the way from
 * the greatest prefix that is not above the key to shorter ones: a binary search and as many steps as prefixes stand in
 * each other.
 *
 * Rejected: a tree by bytes (a long prefix would cost a node for each of its bytes).
 */

import type { Bytes } from '@ringkeep/shared';

interface WatchedPrefix<Watcher> {
  readonly prefix: Bytes;
  readonly watchers: Set<Watcher>;
  /** The longest other one that this one begins with. */
  shorter: WatchedPrefix<Watcher> | undefined;
}

export class WatchedPrefixes<Watcher> {
  private readonly sorted: WatchedPrefix<Watcher>[] = [];

  get isEmpty(): boolean {
    return this.sorted.length === 0;
  }

  add(prefix: Bytes, watcher: Watcher): void {
    const before = this.lastUpTo(prefix);
    const found = this.sorted[before];
    if (found?.prefix === prefix) return void found.watchers.add(watcher);
    const added = { prefix, watchers: new Set([watcher]), shorter: firstBegunWith(found, prefix) };
    this.sorted.splice(before + 1, 0, added);
    for (const longer of this.longerFrom(before + 2, prefix))
      if (longer.shorter === added.shorter) longer.shorter = added;
  }

  remove(prefix: Bytes, watcher: Watcher): void {
    const index = this.lastUpTo(prefix);
    const found = this.sorted[index];
    if (found?.prefix !== prefix || !found.watchers.delete(watcher) || found.watchers.size > 0) return;
    this.sorted.splice(index, 1);
    for (const longer of this.longerFrom(index, prefix))
      if (longer.shorter === found) longer.shorter = found.shorter;
  }

  /** For each prefix of the key that is watched: by whom. */
  *of(key: Bytes): Generator<ReadonlySet<Watcher>, void, undefined> {
    let at = firstBegunWith(this.sorted[this.lastUpTo(key)], key);
    for (; at !== undefined; at = at.shorter) yield at.watchers;
  }

  /** Those from an index on that begin with a prefix. */
  private *longerFrom(index: number, prefix: Bytes): Generator<WatchedPrefix<Watcher>, void, undefined> {
    for (let i = index; this.sorted[i]?.prefix.startsWith(prefix); i++)
      yield this.sorted[i] as WatchedPrefix<Watcher>;
  }

  /** The index of the greatest that is not above the text; -1 if there is none. */
  private lastUpTo(text: Bytes): number {
    let low = 0;
    let high = this.sorted.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.sorted[middle] as WatchedPrefix<Watcher>).prefix <= text) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}

/** The longest that a text begins with, of one and those that it begins with. */
function firstBegunWith<Watcher>(
  from: WatchedPrefix<Watcher> | undefined,
  text: Bytes,
): WatchedPrefix<Watcher> | undefined {
  let at = from;
  while (at !== undefined && !text.startsWith(at.prefix)) at = at.shorter;
  return at;
}

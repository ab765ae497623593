/**
 * The watches of an arc that are told each commit as it comes. A change finds those that it concerns by its key, by the
 * tag in it, and by what it begins with: thousands of watches of other keys cost it nothing.
 */

import type { Bytes, RingKey } from '@ringkeep/shared';
import { tagOf } from '@ringkeep/shared/ring/position-rule';
import { keyOf } from '@ringkeep/shared/ring/ring-key';
import type { Change } from '../replica/change-history';
import type { Watch } from './watch';
import { WatchedPrefixes } from './watched-prefixes';

type Watches = ReadonlySet<Watch>;

export class LiveWatches {
  /** All but those of one key, in the order in which they came, with their numbers in it. */
  private readonly general = new Map<Watch, number>();
  private readonly ofEverything = new Set<Watch>();
  private readonly byPrefix = new WatchedPrefixes<Watch>();
  private readonly byTag = new Map<Bytes, Set<Watch>>();
  private readonly byKey = new Map<RingKey, Set<Watch>>();
  private came = 0;

  get isEmpty(): boolean {
    return this.general.size + this.byKey.size === 0;
  }

  all(): Watch[] {
    return [...this.general.keys(), ...[...this.byKey.values()].flatMap((watches) => [...watches])];
  }

  add(watch: Watch): void {
    watch.live = true;
    const { filter } = watch;
    if (filter.kind === 'key') return addTo(this.byKey, filter.key, watch);
    this.general.set(watch, ++this.came);
    switch (filter.kind) {
      case 'everything':
        return void this.ofEverything.add(watch);
      case 'prefix':
        return this.byPrefix.add(filter.prefix, watch);
      case 'tag':
        return addTo(this.byTag, filter.tag, watch);
    }
  }

  remove(watch: Watch): void {
    watch.live = false;
    this.general.delete(watch);
    const { filter } = watch;
    switch (filter.kind) {
      case 'everything':
        return void this.ofEverything.delete(watch);
      case 'prefix':
        return this.byPrefix.remove(filter.prefix, watch);
      case 'tag':
        return removeFrom(this.byTag, filter.tag, watch);
      case 'key':
        return removeFrom(this.byKey, filter.key, watch);
    }
  }

  /** Those that changes concern, each with these changes. Watches of the same get the same array. */
  *concernedBy(changes: readonly Change[]): Iterable<readonly [Watch, readonly Change[]]> {
    if (this.byPrefix.isEmpty && this.byTag.size === 0) {
      for (const watch of this.ofEverything) yield [watch, changes];
    } else {
      yield* this.generalConcernedBy(changes);
    }
    if (this.byKey.size === 0) return;
    const found = new Map<Watches, Change[]>();
    for (const change of changes) note(found, this.byKey.get(change.entry.key), change);
    for (const [watches, its] of found) for (const watch of watches) yield [watch, its];
  }

  /** In the order in which they came, whatever they watch. */
  private generalConcernedBy(changes: readonly Change[]): (readonly [Watch, readonly Change[]])[] {
    const found = new Map<Watches, Change[]>();
    for (const change of changes) {
      const key = keyOf(change.entry.key);
      for (const watches of this.byPrefix.of(key)) note(found, watches, change);
      if (this.byTag.size > 0) note(found, this.byTag.get(tagOf(key) ?? NO_TAG), change);
    }
    const concerned: (readonly [Watch, readonly Change[]])[] = [];
    for (const watch of this.ofEverything) concerned.push([watch, changes]);
    for (const [watches, its] of found) for (const watch of watches) concerned.push([watch, its]);
    const number = ([watch]: readonly [Watch, unknown]): number => this.general.get(watch) as number;
    return concerned.sort((a, b) => number(a) - number(b));
  }
}

/** No tag is empty. */
const NO_TAG = '' as Bytes;

function note(found: Map<Watches, Change[]>, watches: Watches | undefined, change: Change): void {
  if (watches === undefined) return;
  const its = found.get(watches);
  if (its === undefined) found.set(watches, [change]);
  else its.push(change);
}

function addTo<Key>(sets: Map<Key, Set<Watch>>, key: Key, watch: Watch): void {
  const watches = sets.get(key) ?? new Set();
  sets.set(key, watches.add(watch));
}

function removeFrom<Key>(sets: Map<Key, Set<Watch>>, key: Key, watch: Watch): void {
  const watches = sets.get(key);
  if (watches?.delete(watch) && watches.size === 0) sets.delete(key);
}

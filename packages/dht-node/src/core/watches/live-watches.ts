/** The watches of an arc that are told each commit as it comes; those of one key are found by it. */

import type { RingKey } from '@ringkeep/shared';
import type { Change } from '../replica/change-history';
import type { Watch } from './watch';

export class LiveWatches {
  private readonly general = new Set<Watch>();
  private readonly byKey = new Map<RingKey, Set<Watch>>();

  get isEmpty(): boolean {
    return this.general.size + this.byKey.size === 0;
  }

  all(): Watch[] {
    return [...this.general, ...[...this.byKey.values()].flatMap((watches) => [...watches])];
  }

  add(watch: Watch): void {
    watch.live = true;
    const { filter } = watch;
    if (filter.kind !== 'key') return void this.general.add(watch);
    const watches = this.byKey.get(filter.key) ?? new Set();
    this.byKey.set(filter.key, watches.add(watch));
  }

  remove(watch: Watch): void {
    watch.live = false;
    this.general.delete(watch);
    if (watch.filter.kind !== 'key') return;
    const watches = this.byKey.get(watch.filter.key);
    if (watches?.delete(watch) && watches.size === 0) this.byKey.delete(watch.filter.key);
  }

  /** Those that changes may concern, each with these changes. */
  *concernedBy(changes: readonly Change[]): Iterable<readonly [Watch, readonly Change[]]> {
    for (const watch of this.general) yield [watch, changes];
    if (this.byKey.size === 0) return;
    for (const [key, ofKey] of grouped(changes)) {
      for (const watch of this.byKey.get(key) ?? []) yield [watch, ofKey];
    }
  }
}

function grouped(changes: readonly Change[]): Map<RingKey, Change[]> {
  const found = new Map<RingKey, Change[]>();
  for (const change of changes) {
    const ofKey = found.get(change.entry.key);
    if (ofKey === undefined) found.set(change.entry.key, [change]);
    else ofKey.push(change);
  }
  return found;
}

/**
 * The readable entries of a node on the disk: what changed lately in memory, over the rest in LMDB.
 *
 *   active   changes since the last checkpoint began: values, deletions, erased ranges
 *   frozen   the same of the checkpoint that is being written, while one is
 *   base     LMDB, as of the last checkpoint
 *
 * A read asks them in this order; the first that knows the key answers. An erased range answers "absent" for
 * all keys in it that the layer does not hold, so erasing an arc is cheap whatever its size.
 */

import type { Bytes, KeyRange, RingKey } from '@ringkeep/shared';
import { invariant } from '@ringkeep/shared/ring/errors';
import { POSITION_BYTES } from '@ringkeep/shared/ring/ring-key';
import type { StoredValue } from '@ringkeep/shared/operations';
import { isSound } from '@ringkeep/shared/operations/stored';
import {
  DAMAGED,
  type Bucket,
  type Entry,
  type EntryStore,
  type Found,
  type Keyed,
  type KeyWalk,
  type RangeSize,
  type ScanPage,
} from '../core/replica/entry-store';
import type { BaseTable } from './base-table';
import { cutIntoBuckets, matchBuckets } from './bucket-digests';
import { DueTimes } from './due-times';
import { KeyIndex, lookedUp } from './key-index';
import { changeIn, emptyLayer, lengthIn, type Layer } from './layer';
import { chain, merge, type Walk } from './merged-walks';
import { PagePool } from './page-pool';
import type { Examined } from './node-storage';
import { rangeOfPart, type RangeCounts } from './range-counts';
import { WHOLE_RING } from './range-set';
import { damagedIn, pageOf } from './scan-page';

type LayerWalk = Walk<RingKey, StoredValue>;

export class LayeredTable implements EntryStore {
  /** Of both layers: what one gives back the next one takes. */
  private readonly pool = new PagePool();
  private active: Layer;
  private frozen: Layer | undefined;
  private readonly dueTimes = new DueTimes(this.pool);

  constructor(
    private readonly base: BaseTable,
    private readonly counts: RangeCounts,
  ) {
    this.active = emptyLayer(this.pool, base.indexed);
  }

  /** Keys in memory, deletions included. */
  get keysInMemory(): number {
    return this.active.table.keys + (this.frozen?.table.keys ?? 0);
  }

  /** Keys changed since the last checkpoint began. */
  get keysChanged(): number {
    return this.active.table.keys;
  }

  /** Bytes of the keys and values that changed since the last checkpoint began. */
  bytesChanged(): number {
    const { keys, bytes } = this.active.table.size(WHOLE_RING);
    return keys * POSITION_BYTES + bytes;
  }

  announce(items: readonly Keyed[], from: number): number {
    return this.active.table.announce(items, from);
  }

  /** What comes from the disk is checked each time, what is in memory is not. */
  get(key: RingKey): Found {
    const change = this.change(key);
    if (change !== undefined) return change ?? undefined;
    const stored = this.base.get(key);
    return stored === undefined || isSound(key, stored) ? stored : DAMAGED;
  }

  raw(key: RingKey): StoredValue | undefined {
    const change = this.change(key);
    return change === undefined ? this.base.get(key) : (change ?? undefined);
  }

  scan(range: KeyRange, bytesMax: number, checked = true): ScanPage {
    return pageOf(this.walk(range), range, bytesMax, checked);
  }

  indexKeys(): void {
    if (this.active.keys !== undefined) return;
    const keys = new KeyIndex(this.pool);
    for (const [key] of this.walk(WHOLE_RING)) keys.add(key);
    this.active.keys = keys;
  }

  walkKeys(keys: KeyRange, reverse: boolean, within: KeyRange): KeyWalk | undefined {
    if (this.active.keys === undefined) return undefined;
    return lookedUp(merge(this.indexWalks(keys, reverse), reverse), within, (key) => this.raw(key));
  }

  private indexWalks(range: KeyRange, reverse: boolean): Walk<Bytes, Bytes>[] {
    const walks = [this.active.keys, this.frozen?.keys].flatMap((keys) => keys?.walk(range, reverse) ?? []);
    return this.base.indexed ? [...walks, this.base.walkKeys(range, reverse)] : walks;
  }

  put(entries: readonly Entry[]): void {
    this.active.table.each(entries, ({ key, value }) => {
      if (value === undefined) {
        const before = this.valueBytes(key);
        if (before !== undefined) this.delete(key, before);
      } else {
        this.active.keys?.add(key);
        const before = this.active.table.set(key, value);
        this.count(key, value.length, before === undefined ? this.bytesBelow(key) : (before ?? undefined));
      }
      this.dueTimes.note(key, value);
    });
  }

  private delete(key: RingKey, bytesBefore: number): void {
    this.active.table.set(key, null);
    this.active.keys?.hide(key);
    this.counts.add(key, -1, POSITION_BYTES - key.length - bytesBefore);
  }

  private count(key: RingKey, bytes: number, bytesBefore: number | undefined): void {
    if (bytesBefore === undefined) this.counts.add(key, 1, key.length - POSITION_BYTES + bytes);
    else if (bytes !== bytesBefore) this.counts.add(key, 0, bytes - bytesBefore);
  }

  mend(range: KeyRange, entries: readonly Entry[]): void {
    this.active.table.erase(range);
    this.active.erased.add(range);
    this.dueTimes.erase(range);
    for (const { key, value } of entries) {
      if (value === undefined) continue;
      this.active.table.set(key, value);
      this.active.keys?.add(key);
      this.dueTimes.note(key, value);
    }
    this.counts.recount(range, (part) => this.walk(part));
  }

  /** Reads one part of the ring (see range-counts.ts) for what is damaged. */
  examine(part: number): Examined {
    const range = rangeOfPart(part);
    let missing = this.counts.keysIn(part);
    let damaged = false;
    for (const [key, value] of this.walk(range)) {
      missing--;
      damaged ||= !isSound(key, value);
    }
    return { damaged: damaged ? damagedIn((rest) => this.walk(rest), range) : [], missing };
  }

  erase(range: KeyRange): void {
    this.counts.erase(range, (edge) => this.walk(edge));
    this.active.table.erase(range);
    this.active.erased.add(range);
    this.dueTimes.erase(range);
  }

  over(range: KeyRange, wallMs: number, keysMax: number): readonly RingKey[] {
    return this.dueTimes.overWithin(range, wallMs, keysMax);
  }

  /** What the base holds ends at these times; once, before anything changes. */
  recoverDueTimes(): void {
    for (const [key, expiresAtMs] of this.base.expiries()) this.dueTimes.noteTime(key, expiresAtMs);
  }

  size(range: KeyRange): RangeSize {
    return this.counts.size(range, (edge) => this.walk(edge));
  }

  crowdAt(key: RingKey): RangeSize {
    return this.counts.near(key);
  }

  buckets(range: KeyRange, bucketBytes: number, bucketsMax: number): Bucket[] {
    return cutIntoBuckets((part) => this.walk(part), range, bucketBytes, bucketsMax);
  }

  matches(range: KeyRange, buckets: readonly Bucket[], bucketBytes: number): boolean[] {
    return matchBuckets((part) => this.walk(part), range, buckets, bucketBytes);
  }

  /** What changed so far becomes the frozen layer, which no longer changes. */
  freeze(): Layer {
    invariant(this.frozen === undefined, 'one layer is frozen at a time');
    this.frozen = this.active;
    this.active = emptyLayer(this.pool, this.frozen.keys !== undefined);
    return this.frozen;
  }

  /** The base could not take the frozen layer: the changes since are put on top of it, and it goes on changing. */
  thaw(): void {
    const { active, frozen } = this;
    if (frozen === undefined) return;
    for (const range of active.erased.list()) {
      frozen.table.erase(range);
      frozen.erased.add(range);
    }
    for (const [key, value] of active.table.entries(WHOLE_RING)) {
      frozen.table.set(key, value);
      if (value === null) frozen.keys?.hide(key);
      else frozen.keys?.add(key);
    }
    active.table.release();
    active.keys?.release();
    this.active = frozen;
    this.frozen = undefined;
  }

  /** The base holds the frozen layer now. */
  dropFrozen(): void {
    this.frozen?.table.release();
    this.frozen?.keys?.release();
    this.frozen = undefined;
  }

  encodeCounts(): Buffer {
    return this.counts.encode();
  }

  /** What the layers in memory say of a key: its value, null for absent, undefined for nothing. */
  private change(key: RingKey): StoredValue | null | undefined {
    const change = changeIn(this.active, key);
    return change === undefined && this.frozen !== undefined ? changeIn(this.frozen, key) : change;
  }

  private valueBytes(key: RingKey): number | undefined {
    const length = this.active.table.lengthOf(key);
    return length === undefined ? this.bytesBelow(key) : (length ?? undefined);
  }

  /** The length of the value that a key has where the active table does not know it. */
  private bytesBelow(key: RingKey): number | undefined {
    if (this.active.erased.contains(key)) return undefined;
    const length = this.frozen === undefined ? undefined : lengthIn(this.frozen, key);
    return length === undefined ? this.base.valueBytes(key) : (length ?? undefined);
  }

  walk(range: KeyRange, reverse = false): Generator<readonly [RingKey, StoredValue], void, undefined> {
    const { active, frozen, base } = this;
    const walks: LayerWalk[] = [active.table.entries(range, reverse)];
    const ordered = (gaps: KeyRange[]): KeyRange[] => (reverse ? gaps.reverse() : gaps);
    const belowActive = ordered(active.erased.gaps(range));
    if (frozen !== undefined) walks.push(chain(belowActive, (gap) => frozen.table.entries(gap, reverse)));
    const belowFrozen =
      frozen === undefined ? belowActive : belowActive.flatMap((gap) => ordered(frozen.erased.gaps(gap)));
    walks.push(chain(belowFrozen, (gap) => base.walk(gap, reverse)));
    return merge(walks, reverse);
  }
}

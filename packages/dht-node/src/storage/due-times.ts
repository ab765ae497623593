/**
 * When the keys of a table end, in the order in which they do, so that whoever ends them walks nothing else.
 *
 *   times   of each key that ends: when
 *   order   keys by their times; it may hold what is no longer so, which `times` tells
 *   over    keys whose time is over and that are still there, in ring order
 *
 * A key that does not end costs a look at one number. The keys of a range are forgotten as fast as in a table; what
 * `order` still holds of them is dropped when its time comes, or little by little.
 *
 * Rejected: looking for what is over in the entries (a walk over all of them each second), and an order out of which
 * each key can be taken (an erased arc would cost a step for each of its keys at once).
 */

import type { KeyRange, RingKey } from '@ringkeep/shared';
import { encodeMs, decodeMs } from '@ringkeep/shared/operations/expiry';
import { expiryIn, type StoredValue } from '@ringkeep/shared/operations/stored';
import type { PagePool } from './page-pool';
import { RingTable } from './ring-table';
import { TimeHeap } from './time-heap';

/** How many keys are found to be over in one call: about a millisecond. */
const FOUND_MAX = 512;
/** So many keys in `order` may be no longer so before they are looked for. */
const STALE_MIN = 4_096;

/** A table holds values; this one holds times, as eight bytes. */
type StoredMs = StoredValue;

export class DueTimes {
  private readonly times: RingTable<StoredMs>;
  private readonly order = new TimeHeap();
  private readonly over: RingTable<StoredMs>;

  constructor(pool?: PagePool) {
    this.times = new RingTable(pool);
    this.over = new RingTable(pool);
  }

  /** A key has this entry now, or none. */
  note(key: RingKey, stored: StoredValue | undefined): void {
    const ms = stored === undefined ? undefined : expiryIn(stored);
    if (ms !== undefined) this.noteTime(key, ms);
    else if (this.times.keys > 0) this.forget(key);
  }

  noteTime(key: RingKey, ms: number): void {
    const encoded = encodeMs(ms) as string as StoredMs;
    if (this.times.get(key) === encoded) return;
    this.forget(key);
    this.times.set(key, encoded);
    this.order.add(ms, key);
    if (this.order.size > 2 * this.times.keys + STALE_MIN) this.order.dropSome(this.isSo);
  }

  erase(range: KeyRange): void {
    if (this.times.keys > 0) this.times.erase(range);
    if (this.over.keys > 0) this.over.erase(range);
  }

  /** Keys of a range whose time is over, its first ones; a call finds so many that it takes no time that matters. */
  overWithin(range: KeyRange, wallMs: number, keysMax: number): RingKey[] {
    this.find(wallMs);
    const keys: RingKey[] = [];
    if (this.over.keys === 0) return keys;
    for (const [key] of this.over.entries(range)) if (keys.push(key) >= keysMax) break;
    return keys;
  }

  private find(wallMs: number): void {
    for (let found = 0; found < FOUND_MAX && this.order.firstMs <= wallMs; found++) {
      const ms = this.order.firstMs;
      const key = this.order.takeFirst();
      if (this.isSo(ms, key)) this.over.set(key, encodeMs(ms) as string as StoredMs);
    }
  }

  private forget(key: RingKey): void {
    this.times.delete(key);
    if (this.over.keys > 0) this.over.delete(key);
  }

  private readonly isSo = (ms: number, key: RingKey): boolean => {
    const encoded = this.times.get(key);
    return encoded !== undefined && decodeMs(encoded, 0) === ms;
  };
}

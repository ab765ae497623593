/**
 * The keys of a table in their own order, with their positions: what a range of keys is found by.
 *
 * It is a table of ring keys that all have one position, whose keys stand in order (shelf.ts). It may name keys that the
 * table of the entries no longer has: whoever walks it looks there.
 */

import { POSITION_BYTES, ringKey, type Bytes, type KeyRange, type RingKey } from '@ringkeep/shared';
import type { StoredValue } from '@ringkeep/shared/operations';
import type { PagePool } from './page-pool';
import { RingTable } from './ring-table';

const NOWHERE = '\0'.repeat(POSITION_BYTES);

/** A key, and its position (8 bytes), or null where it is no longer. */
export type IndexedKey = readonly [key: Bytes, position: Bytes | null];

export class KeyIndex {
  private readonly table: RingTable;

  constructor(pool?: PagePool) {
    this.table = new RingTable(pool);
  }

  add(key: RingKey): void {
    this.table.set(placed(key), key.slice(0, POSITION_BYTES) as StoredValue);
  }

  /** What is below it in other layers is hidden. */
  hide(key: RingKey): void {
    this.table.set(placed(key), null);
  }

  delete(key: RingKey): void {
    this.table.delete(placed(key));
  }

  *walk({ from, to }: KeyRange, reverse: boolean): Generator<IndexedKey, void, undefined> {
    const range = {
      from: (NOWHERE + from) as Bytes,
      to: to === undefined ? undefined : ((NOWHERE + to) as Bytes),
    };
    for (const [key, position] of this.table.entries(range, reverse))
      yield [key.slice(POSITION_BYTES) as Bytes, position as string as Bytes | null];
  }

  release(): void {
    this.table.release();
  }
}

function placed(key: RingKey): RingKey {
  return (NOWHERE + key.slice(POSITION_BYTES)) as RingKey;
}

/** What a table holds of the keys that an index names; of those that lie outside of a stretch of the ring the key alone. */
export function* lookedUp(
  walk: Iterable<IndexedKey>,
  within: KeyRange,
  look: (key: RingKey) => StoredValue | undefined,
): Generator<readonly [RingKey, StoredValue | undefined], void, undefined> {
  const first = within.from.slice(0, POSITION_BYTES);
  const last = within.to?.slice(0, POSITION_BYTES);
  for (const [key, at] of walk) {
    const position = at as Bytes;
    const found = ringKey(position, key);
    // A position alone tells it of nearly all, without putting the key together.
    const isInside = position > first && (last === undefined || position < last);
    if (
      position < first ||
      (last !== undefined && position > last) ||
      !(isInside || isWithin(found, within))
    ) {
      yield [found, undefined];
    } else {
      const stored = look(found);
      if (stored !== undefined) yield [found, stored];
    }
  }
}

function isWithin(key: RingKey, { from, to }: KeyRange): boolean {
  return key >= from && (to === undefined || key < to);
}

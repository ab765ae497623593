/** Changes of entries over a table below: what a checkpoint writes, and what hides the old until it has. */

import type { Bytes, RingKey } from '@ringkeep/shared';
import { RangeSet } from './range-set';
import { RingTable } from './ring-table';
import { entryBytes } from './scan-page';

export interface Layer {
  /** A value, or null for a deletion. */
  readonly table: RingTable<Bytes | null>;
  /** Erased before what the table holds. */
  readonly erased: RangeSet;
}

export function emptyLayer(): Layer {
  return { table: new RingTable(entryBytes), erased: new RangeSet() };
}

/** What a layer says of a key: its value, null for absent, undefined for nothing. */
export function changeIn(layer: Layer, key: RingKey): Bytes | null | undefined {
  const change = layer.table.get(key);
  if (change !== undefined) return change;
  return layer.erased.contains(key) ? null : undefined;
}

/**
 * Changes of entries on top of a table below: what a checkpoint writes, and what hides the old entries until it has.
 */

import type { RingKey } from '@ringkeep/shared';
import { KeyIndex } from './key-index';
import type { PagePool } from './page-pool';
import { RangeSet } from './range-set';
import type { Change } from './leaf-entry';
import { RingTable } from './ring-table';

export interface Layer {
  /** A value, or null for a deletion. */
  readonly table: RingTable;
  /** Erased before what the table holds. */
  readonly erased: RangeSet;
  /** Of the keys of the table, where one is kept; a key of which the table says nothing may be in it, too. */
  keys: KeyIndex | undefined;
}

export function emptyLayer(pool: PagePool, indexed = false): Layer {
  const keys = indexed ? new KeyIndex(pool) : undefined;
  return { table: new RingTable(pool), erased: new RangeSet(), keys };
}

/** What a layer says of a key: its value, null for absent, undefined for nothing. */
export function changeIn(layer: Layer, key: RingKey): Change | undefined {
  const change = layer.table.get(key);
  return change === undefined && layer.erased.contains(key) ? null : change;
}

/** The length of the value that a layer has of a key, null for absent, undefined when it says nothing. */
export function lengthIn(layer: Layer, key: RingKey): number | null | undefined {
  const length = layer.table.lengthOf(key);
  return length === undefined && layer.erased.contains(key) ? null : length;
}

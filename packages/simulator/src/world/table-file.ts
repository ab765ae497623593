/**
 * A table on a simulated disk, with LMDB's promises and no more. A state replaces the previous one as a whole, and
 * readers see the last committed one. A state that was committed but not synced may be lost, as a whole, when the
 * machine loses power.
 */

import type { Bytes, Random } from '@ringkeep/shared';
import type { RingKey } from '@ringkeep/shared';
import type { StoredValue } from '@ringkeep/shared/operations';
import type { Checkpoint } from '@ringkeep/dht-node/storage';

export interface TableState {
  readonly entries: ReadonlyMap<RingKey, StoredValue>;
  /** In ring order. */
  readonly keys: readonly RingKey[];
  /** When the keys end that do. */
  readonly expiries: ReadonlyMap<RingKey, number>;
  /** The positions of the keys, by the keys, where an index of them has been written. */
  readonly positions: ReadonlyMap<Bytes, Bytes> | undefined;
  readonly checkpoint: Checkpoint | undefined;
  /** Of which a bit has changed. */
  readonly damaged: ReadonlySet<RingKey>;
}

/** Its name in the folder of the table. */
export const TABLE_FILE = 'data.mdb';

const EMPTY: TableState = {
  entries: new Map(),
  keys: [],
  expiries: new Map(),
  positions: undefined,
  checkpoint: undefined,
  damaged: new Set(),
};

export class TableFile {
  private onDisk = EMPTY;

  constructor(private present: TableState = EMPTY) {}

  get state(): TableState {
    return this.present;
  }

  commit(state: TableState): void {
    this.present = state;
  }

  sync(): void {
    this.onDisk = this.present;
  }

  /** Something in it, or in what a loss of power would bring back, is not what was written. */
  get isDamaged(): boolean {
    return this.present.damaged.size > 0 || this.onDisk.damaged.size > 0;
  }

  /** A bit of a value changes. */
  flipBit(key: RingKey, bit: number): void {
    const { present } = this;
    this.present = withBitChanged(present, key, bit);
    this.onDisk = this.onDisk === present ? this.present : withBitChanged(this.onDisk, key, bit);
  }

  losePower(random: Random): void {
    if (random.chance(0.5)) this.present = this.onDisk;
    this.onDisk = this.present;
  }

  clear(): void {
    this.present = this.onDisk = EMPTY;
  }

  evict(): void {}

  /** What the disk would have of it, as another table. */
  copy(): TableFile {
    const copy = new TableFile(this.onDisk);
    copy.sync();
    return copy;
  }
}

function withBitChanged(state: TableState, key: RingKey, bit: number): TableState {
  const value = state.entries.get(key);
  if (value === undefined) return state;
  const at = (bit >> 3) % value.length;
  const changed = String.fromCharCode(value.charCodeAt(at) ^ (1 << (bit & 7)));
  const damaged = `${value.slice(0, at)}${changed}${value.slice(at + 1)}` as StoredValue;
  return {
    ...state,
    entries: new Map(state.entries).set(key, damaged),
    damaged: new Set(state.damaged).add(key),
  };
}

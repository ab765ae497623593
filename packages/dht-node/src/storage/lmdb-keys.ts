/**
 * The index of keys on the disk, beside the entries and written with them. It has exactly the keys of the entries, once a
 * checkpoint has written an index at all: before that it is not there.
 */

import type { Database } from 'lmdb';
import { POSITION_BYTES, type Bytes, type KeyRange } from '@ringkeep/shared';
import { LOWEST_KEY } from './base-conversion';
import type { IndexedKey, KeyIndex } from './key-index';
import { WHOLE_RING } from './range-set';

const COMPLETE = 'key index';

/** Lets others have their turn. */
interface Turns {
  isOver(): boolean;
  next(): Promise<void>;
}

export class LmdbKeys {
  constructor(
    private readonly positions: Database<string, Bytes>,
    private readonly state: Database<Buffer, string>,
  ) {}

  get areThere(): boolean {
    return this.state.getBinary(COMPLETE) !== undefined;
  }

  *walk({ from, to }: KeyRange, reverse: boolean): Generator<IndexedKey, void, undefined> {
    const lowest = from || LOWEST_KEY;
    const bounds = reverse
      ? { start: to, exclusiveStart: to !== undefined, end: lowest, inclusiveEnd: true, reverse }
      : { start: lowest, end: to };
    for (const { key, value } of this.positions.getRange(bounds)) yield [key, value as Bytes];
  }

  /** Its entry is erased. */
  erase(key: Bytes): void {
    void this.positions.remove(key.slice(POSITION_BYTES) as Bytes);
  }

  async write(index: KeyIndex, slice: Turns): Promise<void> {
    for (const [key, position] of index.walk(WHOLE_RING, false)) {
      if (position === null) void this.positions.remove(key);
      else void this.positions.put(key, position);
      if (slice.isOver()) await slice.next();
    }
    void this.state.put(COMPLETE, Buffer.alloc(0));
  }

  getStats(): object {
    return this.positions.getStats();
  }
}

/**
 * Which keys were seen, where each was seen last, and the verdict on that record: about 25 bytes a key, for files of
 * any size.
 *
 * Open addressing over typed arrays, by the 64-bit position of the key on the ring. Among 10^8 keys, two share one with
 * a probability of 1 in 3,700. Rejected: a Map of the keys, at 100 bytes and more for each.
 */

import { invariant, type RingKey } from '@ringkeep/shared';

/** A verdict of 0 is none yet. */
export interface Sighting {
  readonly record: number;
  readonly verdict: number;
}

const SLOTS_AT_FIRST = 1_024;
/** Share of slots in use at which the table doubles. */
const LOAD_MAX = 0.6;

export class KeyCensus {
  private high = new Uint32Array(SLOTS_AT_FIRST);
  private low = new Uint32Array(SLOTS_AT_FIRST);
  /** The record in which the key was seen last; 0 marks a free slot. */
  private records = new Float64Array(SLOTS_AT_FIRST);
  private verdicts = new Uint8Array(SLOTS_AT_FIRST);
  private used = 0;

  get keys(): number {
    return this.used;
  }

  /** Notes that a record has this key. Returns the sighting before, if there was one. */
  see(key: RingKey, record: number): Sighting | undefined {
    invariant(record > 0, 'records are counted from 1');
    if (this.used >= this.records.length * LOAD_MAX) this.grow();
    const high = word(key, 0);
    const low = word(key, 4);
    const slot = this.slotOf(high, low);
    const before = this.at(slot);
    if (before === undefined) {
      this.used++;
      this.high[slot] = high;
      this.low[slot] = low;
    }
    this.records[slot] = record;
    this.verdicts[slot] = 0;
    return before;
  }

  last(key: RingKey): Sighting | undefined {
    return this.at(this.slotOf(word(key, 0), word(key, 4)));
  }

  judge(key: RingKey, verdict: number): void {
    this.verdicts[this.slotOf(word(key, 0), word(key, 4))] = verdict;
  }

  private at(slot: number): Sighting | undefined {
    const record = this.records[slot] as number;
    return record === 0 ? undefined : { record, verdict: this.verdicts[slot] as number };
  }

  /** The slot that holds the position, or the free one where it belongs. */
  private slotOf(high: number, low: number): number {
    const mask = this.records.length - 1;
    let slot = low & mask;
    while (this.records[slot] !== 0 && (this.high[slot] !== high || this.low[slot] !== low)) {
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  private grow(): void {
    const { high, low, records, verdicts } = this;
    this.high = new Uint32Array(records.length * 2);
    this.low = new Uint32Array(records.length * 2);
    this.records = new Float64Array(records.length * 2);
    this.verdicts = new Uint8Array(records.length * 2);
    for (let old = 0; old < records.length; old++) {
      if (records[old] === 0) continue;
      const slot = this.slotOf(high[old] as number, low[old] as number);
      this.high[slot] = high[old] as number;
      this.low[slot] = low[old] as number;
      this.records[slot] = records[old] as number;
      this.verdicts[slot] = verdicts[old] as number;
    }
  }
}

function word(key: RingKey, at: number): number {
  return (
    ((key.charCodeAt(at) << 24) |
      (key.charCodeAt(at + 1) << 16) |
      (key.charCodeAt(at + 2) << 8) |
      key.charCodeAt(at + 3)) >>>
    0
  );
}

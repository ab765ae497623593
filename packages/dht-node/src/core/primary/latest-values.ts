/**
 * What the newest numbered write on a key leaves, committed or not: the state for which the next write is evaluated.
 *
 * Uncommitted writes are looked through when somebody asks, once each. A stream of writes that do not look costs
 * nothing.
 */

import type { RingKey, Seq } from '@ringkeep/shared';
import type { Entry, EntryStore, Found } from '../replica/entry-store';
import type { Replica } from '../replica/replica';
import { entriesOfOp, type SequencedOp } from '../replica/sequenced-op';

interface Numbered {
  readonly seq: Seq;
  readonly entry: Entry;
}

export class LatestValues {
  /** Of the uncommitted writes up to `lookedThrough`, the newest on each key. */
  private readonly uncommitted = new Map<RingKey, Numbered>();
  private lookedThrough: Seq = 0;

  /** `fresh`: numbered after what is prepared, and not prepared yet. */
  constructor(
    private readonly entries: EntryStore,
    private readonly replica: Replica,
    private readonly fresh: () => readonly SequencedOp[],
  ) {}

  of(key: RingKey): Found {
    this.lookThrough();
    const numbered = this.uncommitted.get(key);
    return numbered === undefined ? this.entries.get(key) : numbered.entry.value;
  }

  committedOf(key: RingKey): Found {
    return this.entries.get(key);
  }

  /** They are in the table now, up to that number. */
  committed(entries: readonly Entry[], seq: Seq): void {
    if (this.uncommitted.size === 0) return;
    for (const { key } of entries) {
      const numbered = this.uncommitted.get(key);
      if (numbered !== undefined && numbered.seq <= seq) this.uncommitted.delete(key);
    }
  }

  /** The arc has other keys, or its copy other operations, than before. */
  forget(): void {
    this.uncommitted.clear();
    this.lookedThrough = 0;
  }

  private lookThrough(): void {
    const { committed, lastPrepared, window } = this.replica;
    const fresh = this.fresh();
    const last = lastPrepared + fresh.length;
    for (let seq = Math.max(this.lookedThrough, committed) + 1; seq <= last; seq++) {
      const op = seq <= lastPrepared ? window[seq - committed - 1] : fresh[seq - lastPrepared - 1];
      for (const entry of entriesOfOp(op)) this.uncommitted.set(entry.key, { seq, entry });
    }
    this.lookedThrough = last;
  }
}

/**
 * What is damaged in this node's copies, and where it comes back from.
 *
 * A stretch of the ring is damaged if an entry in it is not what its primary made, by its checksum. A read, a transfer
 * or the background scrub finds it. Such an entry is neither used as an answer nor sent. A follower asks its primary
 * for the stretch; a primary asks its followers (repairs.ts says which answer counts). It asks again until one comes,
 * and forgets stretches that have been overwritten meanwhile.
 */

import { arcKeyRanges, type Arc, type Bytes, type KeyRange } from '@ringkeep/shared';
import { MENDING_RANGES_MAX, MEND_AGAIN_MS } from '../limits';
import type { Repairing, Reports, StepTime, StoredCopies, TransferSettings } from '../context';
import { DAMAGED, type EntryStore } from './entry-store';
import type { Repair } from '../messages';
import type { Replica } from './replica';

interface Wanted {
  readonly range: KeyRange;
  /** When to check whether it is still damaged: whenever something has come, and before it is asked for. */
  lookAt: number;
  askAt: number;
}

/** Asks the nodes that may hold a copy's ranges undamaged. */
export type RepairAsker = (copy: Replica, ranges: readonly KeyRange[]) => void;

export class Mending {
  /** By where they begin. */
  private readonly wanted = new Map<Bytes, Wanted>();
  private foundOfLate = 0;
  private mendedOfLate = 0;
  private lastMended = '' as Bytes;
  private reportAt = 0;

  constructor(
    private readonly context: StepTime & StoredCopies & Reports,
    private readonly ask: RepairAsker,
  ) {}

  get size(): number {
    return this.wanted.size;
  }

  /** It may be mended by now; that is looked at with the next tick. */
  isDamagedWithin(arc: Arc): boolean {
    for (const { range } of this.wanted.values()) if (partsWithin(arc, range).length > 0) return true;
    return false;
  }

  damagedWithin(arc: Arc): readonly KeyRange[] {
    const { entries } = this.context.replicas;
    return damagedEntries(
      entries,
      [...this.wanted.values()].flatMap(({ range }) => partsWithin(arc, range)),
    );
  }

  /** Also by a read that has met it. */
  found(range: KeyRange): void {
    if (this.wanted.has(range.from) || this.wanted.size >= MENDING_RANGES_MAX) return;
    this.wanted.set(range.from, { range, lookAt: this.context.now, askAt: this.context.now });
    this.foundOfLate++;
    this.context.wakeAt(this.context.now);
  }

  tick(): void {
    if (this.wanted.size > 0) this.askDue();
    this.reportSometimes();
  }

  private askDue(): void {
    const { now, replicas } = this.context;
    const due: KeyRange[] = [];
    for (const wanted of this.wanted.values()) {
      if (wanted.lookAt <= now) {
        if (!isDamaged(replicas.entries, wanted.range)) {
          this.wanted.delete(wanted.range.from);
          this.mendedOfLate++;
          this.lastMended = wanted.range.from;
          continue;
        }
        if (wanted.askAt <= now) {
          wanted.askAt = now + MEND_AGAIN_MS;
          due.push(wanted.range);
        }
        wanted.lookAt = wanted.askAt;
      }
      this.context.wakeAt(wanted.lookAt);
    }
    if (due.length === 0) return;
    for (const copy of replicas.all()) {
      const ranges = due.flatMap((range) => partsWithin(copy.range, range));
      if (ranges.length > 0) this.ask(copy, ranges);
    }
  }

  /** Thousands of entries may be damaged at once. */
  private reportSometimes(): void {
    const { foundOfLate: found, mendedOfLate: mended, context } = this;
    if (found === 0 && mended === 0) return;
    if (context.now < this.reportAt) return context.wakeAt(this.reportAt);
    const at = this.wanted.keys().next().value ?? this.lastMended;
    context.report({ kind: 'damage', found, mended, left: this.wanted.size, at });
    this.foundOfLate = this.mendedOfLate = 0;
    this.reportAt = context.now + MEND_AGAIN_MS;
  }

  /** Checks at once whether what came has mended everything. What it did not mend is not asked for any sooner. */
  checkNow(): void {
    for (const wanted of this.wanted.values()) wanted.lookAt = Math.min(wanted.lookAt, this.context.now);
  }
}

/** An entry of the range is not what its primary made. */
export function isDamaged(entries: EntryStore, range: KeyRange): boolean {
  return entries.scan(range, Infinity).damaged !== undefined;
}

/**
 * The damaged entries themselves. Between their sound neighbours a copy that was away for a while may hold more than
 * fits an answer, and nothing of use among it. A range in which no damaged key can be read is left as it is.
 */
export function damagedEntries(entries: EntryStore, ranges: readonly KeyRange[]): KeyRange[] {
  return ranges.flatMap((range) => {
    const keys = Array.from(entries.walk(range), ([key]) => key).filter(
      (key) => entries.get(key) === DAMAGED,
    );
    if (keys.length === 0) return isDamaged(entries, range) ? [range] : [];
    return keys.map((key) => ({ from: key, to: `${key}\0` as Bytes }));
  });
}

/** What a copy holds of ranges that are damaged elsewhere, as far as it is sound here and fits a message. */
export function repairFrom(
  { replicas, transferSizes, mending }: StoredCopies & TransferSettings & Repairing,
  ranges: readonly KeyRange[],
  committed: number,
): Repair {
  const sound: KeyRange[] = [];
  const all: Repair['entries'][number][] = [];
  let room = transferSizes.messageBytes;
  for (const { from, to } of ranges) {
    if (room <= 0) break;
    const { entries, next, damaged } = replicas.entries.scan({ from, to }, room);
    if (damaged) mending.found(damaged);
    for (const entry of entries) {
      room -= entry.key.length + (entry.value?.length ?? 0);
      all.push(entry);
    }
    const until = next ?? to;
    if (until !== from) sound.push({ from, to: until });
  }
  return { kind: 'repair', committed, ranges: sound, entries: all };
}

/** The parts of a range that lie in an arc. */
function partsWithin(arc: Arc, range: KeyRange): KeyRange[] {
  return arcKeyRanges(arc)
    .map((part) => commonPart(part, range))
    .filter(({ from, to }) => to === undefined || from < to);
}

function commonPart(a: KeyRange, b: KeyRange): KeyRange {
  const from = a.from > b.from ? a.from : b.from;
  if (a.to === undefined || b.to === undefined) return { from, to: a.to ?? b.to };
  return { from, to: a.to < b.to ? a.to : b.to };
}

/**
 * What a copy has committed last, kept in memory for watchers (docs/PROTOCOL.md, section 13).
 *
 * It is kept for ranges of positions, not for arcs: the arcs come and go, and at one position all numbers are of one
 * sequence whatever becomes of them. So a split divides a range, and a merge leaves two beside each other, each whole
 * from a number of its own, until both have forgotten what is older than the merge. Only then are they one.
 *
 * A commit is kept as bytes, outside of the JavaScript heap: as objects its operations would be carried about by the
 * garbage collector, and cost each write more than all that the table does for it. They are made out again when somebody
 * asks. The bytes are bounded for the whole node, and the oldest commits go first, whichever range they are of. A range
 * notices when it is asked.
 *
 * Every replica keeps this, so that whoever becomes primary can go on where its predecessor was.
 */

import type { Arc, RingKey, Seq } from '@ringkeep/shared';
import { arcCovers, arcInside, arcKeyTest, arcsEqual } from '@ringkeep/shared/ring/arc';
import type { Entry } from './entry-store';
import { HistoryBlocks, type Packed } from './history-blocks';
import type { SequencedOp } from './sequenced-op';

/** One change that watchers may be told, with the number under which it was committed. */
export interface Change {
  readonly seq: Seq;
  readonly entry: Entry;
}

/** Which changes are asked for: those after a number up to another, so many numbers at most. */
interface NumbersAsked {
  readonly since: Seq;
  readonly through: Seq;
  readonly numbersMax: number;
}

/** Operations that were committed together, under consecutive numbers from `first` on. */
interface Commit {
  /** The arc as it was then. */
  readonly range: Arc;
  readonly first: Seq;
  readonly last: Seq;
  /** Undefined when it is forgotten. */
  packed: Packed | undefined;
}

/** What is kept for one range of positions. */
export class RangeHistory {
  private readonly holds: (key: RingKey) => boolean;
  /** In the order of their numbers; those before `head` are forgotten. */
  private commits: Commit[] = [];
  private head = 0;
  private whole: Seq;
  /** At the last merge that this range was a part of: its neighbours have the same commits after that number only. */
  private mergedAt: Seq = 0;

  /** @param wholeFrom every change after that number is kept */
  constructor(
    readonly range: Arc,
    wholeFrom: Seq,
  ) {
    this.whole = wholeFrom;
    this.holds = arcKeyTest(range);
  }

  /** Every change after this number is here. */
  get wholeFrom(): Seq {
    this.forgetDropped();
    return this.whole;
  }

  add(commit: Commit): void {
    this.forgetDropped();
    this.commits.push(commit);
  }

  /** The same, for a part of the range. */
  part(range: Arc): RangeHistory {
    const part = new RangeHistory(range, this.wholeFrom);
    part.commits = this.commits.slice(this.head);
    part.mergedAt = this.mergedAt;
    return part;
  }

  /** Its arc was joined with the next one: from that number on they have one sequence. */
  mergeAt(seq: Seq): void {
    this.mergedAt = Math.max(this.mergedAt, seq);
  }

  /** Both keep the same commits: what is older than the merge is forgotten. */
  isLevelWith(other: RangeHistory): boolean {
    return this.wholeFrom === other.wholeFrom && this.whole >= Math.max(this.mergedAt, other.mergedAt);
  }

  /**
   * Tells the changes after a number whose keys are wanted, in order, until `take` wants no more or `numbersMax` numbers
   * are looked at. Whatever stands under a number is told as a whole.
   *
   * @returns the number up to which all were told
   */
  tell(
    { since, through, numbersMax }: NumbersAsked,
    wants: (key: RingKey) => boolean,
    take: (change: Change) => boolean,
  ): Seq {
    const wantsHere = (key: RingKey): boolean => this.holds(key) && wants(key);
    let left = numbersMax;
    for (let at = this.placeOf(since + 1); at < this.commits.length; at++) {
      const { range, first, last, packed } = this.commits[at] as Commit;
      const from = Math.max(first, since + 1);
      const to = Math.min(last, through, from + left - 1);
      const stopped = packed?.ops.tell(
        from - first,
        to - first,
        arcsEqual(range, this.range) ? wants : wantsHere,
        (entry, op) => take({ seq: first + op, entry }),
      );
      if (stopped !== undefined) return first + stopped;
      left -= Math.max(0, to - from + 1);
      if (left === 0 && to < Math.min(last, through)) return to;
    }
    return through;
  }

  /** The first commit with a number from `seq` on. */
  private placeOf(seq: Seq): number {
    this.forgetDropped();
    let low = this.head;
    let high = this.commits.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.commits[middle] as Commit).last < seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private forgetDropped(): void {
    const { commits } = this;
    for (; this.head < commits.length; this.head++) {
      const { packed, last } = commits[this.head] as Commit;
      if (packed !== undefined) break;
      this.whole = Math.max(this.whole, last);
    }
    // The order of the node's commits is that of each range's, so nothing dropped is left behind the head.
    if (this.head * 2 <= commits.length || this.head < DROPPED_KEPT_MAX) return;
    this.commits = commits.slice(this.head);
    this.head = 0;
  }
}

/** Forgotten commits that a list may still have at its head, before it is made anew. */
const DROPPED_KEPT_MAX = 64;

/** The bound, for all copies of a node together. */
export class ChangeHistory {
  private readonly blocks: HistoryBlocks;
  private queue: Commit[] = [];
  private head = 0;

  constructor(bytesMax: number) {
    this.blocks = new HistoryBlocks(bytesMax);
  }

  get bytes(): number {
    return this.blocks.bytes;
  }

  /** Operations of an arc were committed, under consecutive numbers from `first` on. */
  add(histories: readonly RangeHistory[], range: Arc, first: Seq, ops: readonly SequencedOp[]): void {
    if (ops.length === 0) return;
    let packed = this.blocks.pack(ops);
    while (packed === undefined && this.drop()) packed = this.blocks.pack(ops);
    const commit: Commit = { range, first, last: first + ops.length - 1, packed };
    for (const history of histories) history.add(commit);
    if (packed !== undefined) this.queue.push(commit);
    if (this.head > DROPPED_KEPT_MAX && this.head * 2 > this.queue.length) {
      this.queue = this.queue.slice(this.head);
      this.head = 0;
    }
  }

  /** @returns false if there is nothing left to forget */
  private drop(): boolean {
    const commit = this.queue[this.head];
    if (commit?.packed === undefined) return false;
    this.head++;
    this.blocks.forget(commit.packed);
    // A range that nobody asks keeps the commit in its list for a while, but nothing of what it was.
    commit.packed = undefined;
    return true;
  }
}

/** What is kept of a part of a copy. */
export function partsWithin(histories: readonly RangeHistory[], range: Arc): RangeHistory[] {
  return histories.flatMap((history) => arcInside(history.range, range).map((part) => history.part(part)));
}

/** Joins neighbours that keep the same by now. */
export function joinLevel(
  histories: readonly RangeHistory[],
  rules: { areLevel(level: boolean): boolean },
): readonly RangeHistory[] {
  const joined: RangeHistory[] = [];
  for (const history of histories) {
    const before = joined.at(-1);
    if (before?.range.end === history.range.start && rules.areLevel(before.isLevelWith(history)))
      joined.splice(-1, 1, before.part({ start: before.range.start, end: history.range.end }));
    else joined.push(history);
  }
  return joined.length < histories.length ? joined : histories;
}

/** The one that has all of a range. */
export function historyOf(histories: readonly RangeHistory[], range: Arc): RangeHistory | undefined {
  return histories.find((history) => arcCovers(history.range, range));
}

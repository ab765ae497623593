/**
 * What a copy has committed last, kept in memory for watchers (docs/PROTOCOL.md, section 13).
 *
 * It is kept for ranges of positions, not for arcs: the arcs come and go, and at one position all numbers are of one
 * sequence whatever becomes of them. So a split divides a range, and a merge leaves two beside each other, each whole
 * from a number of its own, until both have forgotten what is older than the merge. Only then are they one.
 *
 * A commit is kept as the array that the window has given up: no copy, no look at the operations but for their bytes.
 * The bytes are bounded for the whole node, and the oldest commits go first, whichever range they are of. A range notices
 * when it is asked.
 *
 * Every replica keeps this, so that whoever becomes primary can go on where its predecessor was.
 */

import type { Arc, RingKey, Seq } from '@ringkeep/shared';
import { arcCovers, arcInside, arcKeyTest, arcsEqual } from '@ringkeep/shared/ring/arc';
import { CHANGE_BYTES_EACH } from '../limits';
import type { Entry } from './entry-store';
import { isGroup, keyOfOp, opBytes, type EntryGroup, type SequencedOp } from './sequenced-op';

/** One change that watchers may be told, with the number under which it was committed. */
export interface Change {
  readonly seq: Seq;
  readonly entry: Entry;
}

/** Operations that were committed together, under consecutive numbers from `first` on. */
interface Commit {
  /** The arc as it was then. */
  readonly range: Arc;
  readonly first: Seq;
  readonly last: Seq;
  readonly bytes: number;
  /** Undefined when it is forgotten. */
  ops: readonly SequencedOp[] | undefined;
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
   * Tells the changes after a number, in order, until `take` wants no more or `numbersMax` numbers are looked at.
   * @returns the number up to which all were told
   */
  tell(since: Seq, through: Seq, numbersMax: number, take: (change: Change) => boolean): Seq {
    let left = numbersMax;
    for (let at = this.placeOf(since + 1); at < this.commits.length; at++) {
      const commit = this.commits[at] as Commit;
      const ofAll = arcsEqual(commit.range, this.range);
      const last = Math.min(commit.last, through);
      for (let seq = Math.max(commit.first, since + 1); seq <= last; seq++) {
        if (left-- === 0) return seq - 1;
        const op = commit.ops?.[seq - commit.first];
        if (op === undefined || !(ofAll || this.holds(keyOfOp(op)))) continue;
        if (!takeAll(seq, op, take)) return seq;
      }
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
      const { ops, last } = commits[this.head] as Commit;
      if (ops !== undefined) break;
      this.whole = Math.max(this.whole, last);
    }
    // The order of the node's commits is that of each range's, so nothing dropped is left behind the head.
    if (this.head * 2 <= commits.length || this.head < DROPPED_KEPT_MAX) return;
    this.commits = commits.slice(this.head);
    this.head = 0;
  }
}

/** Whatever stands under a number is told as a whole. */
function takeAll(seq: Seq, op: Entry | EntryGroup, take: (change: Change) => boolean): boolean {
  if (!isGroup(op)) return take({ seq, entry: op });
  let wantsMore = true;
  for (const entry of op.group) wantsMore = take({ seq, entry }) && wantsMore;
  return wantsMore;
}

/** Forgotten commits that a list may still have at its head, before it is made anew. */
const DROPPED_KEPT_MAX = 64;

/** The bound, for all copies of a node together. */
export class ChangeHistory {
  private queue: Commit[] = [];
  private head = 0;
  private keptBytes = 0;

  constructor(private readonly bytesMax: number) {}

  get bytes(): number {
    return this.keptBytes;
  }

  /** Operations of an arc were committed, under consecutive numbers from `first` on. */
  add(histories: readonly RangeHistory[], range: Arc, first: Seq, ops: readonly SequencedOp[]): void {
    if (ops.length === 0) return;
    let bytes = 0;
    for (const op of ops) bytes += opBytes(op) + CHANGE_BYTES_EACH;
    const commit: Commit = { range, first, last: first + ops.length - 1, ops, bytes };
    for (const history of histories) history.add(commit);
    this.queue.push(commit);
    this.keptBytes += bytes;
    while (this.keptBytes > this.bytesMax) this.drop();
    if (this.head > DROPPED_KEPT_MAX && this.head * 2 > this.queue.length) {
      this.queue = this.queue.slice(this.head);
      this.head = 0;
    }
  }

  private drop(): void {
    const commit = this.queue[this.head++] as Commit;
    // A range that nobody asks keeps the commit in its list for a while, but nothing of what it was.
    commit.ops = undefined;
    this.keptBytes -= commit.bytes;
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

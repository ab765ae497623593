/**
 * A part of the ring that is read anew by pages while its watch goes on, so that whoever mirrors it is right at the end.
 *
 * A page is what its stretch held as of one number of its arc, and the watch goes on exactly from there:
 *
 *   1. Behind the pages that have come, a change is told if its number is above its page's, and else is in the page.
 *   2. Before them nothing is told: a page that is asked for later has it.
 *   3. While a page is under way it is not known which of the two will be so: what comes is kept until it is there.
 *
 * No more is kept than what comes in the time of one page.
 */

import type { Arc, Bytes, KeyRange, RingKey } from '@ringkeep/shared';
import { arcKeyRanges, arcKeyTest } from '@ringkeep/shared/ring/arc';
import type { ToldChange } from '@ringkeep/shared/operations/changes';
import { Cursor } from './cursor';

interface ReadStretch extends KeyRange {
  readonly seq: number;
}

export class Resync {
  private readonly left: KeyRange[];
  private readonly pages: ReadStretch[] = [];
  private readonly holds: (key: RingKey) => boolean;
  /** How far the watch is: what lies behind every page is told by it alone. */
  private readonly told: Cursor;
  private kept: ToldChange[] = [];
  private asked = false;

  constructor(
    readonly range: Arc,
    private readonly placed: (key: Bytes) => RingKey,
  ) {
    this.left = arcKeyRanges(range);
    this.holds = arcKeyTest(range);
    this.told = new Cursor([{ range, seq: 0 }]);
  }

  /** Where the next page begins; undefined when all is read. It is asked for now. */
  ask(): Bytes | undefined {
    this.asked = this.left.length > 0;
    return this.left[0]?.from;
  }

  /** It is not told after all: nothing of it is known. */
  failed(): void {
    this.asked = false;
    this.kept = [];
  }

  /**
   * A page has come, which is whole up to `next`. @returns the changes that are told after it
   */
  read(seq: number, next: Bytes | undefined): readonly ToldChange[] {
    const [stretch] = this.left;
    if (stretch === undefined) return [];
    const { from, to } = stretch;
    const isLast = next === undefined || (to !== undefined && next >= to);
    const end = isLast ? to : next;
    this.pages.push({ from, to: end, seq });
    if (isLast) this.left.shift();
    else this.left[0] = { from: next, to };
    const { kept } = this;
    this.failed();
    return kept.filter((change) => this.isBehind(change));
  }

  /** Of what is told now, what is passed on. */
  pass(changes: readonly ToldChange[]): readonly ToldChange[] {
    return changes.filter((change) => {
      const key = this.placed(change.key);
      if (!this.holds(key)) return true;
      const page = this.pageOf(key);
      if (page !== undefined) return change.version > page.seq;
      if (this.asked) this.kept.push(change);
      return false;
    });
  }

  /** Everything of a range up to a number has been told. @returns whether the watch needs the pages no more */
  isOverWith(range: Arc, through: number): boolean {
    this.told.advance(range, through);
    if (this.left.length > 0) return false;
    const last = Math.max(0, ...this.pages.map(({ seq }) => seq));
    return this.told.parts.every(({ seq = 0 }) => seq >= last);
  }

  private isBehind(change: ToldChange): boolean {
    const page = this.pageOf(this.placed(change.key));
    return page !== undefined && change.version > page.seq;
  }

  private pageOf(key: RingKey): ReadStretch | undefined {
    return this.pages.find(({ from, to }) => key >= from && (to === undefined || key < to));
  }
}

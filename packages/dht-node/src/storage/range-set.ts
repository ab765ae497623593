/**
 * A set of key ranges, kept sorted, disjoint and merged.
 *
 * It remembers what was erased from the layers below. A node erases arcs, so there are only a handful of ranges at any
 * time, and an array with binary search is enough.
 */

import type { Bytes, KeyRange } from '@ringkeep/shared';

export const WHOLE_RING: KeyRange = { from: '' as Bytes, to: undefined };

export class RangeSet {
  private ranges: KeyRange[] = [];

  get isEmpty(): boolean {
    return this.ranges.length === 0;
  }

  list(): readonly KeyRange[] {
    return this.ranges;
  }

  add(range: KeyRange): void {
    if (isEmptyRange(range)) return;
    let { from, to } = range;
    const apart: KeyRange[] = [];
    for (const other of this.ranges) {
      if (endsBefore(other, from) || endsBefore({ from, to }, other.from)) apart.push(other);
      else {
        from = other.from < from ? other.from : from;
        to = to === undefined || other.to === undefined ? undefined : other.to > to ? other.to : to;
      }
    }
    apart.push({ from, to });
    this.ranges = apart.sort((a, b) => (a.from < b.from ? -1 : 1));
  }

  contains(key: Bytes): boolean {
    if (this.ranges.length === 0) return false;
    const candidate = this.ranges[this.lastStartingAtOrBefore(key)];
    return candidate !== undefined && (candidate.to === undefined || key < candidate.to);
  }

  /** The parts of a range that are not in the set, in order. */
  gaps(range: KeyRange): KeyRange[] {
    const gaps: KeyRange[] = [];
    let from = range.from;
    for (const covered of this.ranges) {
      if (covered.to !== undefined && covered.to <= from) continue;
      if (range.to !== undefined && covered.from >= range.to) break;
      if (covered.from > from) gaps.push({ from, to: covered.from });
      if (covered.to === undefined) return gaps;
      from = covered.to;
    }
    const rest = { from, to: range.to };
    if (!isEmptyRange(rest)) gaps.push(rest);
    return gaps;
  }

  private lastStartingAtOrBefore(key: Bytes): number {
    let low = 0;
    let high = this.ranges.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.ranges[middle] as KeyRange).from <= key) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}

export function isEmptyRange(range: KeyRange): boolean {
  return range.to !== undefined && range.to <= range.from;
}

/** Ends before the key, with a gap: ranges that touch are to be merged. */
function endsBefore(range: KeyRange, key: Bytes): boolean {
  return range.to !== undefined && range.to < key;
}

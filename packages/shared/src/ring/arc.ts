/**
 * Arcs [start, end): the positions from one boundary up to the next one clockwise.
 *
 * An arc may run through zero, and `start = end` is the whole ring: there is no empty arc.
 * Reference: Karger et al., Consistent Hashing and Random Trees, STOC 1997, section 4.
 */

import type { Bytes } from './bytes';
import { clockwiseDistance, formatPosition, RING_SIZE, type Position } from './position';
import { placeBehind, positionBytes, positionOf, type RingKey } from './ring-key';

/** A half-open stretch of the ring. */
export interface Arc {
  readonly start: Position;
  readonly end: Position;
}

export function arcContains(arc: Arc, point: Position): boolean {
  if (arc.start === arc.end) return true;
  return clockwiseDistance(arc.start, point) < clockwiseDistance(arc.start, arc.end);
}

/** True when `inner` lies within `outer`. */
export function arcCovers(outer: Arc, inner: Arc): boolean {
  if (outer.start === outer.end) return true;
  if (inner.start === inner.end) return false;
  const offset = clockwiseDistance(outer.start, inner.start);
  return offset + arcWidth(inner) <= arcWidth(outer);
}

/** True when the two share a position. */
export function arcsOverlap(a: Arc, b: Arc): boolean {
  return arcContains(a, b.start) || arcContains(b, a.start);
}

/** The parts of an arc that lie outside another: none, one or two. */
export function arcOutside(arc: Arc, other: Arc): Arc[] {
  return partsOf(arc, other).filter(({ start }) => !arcContains(other, start));
}

/** The parts of an arc that lie within another: none, one or two. */
export function arcInside(arc: Arc, other: Arc): Arc[] {
  return partsOf(arc, other).filter(({ start }) => arcContains(other, start));
}

/** An arc cut at another's boundaries, clockwise. */
function partsOf(arc: Arc, other: Arc): Arc[] {
  const cuts = [other.start, other.end]
    .filter((at) => at !== arc.start && arcContains(arc, at))
    .sort((a, b) => (clockwiseDistance(arc.start, a) < clockwiseDistance(arc.start, b) ? -1 : 1));
  const ends = [...new Set(cuts), arc.end];
  return ends.map((end, index) => ({
    start: index === 0 ? arc.start : (ends[index - 1] as Position),
    end,
  }));
}

export function arcsEqual(a: Arc, b: Arc): boolean {
  return a.start === b.start && a.end === b.end;
}

/** How many positions it has: 1 … 2^64. */
export function arcWidth(arc: Arc): bigint {
  return arc.start === arc.end ? RING_SIZE : clockwiseDistance(arc.start, arc.end);
}

/** Its share of the ring, 0 … 1. */
export function arcShare(arc: Arc): number {
  return Number(arcWidth(arc)) / Number(RING_SIZE);
}

export function formatArc(arc: Arc): string {
  return `[${formatPosition(arc.start)}, ${formatPosition(arc.end)})`;
}

/** A range of byte strings, from ≤ key < to; without `to` up to the end of the order. */
export interface KeyRange {
  readonly from: Bytes;
  readonly to: Bytes | undefined;
}

/** The range that has this key alone. */
export function onlyKey(key: RingKey): KeyRange {
  return { from: key, to: placeBehind(key) };
}

/** The range of all keys that share the position of a key, or of a place. */
export function samePosition(key: RingKey): KeyRange {
  const at = positionOf(key);
  const from = positionBytes(at);
  return { from, to: at + 1n === RING_SIZE ? undefined : positionBytes((at + 1n) as Position) };
}

/** The one or two ranges of ring keys that an arc is, clockwise from its start. */
export function arcKeyRanges(arc: Arc): KeyRange[] {
  const from = positionBytes(arc.start);
  if (arc.end > arc.start) return [{ from, to: positionBytes(arc.end) }];
  const upper: KeyRange = { from, to: undefined };
  return arc.end === 0n ? [upper] : [upper, { from: '' as Bytes, to: positionBytes(arc.end) }];
}

/**
 * Answers the same question as arcContains for ring keys, without bigints: made once for an arc, asked for each key.
 */
export function arcKeyTest(arc: Arc): (key: RingKey) => boolean {
  const start = positionBytes(arc.start);
  const end = positionBytes(arc.end);
  if (arc.start === arc.end) return () => true;
  if (arc.start < arc.end) return (key) => key >= start && key < end;
  return (key) => key >= start || key < end;
}

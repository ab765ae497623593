/**
 * One watch: whom it tells of what, and up to where it has been told.
 *
 * At first it has numbers of its own for each range, because its caller may be further in one than in another. Once it
 * is level with its arc everywhere it is *live*: it is told each commit as it comes, and has no number but the arc's.
 */

import type { Arc, Bytes, RingKey, Seq } from '@ringkeep/shared';
import { arcKeyTest } from '@ringkeep/shared/ring/arc';
import { tagOf } from '@ringkeep/shared/ring/position-rule';
import { keyOf, POSITION_BYTES } from '@ringkeep/shared/ring/ring-key';
import { CHANGE_BYTES_EACH, WATCH_OUTSTANDING_BYTES_MAX } from '../limits';
import type { Change } from '../replica/change-history';
import { bytesOf } from '../replica/sequenced-op';

export type WatchFilter =
  | { readonly kind: 'everything' }
  | { readonly kind: 'key'; readonly key: RingKey }
  | { readonly kind: 'prefix'; readonly prefix: Bytes }
  | { readonly kind: 'tag'; readonly tag: Bytes };

/** A range to watch, from after a number on; without one, from now on. */
export interface WatchedRange {
  readonly range: Arc;
  readonly since: Seq | undefined;
}

/** What is told of a range next is what follows that number. */
export interface Place {
  readonly range: Arc;
  seq: Seq;
}

export class Watch {
  /** Of a watch that is live, only the ranges count. */
  places: Place[] = [];
  live = false;
  closed = false;
  private outstandingBytes = 0;
  private readonly matches: (key: RingKey) => boolean;

  /** @param number the host's @param direct ends where another node is the owner, instead of going on there */
  constructor(
    readonly number: number,
    readonly filter: WatchFilter,
    readonly wanted: readonly WatchedRange[],
    readonly direct: boolean,
  ) {
    this.matches = testOf(filter);
  }

  /** Nothing is left of it to watch. */
  get isOver(): boolean {
    return this.closed || this.places.length === 0;
  }

  /** As much is on its way as may be. */
  get isFull(): boolean {
    return this.outstandingBytes >= WATCH_OUTSTANDING_BYTES_MAX;
  }

  sent(bytes: number): void {
    this.outstandingBytes += bytes;
  }

  /** Its host has passed that much on. */
  taken(bytes: number): void {
    this.outstandingBytes = Math.max(0, this.outstandingBytes - bytes);
  }

  concerns(key: RingKey): boolean {
    return this.matches(key);
  }

  /** Those of changes that concern it which lie in a range. */
  of(changes: readonly Change[], range: Arc, isWholeArc: boolean): readonly Change[] {
    if (isWholeArc) return changes;
    const holds = arcKeyTest(range);
    return changes.filter(({ entry }) => holds(entry.key));
  }
}

/** Bytes that are on their way with a message of these. */
export function bytesOfChanges(changes: readonly Change[]): number {
  let bytes = CHANGE_BYTES_EACH;
  for (const { entry } of changes) bytes += bytesOf(entry) + CHANGE_BYTES_EACH;
  return bytes;
}

function testOf(filter: WatchFilter): (key: RingKey) => boolean {
  switch (filter.kind) {
    case 'everything':
      return () => true;
    case 'key':
      return (key) => key === filter.key;
    case 'prefix':
      return (key) => key.startsWith(filter.prefix, POSITION_BYTES);
    case 'tag':
      return (key) => tagOf(keyOf(key)) === filter.tag;
  }
}

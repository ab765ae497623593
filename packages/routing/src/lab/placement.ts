/**
 * Where nodes come to lie on the ring, by several rules, and how even that makes their shares.
 *
 * "balanced" is Ringkeep's own rule: a newcomer draws 32 places and takes the one with the greatest product
 * of the arc that it falls into and the smaller part that it cuts off. "hash" is a single draw. "virtual"
 * gives each node 100 single draws, as Dynamo and many after it do; such a node has 100 arcs, so this rule
 * is measured for balance only.
 */

import type { Random } from '@ringkeep/shared';
import { randomPosition, RING_SIZE } from './lab-ring';

export const PLACEMENTS = ['hash', 'balanced', 'virtual'] as const;
export type Placement = (typeof PLACEMENTS)[number];

export const SALTS = 32;
export const VIRTUAL_NODES = 100;

export interface Balance {
  readonly placement: Placement;
  readonly nodes: number;
  /** Shares of the ring over the mean share. */
  readonly largest: number;
  readonly smallest: number;
  /** Standard deviation of the shares over the mean share. */
  readonly deviation: number;
}

/** Rising, distinct positions of `size` nodes. */
export function placedIds(size: number, placement: 'hash' | 'balanced', random: Random): Float64Array {
  return placement === 'hash' ? hashedIds(size, random) : balancedIds(size, random);
}

function hashedIds(size: number, random: Random): Float64Array {
  const ids = new Float64Array(size);
  for (;;) {
    for (let i = 0; i < size; i++) if (ids[i] === 0) ids[i] = randomPosition(random);
    ids.sort();
    let repeated = 0;
    for (let i = 1; i < size; i++) {
      if (ids[i] !== ids[i - 1]) continue;
      ids[i - 1] = 0;
      repeated++;
    }
    if (repeated === 0) return ids;
  }
}

function balancedIds(size: number, random: Random): Float64Array {
  const places = new GrowingPlaces(size);
  for (let i = 0; i < size; i++) {
    let best = -1;
    let bestScore = -1;
    for (let salt = 0; salt < SALTS; salt++) {
      const place = randomPosition(random);
      const score = places.splitScore(place);
      if (score <= bestScore) continue;
      best = place;
      bestScore = score;
    }
    places.insert(best);
  }
  return places.sorted();
}

/** Sorted positions that grow one by one, in buckets of a few: nodes are spread evenly enough for that. */
class GrowingPlaces {
  private readonly buckets: number[][];
  private count = 0;

  constructor(sizeMax: number) {
    this.buckets = Array.from({ length: Math.max(1, sizeMax >>> 2) }, () => []);
  }

  /** How well a place splits the arc it falls into, in shares of the ring; 0 when it is taken. */
  splitScore(place: number): number {
    if (this.count === 0) return 1;
    const before = (place - this.before(place)) / RING_SIZE;
    const after = (this.after(place) - place) / RING_SIZE;
    return (before + after) * Math.min(before, after);
  }

  insert(place: number): void {
    const bucket = this.bucketOf(place);
    let at = bucket.length;
    while (at > 0 && (bucket[at - 1] as number) > place) at--;
    bucket.splice(at, 0, place);
    this.count++;
  }

  sorted(): Float64Array {
    return Float64Array.from(this.buckets.flat());
  }

  /** The last place ≤ `place`; below 0 when it lies on the other side of zero. */
  private before(place: number): number {
    const bucket = this.bucketOf(place);
    for (let i = bucket.length - 1; i >= 0; i--) {
      if ((bucket[i] as number) <= place) return bucket[i] as number;
    }
    for (let index = this.indexOf(place) - 1; ; index--) {
      const wrapped = index < 0;
      const last = this.buckets[wrapped ? index + this.buckets.length : index]?.at(-1);
      if (last !== undefined) return wrapped ? last - RING_SIZE : last;
    }
  }

  /** The first place ≥ `place`; beyond the ring's size when it lies on the other side of zero. */
  private after(place: number): number {
    for (const other of this.bucketOf(place)) if (other >= place) return other;
    for (let index = this.indexOf(place) + 1; ; index++) {
      const wrapped = index >= this.buckets.length;
      const first = this.buckets[wrapped ? index - this.buckets.length : index]?.[0];
      if (first !== undefined) return wrapped ? first + RING_SIZE : first;
    }
  }

  private indexOf(place: number): number {
    return Math.floor((place / RING_SIZE) * this.buckets.length);
  }

  private bucketOf(place: number): number[] {
    return this.buckets[this.indexOf(place)] as number[];
  }
}

export function measureBalance(placement: Placement, size: number, random: Random): Balance {
  const shares =
    placement === 'virtual' ? virtualShares(size, random) : arcs(placedIds(size, placement, random));
  const mean = RING_SIZE / size;
  let largest = 0;
  let smallest = Infinity;
  let squares = 0;
  for (const share of shares) {
    largest = Math.max(largest, share / mean);
    smallest = Math.min(smallest, share / mean);
    squares += (share / mean - 1) ** 2;
  }
  return { placement, nodes: size, largest, smallest, deviation: Math.sqrt(squares / size) };
}

/** The arc that each place begins. */
function arcs(ids: Float64Array): Float64Array {
  return ids.map(
    (id, i) => (i + 1 < ids.length ? (ids[i + 1] as number) : (ids[0] as number) + RING_SIZE) - id,
  );
}

function virtualShares(size: number, random: Random): Float64Array {
  const widths = arcs(hashedIds(size * VIRTUAL_NODES, random));
  const owners = new Int32Array(widths.length).map((_, i) => i % size);
  for (let i = owners.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [owners[i], owners[j]] = [owners[j] as number, owners[i] as number];
  }
  const shares = new Float64Array(size);
  widths.forEach((width, i) => {
    shares[owners[i] as number] = (shares[owners[i] as number] as number) + width;
  });
  return shares;
}

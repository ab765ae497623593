/**
 * A ring for experiments: up to millions of nodes as numbers in typed arrays, a node being its rank on the
 * ring.
 *
 * Positions are whole numbers below 2^52, because a double holds them and their sums exactly and is many
 * times faster than a bigint. 52 bits are 13 hexadecimal digits; two of a million nodes meet with a
 * probability of 1 in 10^4, and then another is drawn. `positionOf` gives the same position in the library's
 * 64 bits.
 */

import { position, type Position, type Random } from '@ringkeep/shared';

export const POSITION_BITS = 52;
export const RING_SIZE = 2 ** POSITION_BITS;
/** The lower bits that fill the second word of a position; the first has 32. */
export const LOW_BITS = 20;
const LOW_SIZE = 2 ** LOW_BITS;

export class LabRing {
  /** Positions, rising; the index is the node. */
  readonly ids: Float64Array;
  /** Co-ordinates of the proximity metric, in the unit square. */
  readonly x: Float64Array;
  readonly y: Float64Array;
  /** First node whose position lies in or behind the bucket: makes owner look-ups constant. */
  private readonly bucketStarts: Int32Array;

  constructor(sortedIds: Float64Array, random: Random) {
    const size = sortedIds.length;
    this.ids = sortedIds;
    this.x = Float64Array.from({ length: size }, () => random.fraction());
    this.y = Float64Array.from({ length: size }, () => random.fraction());
    this.bucketStarts = new Int32Array(size + 1);
    let node = 0;
    for (let bucket = 0; bucket <= size; bucket++) {
      while (node < size && this.bucketOf(sortedIds[node] as number) < bucket) node++;
      this.bucketStarts[bucket] = node;
    }
  }

  get size(): number {
    return this.ids.length;
  }

  get bytes(): number {
    return this.ids.byteLength + this.x.byteLength + this.y.byteLength + this.bucketStarts.byteLength;
  }

  /** Clockwise distance from a node to a position. */
  clockwiseTo(node: number, target: number): number {
    const distance = target - (this.ids[node] as number);
    return distance >= 0 ? distance : distance + RING_SIZE;
  }

  clockwise(from: number, to: number): number {
    return this.clockwiseTo(from, this.ids[to] as number);
  }

  /** Distance between two nodes under the proximity metric. */
  proximity(a: number, b: number): number {
    const dx = (this.x[a] as number) - (this.x[b] as number);
    const dy = (this.y[a] as number) - (this.y[b] as number);
    return Math.sqrt(dx * dx + dy * dy);
  }

  /** The node with the greatest id ≤ target, going round. */
  owner(target: number): number {
    let node = this.bucketStarts[this.bucketOf(target)] as number;
    while (node < this.size && (this.ids[node] as number) <= target) node++;
    return node === 0 ? this.size - 1 : node - 1;
  }

  /** First node at or behind a position, going round. */
  firstAtOrAfter(target: number): number {
    const owner = this.owner(target);
    return this.ids[owner] === target ? owner : (owner + 1) % this.size;
  }

  private bucketOf(target: number): number {
    return Math.floor((target / RING_SIZE) * this.ids.length);
  }
}

/** The library's position for a position of the laboratory. */
export function positionOf(labPosition: number): Position {
  return position(BigInt(labPosition) << BigInt(64 - POSITION_BITS));
}

export function randomPosition(random: Random): number {
  return random.word() * LOW_SIZE + (random.word() >>> (32 - LOW_BITS));
}

/** Clockwise from `from`, `by` may be negative. */
export function advance(from: number, by: number): number {
  const sum = from + by;
  return sum >= RING_SIZE ? sum - RING_SIZE : sum < 0 ? sum + RING_SIZE : sum;
}

/** Distance the shorter way round. */
export function ringDistance(a: number, b: number): number {
  const distance = Math.abs(a - b);
  return distance <= RING_SIZE / 2 ? distance : RING_SIZE - distance;
}

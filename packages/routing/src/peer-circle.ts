/**
 * The peers of one node in the order in which they lie clockwise from it: the common ground of the schemes
 * that route by position alone.
 *
 * Peers are kept by their clockwise offset from the node (1 … 2^64 − 1), so that nothing wraps, and "the last
 * peer at or before a target" is one binary search. The offsets lie in a BigUint64Array: searching a
 * million of them touches 8 MB instead of a million heap numbers.
 */

import { clockwiseDistance, type NodeId, type Position } from '@ringkeep/shared';
import type { Peer } from './scheme';

const FIRST_CAPACITY = 16;
/** From so many peers on a search begins at a guess. */
const GUESS_FROM = 128;

export class PeerCircle {
  private offsets = new BigUint64Array(FIRST_CAPACITY);
  private items: Peer[] = [];

  constructor(readonly self: NodeId) {}

  get size(): number {
    return this.items.length;
  }

  /** The peer at an index, counted clockwise from the node. */
  at(index: number): Peer | undefined {
    return this.items[index];
  }

  offsetAt(index: number): bigint {
    return this.offsets[index] as bigint;
  }

  offsetOf(point: Position): bigint {
    return clockwiseDistance(this.self, point);
  }

  /** Index of the last peer whose offset is ≤ `offset`, or −1 when the node itself comes last. */
  lastAtOrBefore(offset: bigint): number {
    let low = 0;
    let high = this.items.length;
    if (high > GUESS_FROM) {
      // Ids are hashes, spread evenly: the place is near the offset's share of the ring, and the search stays
      // in one part of memory.
      const guess = Math.floor((Number(offset >> 32n) / 2 ** 32) * high);
      let step = GUESS_FROM;
      if ((this.offsets[guess] as bigint) <= offset) {
        low = guess + 1;
        while (low + step < high && (this.offsets[low + step] as bigint) <= offset) step *= 2;
        high = Math.min(high, low + step);
      } else {
        high = guess;
        while (high - step > 0 && (this.offsets[high - step] as bigint) > offset) step *= 2;
        low = Math.max(0, high - step);
      }
    }
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.offsets[middle] as bigint) <= offset) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  indexOf(id: NodeId): number {
    const index = this.lastAtOrBefore(this.offsetOf(id));
    return index >= 0 && (this.items[index] as Peer).id === id ? index : -1;
  }

  has(id: NodeId): boolean {
    return this.indexOf(id) !== -1;
  }

  /** Adds peers, or replaces those with the same ids; the node itself is left out. */
  add(peers: Iterable<Peer>): void {
    const strangers: Peer[] = [];
    for (const peer of peers) {
      if (peer.id === this.self) continue;
      const index = this.indexOf(peer.id);
      if (index === -1) strangers.push(peer);
      else this.items[index] = peer;
    }
    if (strangers.length === 1) this.insert(strangers[0] as Peer);
    else if (strangers.length > 1) this.replaceAll([...this.items, ...strangers]);
  }

  remove(id: NodeId): boolean {
    const index = this.indexOf(id);
    if (index === -1) return false;
    this.items.splice(index, 1);
    this.offsets.copyWithin(index, index + 1, this.items.length + 1);
    return true;
  }

  /** Keeps the peers at the given indices, which must rise, and forgets the others. */
  keepOnly(indices: readonly number[]): void {
    if (indices.length === this.items.length) return;
    this.items = indices.map((index) => this.items[index] as Peer);
    indices.forEach((index, place) => {
      this.offsets[place] = this.offsets[index] as bigint;
    });
  }

  toArray(): Peer[] {
    return this.items.slice();
  }

  /** The ids of all, clockwise. */
  ids(): NodeId[] {
    return this.items.map((peer) => peer.id);
  }

  private insert(peer: Peer): void {
    const offset = this.offsetOf(peer.id);
    const index = this.lastAtOrBefore(offset) + 1;
    this.reserve(this.items.length + 1);
    this.offsets.copyWithin(index + 1, index, this.items.length);
    this.offsets[index] = offset;
    this.items.splice(index, 0, peer);
  }

  /** Sorts from scratch; of several with one id the last one counts. */
  private replaceAll(peers: readonly Peer[]): void {
    const byOffset = new Map<bigint, Peer>();
    for (const peer of peers) byOffset.set(this.offsetOf(peer.id), peer);
    this.reserve(byOffset.size);
    this.items = [];
    const sorted = BigUint64Array.from(byOffset.keys()).sort();
    this.offsets.set(sorted);
    for (const offset of sorted) this.items.push(byOffset.get(offset) as Peer);
  }

  private reserve(size: number): void {
    if (size <= this.offsets.length) return;
    const larger = new BigUint64Array(Math.max(size, this.offsets.length * 2));
    larger.set(this.offsets.subarray(0, this.items.length));
    this.offsets = larger;
  }
}

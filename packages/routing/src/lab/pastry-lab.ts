/**
 * Pastry over a whole ring, b = 4: leaf sets in one array, routing tables in another, row behind row.
 *
 * The neighbourhood set is not stored, only counted, as full: it has a part in routing only where a place of
 * the table is empty and the leaf set has nothing better.
 */

import type { SchemeState } from '../scheme';
import { BASE, digitOf, sharedDigits } from './lab-digits';
import { RING_SIZE, ringDistance, type LabRing } from './lab-ring';
import { NOBODY, type RepairableScheme, type Tried } from './lab-scheme';
import { buildTables, type BuildProgress } from './pastry-tables';
import { walkToPredecessor } from './predecessor-walk';
import { walk } from './walk';

const NEIGHBOURHOOD_SIZE = 32;
const NONE_TRIED: Tried = [];

export class PastryLab implements RepairableScheme {
  readonly name = 'pastry';
  /** Index of a node's first row in `table`, in rows. */
  private readonly rowStarts: Int32Array;
  private readonly table: Int32Array;
  private readonly half: number;
  /** For each node `half` clockwise neighbours, the closest first, then as many on the other side. */
  private leaves: Int32Array;

  constructor(
    private readonly ring: LabRing,
    private readonly leafSetSize = 16,
    onProgress: BuildProgress = () => undefined,
  ) {
    const size = ring.size;
    this.half = leafSetSize / 2;
    const tables = buildTables(ring, onProgress);
    this.rowStarts = tables.rowStarts;
    this.table = tables.entries;
    this.leaves = new Int32Array(size * leafSetSize).fill(NOBODY);
    for (let node = 0; node < size; node++) {
      for (let i = 0; i < Math.min(this.half, size - 1); i++) {
        this.leaves[node * leafSetSize + i] = (node + i + 1) % size;
        this.leaves[node * leafSetSize + this.half + i] = (node - i - 1 + size) % size;
      }
    }
  }

  get bytes(): number {
    const arrays = [this.rowStarts, this.table, this.leaves];
    return arrays.reduce((sum, array) => sum + array.byteLength, 0);
  }

  hop(node: number, target: number): number {
    return this.hopAround(node, target, NONE_TRIED);
  }

  hopAround(node: number, target: number, tried: Tried): number {
    const offset = this.ring.clockwiseTo(node, target);
    const leaf = this.leafHop(node, offset, tried);
    if (leaf !== undefined) return leaf;
    const shared = this.sharedWith(node, target);
    const rows = this.rowsOf(node);
    if (shared < rows) {
      const first = (this.rowStarts[node] as number) + shared;
      const entry = this.table[first * BASE + digitOf(target, shared)] as number;
      if (entry !== NOBODY && !tried.includes(entry)) return entry;
    }
    return this.closerPeer(node, target, shared, tried);
  }

  state(node: number): SchemeState {
    const leaves = leavesIn(this.leaves, node, this.leafSetSize);
    const entries = this.entriesOf(node);
    const neighbourhood = Math.min(NEIGHBOURHOOD_SIZE, this.ring.size - 1);
    // Members of the neighbourhood set are counted apart: which of them are elsewhere too is not known here.
    const peers = new Set([...leaves, ...entries]).size + neighbourhood;
    return { peers, entries: new Set(leaves).size + entries.length + neighbourhood };
  }

  /**
   * Leaf sets: a side with dead members asks its farthest living one for its leaf set. Routing tables: for a
   * dead entry the others of the row, then those below it, are asked for their entry in that place, until
   * one is alive. Where nobody is left behind a node, it finds its predecessor by a walk round the ring,
   * which the paper has not.
   */
  repair(alive: Uint8Array, onProgress: (nodesDone: number) => void = () => undefined): number {
    const before = this.leaves.slice();
    let messages = 0;
    for (let node = 0; node < this.ring.size; node++) {
      if (alive[node] === 0) continue;
      messages += this.repairSide(node, 0, before, alive) + this.repairSide(node, 1, before, alive);
      messages += this.repairTable(node, alive);
      onProgress(node + 1);
    }
    for (let node = 0; node < this.ring.size; node++) {
      const before = this.leaves[node * this.leafSetSize + this.half] as number;
      if (alive[node] === 1 && before === NOBODY) messages += this.findPredecessor(node, alive);
    }
    return messages;
  }

  /**
   * Routes to its own place from its contact; each node on the way sends a row, the last one its leaf set,
   * the contact its neighbourhood set. Then it sends its state to every peer in it.
   */
  joinMessages(place: number, contact: number): number {
    const owner = this.ring.owner(place);
    const path = walk(this.ring, this, contact, place).hops + 1;
    const leaves = Math.min(this.leafSetSize, this.ring.size);
    const neighbourhood = Math.min(NEIGHBOURHOOD_SIZE, this.ring.size);
    // Its table has the places of those who share the longest prefix with it: its ring neighbours.
    const next = (owner + 1) % this.ring.size;
    const closest = this.sharedWith(owner, place) >= this.sharedWith(next, place) ? owner : next;
    const shared = this.sharedWith(closest, place);
    const table = Math.min(shared + 1, this.rowsOf(closest));
    return path + 1 + leaves + neighbourhood + this.filledPlaces(closest, table);
  }

  private sharedWith(node: number, target: number): number {
    return sharedDigits(this.ring.ids[node] as number, target);
  }

  private rowsOf(node: number): number {
    return (this.rowStarts[node + 1] as number) - (this.rowStarts[node] as number);
  }

  /** The last step; undefined when the target does not lie within the leaf set, as far as it answers. */
  private leafHop(node: number, offset: number, tried: Tried): number | undefined {
    const { ring, half, leaves } = this;
    const from = node * this.leafSetSize;
    let last = from + half - 1;
    while (last >= from && leaves[last] === NOBODY) last--;
    if (last >= from && offset <= ring.clockwise(node, leaves[last] as number)) {
      for (let i = last; i >= from; i--) {
        const leaf = leaves[i] as number;
        if (ring.clockwise(node, leaf) <= offset && !tried.includes(leaf)) return leaf;
      }
      return NOBODY;
    }
    for (let i = from + half; i < from + 2 * half; i++) {
      const leaf = leaves[i] as number;
      if (leaf !== NOBODY && ring.clockwise(node, leaf) <= offset && !tried.includes(leaf)) return leaf;
    }
    return undefined;
  }

  /** A known peer that shares as many digits with the target and is closer to it: the best of them. */
  private closerPeer(node: number, target: number, shared: number, tried: Tried): number {
    const { ring } = this;
    let best = NOBODY;
    let bestShared = shared;
    let bestDistance = ringDistance(ring.ids[node] as number, target);
    const own = bestDistance;
    const consider = (peer: number): void => {
      if (peer === NOBODY || tried.includes(peer)) return;
      const peerShared = this.sharedWith(peer, target);
      const distance = ringDistance(ring.ids[peer] as number, target);
      if (peerShared < bestShared || distance >= own) return;
      if (peerShared === bestShared && distance >= bestDistance) return;
      best = peer;
      bestShared = peerShared;
      bestDistance = distance;
    };
    const leafStart = node * this.leafSetSize;
    for (let i = leafStart; i < leafStart + this.leafSetSize; i++) consider(this.leaves[i] as number);
    const end = (this.rowStarts[node + 1] as number) * BASE;
    for (let i = (this.rowStarts[node] as number) * BASE; i < end; i++) consider(this.table[i] as number);
    return best;
  }

  private entriesOf(node: number): number[] {
    const from = (this.rowStarts[node] as number) * BASE;
    const to = (this.rowStarts[node + 1] as number) * BASE;
    return [...this.table.subarray(from, to)].filter((entry) => entry !== NOBODY);
  }

  private filledPlaces(node: number, rows: number): number {
    const from = (this.rowStarts[node] as number) * BASE;
    return this.table
      .subarray(from, from + rows * BASE)
      .reduce((sum, entry) => sum + (entry === NOBODY ? 0 : 1), 0);
  }

  private repairSide(node: number, side: 0 | 1, before: Int32Array, alive: Uint8Array): number {
    const from = node * this.leafSetSize + side * this.half;
    const all = [...before.subarray(from, from + this.half)].filter((leaf) => leaf !== NOBODY);
    const own = all.filter((leaf) => alive[leaf] === 1);
    if (own.length === this.half) return 0;
    const source = own.at(-1);
    this.keepClosest(
      node,
      side,
      source === undefined ? [] : [...own, ...leavesIn(before, source, this.leafSetSize)],
      alive,
    );
    return 1;
  }

  /** Fills a side of a leaf set with the closest of some peers. */
  private keepClosest(node: number, side: 0 | 1, known: readonly number[], alive: Uint8Array): void {
    const { ring, half } = this;
    const far = (leaf: number): number =>
      side === 0 ? ring.clockwise(node, leaf) : ring.clockwise(leaf, node);
    const kept = [...new Set(known)]
      .filter((leaf) => leaf !== node && alive[leaf] === 1 && far(leaf) < RING_SIZE / 2)
      .sort((a, b) => far(a) - far(b))
      .slice(0, half);
    const from = node * this.leafSetSize + side * half;
    this.leaves.fill(NOBODY, from, from + half).set(kept, from);
  }

  private findPredecessor(node: number, alive: Uint8Array): number {
    const leaves = (of: number): number[] => leavesIn(this.leaves, of, this.leafSetSize);
    const peersOf = (of: number): number[] => [...leaves(of), ...this.entriesOf(of)];
    const { predecessor, messages } = walkToPredecessor(this.ring, node, peersOf, alive);
    if (predecessor === NOBODY) return messages;
    const [theirs, ours] = [leaves(predecessor), leaves(node)];
    this.keepClosest(node, 1, [predecessor, ...theirs], alive);
    this.keepClosest(predecessor, 0, [...theirs, node, ...ours], alive);
    return messages;
  }

  private repairTable(node: number, alive: Uint8Array): number {
    const rows = this.rowsOf(node);
    let messages = 0;
    for (let row = 0; row < rows; row++) {
      for (let digit = 0; digit < BASE; digit++) {
        const at = ((this.rowStarts[node] as number) + row) * BASE + digit;
        const entry = this.table[at] as number;
        if (entry === NOBODY || alive[entry] === 1) continue;
        const found = this.askRows(node, row, rows, digit, alive);
        messages += found.asked;
        this.table[at] = found.entry;
      }
    }
    return messages;
  }

  private askRows(
    node: number,
    row: number,
    rows: number,
    digit: number,
    alive: Uint8Array,
  ): { entry: number; asked: number } {
    let asked = 0;
    const from = ((this.rowStarts[node] as number) + row) * BASE;
    const to = ((this.rowStarts[node] as number) + rows) * BASE;
    for (let i = from; i < to; i++) {
      const peer = this.table[i] as number;
      if (peer === NOBODY || alive[peer] === 0) continue;
      asked++;
      const theirs = this.table[((this.rowStarts[peer] as number) + row) * BASE + digit] as number;
      if (theirs !== NOBODY && alive[theirs] === 1) return { entry: theirs, asked };
    }
    return { entry: NOBODY, asked };
  }
}

function leavesIn(leaves: Int32Array, node: number, size: number): number[] {
  return [...leaves.subarray(node * size, (node + 1) * size)].filter((leaf) => leaf !== NOBODY);
}

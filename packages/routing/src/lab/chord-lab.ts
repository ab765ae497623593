/**
 * Chord over a whole ring: one array of fingers for each power of two, one of successor lists, one of
 * predecessors.
 *
 * Fingers of one power are found for all nodes in one sweep round the ring: their starts rise with the
 * nodes. Powers below the smallest gap between two nodes would all be the successor and are left out.
 */

import type { SchemeState } from '../scheme';
import { advance, POSITION_BITS, type LabRing } from './lab-ring';
import { NOBODY, type RepairableScheme, type Tried } from './lab-scheme';
import { walkToPredecessor } from './predecessor-walk';
import { walk, walkAround } from './walk';

const NONE_TRIED: Tried = [];

export class ChordLab implements RepairableScheme {
  readonly name = 'chord';
  /** fingers[power - lowestPower][node]: the first node at or behind node + 2^power. */
  private readonly fingers: Int32Array[] = [];
  private readonly lowestPower: number;
  private successors: Int32Array;
  private readonly predecessors: Int32Array;

  constructor(
    private readonly ring: LabRing,
    /** Length of the successor list. */
    private readonly listLength = 16,
    /** Route by fingers and successor alone, as the paper does; else by all that a node knows. */
    private readonly fingersOnly = false,
  ) {
    const size = ring.size;
    this.lowestPower = Math.max(0, Math.floor(Math.log2(smallestGap(ring))));
    for (let power = this.lowestPower; power < POSITION_BITS; power++) this.fingers.push(this.sweep(power));
    this.successors = new Int32Array(size * listLength).fill(NOBODY);
    this.predecessors = new Int32Array(size).fill(NOBODY);
    for (let node = 0; node < size; node++) {
      for (let i = 0; i < Math.min(listLength, size - 1); i++) {
        this.successors[node * listLength + i] = (node + i + 1) % size;
      }
      if (size > 1) this.predecessors[node] = (node + size - 1) % size;
    }
  }

  get bytes(): number {
    const fingers = this.fingers.reduce((sum, level) => sum + level.byteLength, 0);
    return fingers + this.successors.byteLength + this.predecessors.byteLength;
  }

  hop(node: number, target: number): number {
    return this.hopAround(node, target, NONE_TRIED);
  }

  /** The farthest of predecessor, fingers and successors that does not pass the target. */
  hopAround(node: number, target: number, tried: Tried): number {
    const offset = this.ring.clockwiseTo(node, target);
    const predecessor = this.predecessors[node] as number;
    if (!this.fingersOnly && this.reaches(node, predecessor, offset, tried)) return predecessor;
    const finger = this.bestFinger(node, offset, tried);
    if (this.fingersOnly && finger !== NOBODY) return finger;
    const from = node * this.listLength;
    for (let i = from + this.listLength - 1; i >= from; i--) {
      const successor = this.successors[i] as number;
      if (!this.reaches(node, successor, offset, tried)) continue;
      if (finger === NOBODY) return successor;
      return this.ring.clockwise(node, successor) > this.ring.clockwise(node, finger) ? successor : finger;
    }
    return finger;
  }

  state(node: number): SchemeState {
    const peers = new Set<number>();
    let entries = 0;
    const take = (peer: number): void => {
      if (peer === NOBODY) return;
      peers.add(peer);
      entries++;
    };
    for (const level of this.fingers) take(level[node] as number);
    // The powers left out are fingers too, each the successor.
    if (this.ring.size > 1) entries += 64 - POSITION_BITS + this.lowestPower;
    for (const peer of this.listOf(node, this.successors)) take(peer);
    take(this.predecessors[node] as number);
    return { peers: peers.size, entries };
  }

  /**
   * Drops the dead; takes over the list of the first living successor; looks dead fingers up anew; then each
   * node tells its successor of itself. Who is told by nobody finds its predecessor by a walk round the ring.
   */
  repair(alive: Uint8Array, onProgress: (nodesDone: number) => void = () => undefined): number {
    const before = this.successors.slice();
    let messages = 0;
    for (let node = 0; node < this.ring.size; node++) {
      if (alive[node] === 0) continue;
      if (alive[this.predecessors[node] as number] === 0) this.predecessors[node] = NOBODY;
      messages += this.repairList(node, before, alive);
      messages += this.repairFingers(node, alive);
      onProgress(node + 1);
    }
    for (let node = 0; node < this.ring.size; node++) {
      const successor = this.successors[node * this.listLength] as number;
      if (alive[node] === 0 || successor === NOBODY) continue;
      messages++;
      const known = this.predecessors[successor] as number;
      const closer =
        known === NOBODY || this.ring.clockwise(known, successor) > this.ring.clockwise(node, successor);
      if (closer) this.predecessors[successor] = node;
    }
    for (let node = 0; node < this.ring.size; node++) {
      if (alive[node] === 1 && this.predecessors[node] === NOBODY)
        messages += this.findPredecessor(node, alive);
    }
    return messages;
  }

  /**
   * Finds its predecessor, asks it for the list and tells both neighbours; looks up each finger that is not
   * the one below it; then finds and tells those whose finger it becomes (update_others of the paper).
   */
  joinMessages(place: number, contact: number): number {
    const ring = this.ring;
    const predecessor = ring.owner(place);
    const successor = (predecessor + 1) % ring.size;
    let messages = walk(ring, this, contact, place).hops + 1 + 2;
    let finger = successor;
    for (let power = this.lowestPower; power < POSITION_BITS; power++) {
      const start = advance(place, 2 ** power);
      const reach = ringOffset(place, ring.ids[finger] as number);
      if (2 ** power > reach) {
        messages += walk(ring, this, predecessor, start).hops + 1;
        finger = ring.firstAtOrAfter(start);
      }
      messages += this.tellThoseBefore(place, power, predecessor);
    }
    return messages;
  }

  /** Finds and tells the nodes whose finger of this power the newcomer becomes. */
  private tellThoseBefore(place: number, power: number, predecessor: number): number {
    const ring = this.ring;
    const gap = ringOffset(ring.ids[predecessor] as number, place);
    // From so near only the predecessor could point here, and it has been told.
    if (2 ** power <= gap) return 0;
    const start = advance(place, -(2 ** power));
    let messages = walk(ring, this, predecessor, start).hops + 1;
    let node = ring.owner(start);
    while (ringOffset(advance(ring.ids[node] as number, 2 ** power), place) < gap) {
      messages++;
      node = (node + ring.size - 1) % ring.size;
    }
    return messages;
  }

  private sweep(power: number): Int32Array {
    const { ring } = this;
    const size = ring.size;
    const reach = 2 ** power;
    const level = new Int32Array(size);
    const next = (node: number): number => (node + 1 === size ? 0 : node + 1);
    let finger = ring.firstAtOrAfter(advance(ring.ids[0] as number, reach));
    for (let node = 0; node < size; node++) {
      // The start has moved on with the node; so does the finger, past all that lie before the start.
      if (finger === node) finger = next(finger);
      while (finger !== node && ring.clockwise(node, finger) < reach) finger = next(finger);
      level[node] = finger === node ? NOBODY : finger;
    }
    return level;
  }

  private bestFinger(node: number, offset: number, tried: Tried): number {
    if (offset === 0) return NOBODY;
    const highest = Math.min(POSITION_BITS - 1, Math.floor(Math.log2(offset)));
    for (let level = highest - this.lowestPower; level >= 0; level--) {
      const finger = (this.fingers[level] as Int32Array)[node] as number;
      if (this.reaches(node, finger, offset, tried)) return finger;
    }
    return NOBODY;
  }

  private reaches(node: number, peer: number, offset: number, tried: Tried): boolean {
    return peer !== NOBODY && this.ring.clockwise(node, peer) <= offset && !tried.includes(peer);
  }

  private listOf(node: number, lists: Int32Array): number[] {
    const list = lists.subarray(node * this.listLength, (node + 1) * this.listLength);
    return [...list].filter((peer) => peer !== NOBODY);
  }

  private repairList(node: number, before: Int32Array, alive: Uint8Array): number {
    const own = this.listOf(node, before).filter((peer) => alive[peer] === 1);
    const source = own[0] ?? this.closestLiving(node, alive);
    if (source === NOBODY) return 0;
    const theirs = this.listOf(source, before).filter((peer) => peer !== node && alive[peer] === 1);
    const list = [...new Set([...own, source, ...theirs])]
      .sort((a, b) => this.ring.clockwise(node, a) - this.ring.clockwise(node, b))
      .slice(0, this.listLength);
    const from = node * this.listLength;
    this.successors.fill(NOBODY, from, from + this.listLength).set(list, from);
    return 1;
  }

  /** The one found takes the node for its successor, as it would have by stabilising in many rounds. */
  private findPredecessor(node: number, alive: Uint8Array): number {
    const { predecessor, messages } = walkToPredecessor(this.ring, node, (of) => this.peersOf(of), alive);
    if (predecessor === NOBODY) return messages;
    this.predecessors[node] = predecessor;
    const list = [node, ...this.listOf(node, this.successors)].slice(0, this.listLength);
    const from = predecessor * this.listLength;
    this.successors.fill(NOBODY, from, from + this.listLength).set(list, from);
    return messages;
  }

  private peersOf(node: number): number[] {
    const fingers = this.fingers.map((level) => level[node] as number);
    return [...fingers, ...this.listOf(node, this.successors)].filter((peer) => peer !== NOBODY);
  }

  /** Whoever is closest clockwise among the fingers, when the whole list has failed. */
  private closestLiving(node: number, alive: Uint8Array): number {
    for (const level of this.fingers) {
      const finger = level[node] as number;
      if (finger !== NOBODY && alive[finger] === 1) return finger;
    }
    return NOBODY;
  }

  /** The first living one on the list of `owner` that is a finger of `node` of this reach. */
  private firstBehind(owner: number, node: number, reach: number, alive: Uint8Array): number {
    for (const peer of this.listOf(owner, this.successors)) {
      if (peer !== node && alive[peer] === 1 && this.ring.clockwise(node, peer) >= reach) return peer;
    }
    return NOBODY;
  }

  private repairFingers(node: number, alive: Uint8Array): number {
    let messages = 0;
    const successor = this.successors[node * this.listLength] as number;
    this.fingers.forEach((level, index) => {
      const finger = level[node] as number;
      if (finger !== NOBODY && alive[finger] === 1) return;
      const reach = 2 ** (index + this.lowestPower);
      if (successor !== NOBODY && this.ring.clockwise(node, successor) >= reach) {
        level[node] = successor;
        return;
      }
      const start = advance(this.ring.ids[node] as number, reach);
      const found = walkAround(this.ring, this, node, start, alive);
      messages += found.hops + 1;
      level[node] = found.end === NOBODY ? NOBODY : this.firstBehind(found.end, node, reach, alive);
    });
    return messages;
  }
}

/** Clockwise distance between two positions. */
function ringOffset(from: number, to: number): number {
  return advance(to, -from);
}

function smallestGap(ring: LabRing): number {
  let smallest = 2 ** (POSITION_BITS - 1);
  for (let node = 0; ring.size > 1 && node < ring.size; node++) {
    smallest = Math.min(smallest, ring.clockwise(node, (node + 1) % ring.size));
  }
  return smallest;
}

/**
 * Ring keys and what belongs to them, in memory: a get is an array index or two and one Map look-up, and
 * order costs only those who ask for it.
 *
 * The idea: positions are hashes, so their top bits spread keys evenly. The first 12 bits choose one of
 * 4,096 slots; a slot is a leaf (a Map), which splits by the next 4 bits when it has grown. So a scan sorts
 * a few hundred keys at a time, an erased arc drops whole leaves, and a node that owns a narrow arc, whose
 * keys all share their first bits, fares as well as one that owns the ring.
 *
 * Rejected: a balanced tree (10 to 20 string comparisons for each get, against one hash), one Map beside a
 * sorted array (an insertion moves half of it).
 */

import type { Bytes, KeyRange, RingKey } from '@ringkeep/shared';
import { isEmptyRange } from './range-set';

const SLOTS = 4096;
/** A leaf splits beyond this: sorting it takes a fraction of a millisecond. */
const LEAF_KEYS_MAX = 512;
/** Half-bytes of a position; keys that agree in all of them share a leaf whatever its size. */
const POSITION_NIBBLES = 16;
/** Half-bytes that the slot number is made of. */
const SLOT_NIBBLES = 3;

type Leaf<V> = Map<RingKey, V>;

class Branch<V> {
  readonly children: (Leaf<V> | Branch<V> | undefined)[] = new Array(16).fill(undefined);
}

type Tree<V> = Leaf<V> | Branch<V> | undefined;

export interface TableSize {
  readonly keys: number;
  /** Sum of the weights. */
  readonly bytes: number;
}

export class RingTable<V> {
  private readonly slots: Tree<V>[] = new Array(SLOTS).fill(undefined);
  private readonly slotKeys = new Uint32Array(SLOTS);
  private readonly slotBytes = new Float64Array(SLOTS);
  private allKeys = 0;
  private allBytes = 0;

  /**
   * `weigh` says how many bytes an entry counts for; `retain` makes of a new key the string to be kept.
   */
  constructor(
    private readonly weigh: (key: RingKey, value: V) => number,
    private readonly retain: (key: RingKey) => RingKey = (key) => key,
  ) {}

  get keys(): number {
    return this.allKeys;
  }

  get bytes(): number {
    return this.allBytes;
  }

  get(key: RingKey): V | undefined {
    let tree = this.slots[slotOf(key)];
    for (let depth = SLOT_NIBBLES; tree instanceof Branch; depth++) tree = tree.children[nibble(key, depth)];
    return tree?.get(key);
  }

  set(key: RingKey, value: V): void {
    const slot = slotOf(key);
    const leaf = this.leafFor(slot, key);
    const previous = leaf.get(key);
    if (previous === undefined) {
      leaf.set(this.retain(key), value);
      this.count(slot, 1, this.weigh(key, value));
    } else {
      leaf.set(key, value);
      this.count(slot, 0, this.weigh(key, value) - this.weigh(key, previous));
    }
  }

  delete(key: RingKey): void {
    const slot = slotOf(key);
    let siblings: Tree<V>[] = this.slots;
    let index = slot;
    let tree = siblings[index];
    for (let depth = SLOT_NIBBLES; tree instanceof Branch; depth++) {
      siblings = tree.children;
      index = nibble(key, depth);
      tree = siblings[index];
    }
    const previous = tree?.get(key);
    if (tree === undefined || previous === undefined) return;
    tree.delete(key);
    if (tree.size === 0) siblings[index] = undefined;
    this.count(slot, -1, -this.weigh(key, previous));
  }

  erase(range: KeyRange): void {
    if (isEmptyRange(range)) return;
    for (const { slot, atFrom, atTo } of slotsOf(range)) {
      if (!atFrom && !atTo) {
        this.slots[slot] = undefined;
        this.count(slot, -(this.slotKeys[slot] as number), -(this.slotBytes[slot] as number));
        continue;
      }
      for (const { leaf, edge } of leavesOf(this.slots[slot], range, atFrom, atTo)) {
        for (const [key, value] of leaf) {
          if (edge && !isWithin(key, range)) continue;
          leaf.delete(key);
          this.count(slot, -1, -this.weigh(key, value));
        }
      }
      if (this.slotKeys[slot] === 0) this.slots[slot] = undefined;
    }
  }

  size(range: KeyRange): TableSize {
    let keys = 0;
    let bytes = 0;
    if (isEmptyRange(range)) return { keys, bytes };
    for (const { slot, atFrom, atTo } of slotsOf(range)) {
      if (!atFrom && !atTo) {
        keys += this.slotKeys[slot] as number;
        bytes += this.slotBytes[slot] as number;
        continue;
      }
      for (const { leaf, edge } of leavesOf(this.slots[slot], range, atFrom, atTo)) {
        for (const [key, value] of leaf) {
          if (edge && !isWithin(key, range)) continue;
          keys++;
          bytes += this.weigh(key, value);
        }
      }
    }
    return { keys, bytes };
  }

  /** The entries of a range in ring order. The table must not change before the generator is done with. */
  *entries(range: KeyRange): Generator<[RingKey, V], void, undefined> {
    if (isEmptyRange(range)) return;
    for (const { slot, atFrom, atTo } of slotsOf(range)) {
      for (const { leaf, edge } of leavesOf(this.slots[slot], range, atFrom, atTo)) {
        let keys = [...leaf.keys()];
        if (edge) keys = keys.filter((key) => isWithin(key, range));
        for (const key of keys.sort()) yield [key, leaf.get(key) as V];
      }
    }
  }

  private leafFor(slot: number, key: RingKey): Leaf<V> {
    let siblings: Tree<V>[] = this.slots;
    let index = slot;
    for (let depth = SLOT_NIBBLES; ; depth++) {
      const tree = siblings[index];
      if (tree === undefined) {
        const leaf = new Map<RingKey, V>();
        siblings[index] = leaf;
        return leaf;
      }
      if (tree instanceof Map) {
        if (tree.size < LEAF_KEYS_MAX || depth >= POSITION_NIBBLES) return tree;
        siblings[index] = split(tree, depth);
      }
      siblings = (siblings[index] as Branch<V>).children;
      index = nibble(key, depth);
    }
  }

  private count(slot: number, keys: number, bytes: number): void {
    this.slotKeys[slot] = (this.slotKeys[slot] as number) + keys;
    this.slotBytes[slot] = (this.slotBytes[slot] as number) + bytes;
    this.allKeys += keys;
    this.allBytes += bytes;
  }
}

function split<V>(leaf: Leaf<V>, depth: number): Branch<V> {
  const branch = new Branch<V>();
  for (const [key, value] of leaf) {
    const index = nibble(key, depth);
    const child = (branch.children[index] ??= new Map()) as Leaf<V>;
    child.set(key, value);
  }
  return branch;
}

function slotOf(key: Bytes): number {
  return (byteAt(key, 0) << 4) | (byteAt(key, 1) >> 4);
}

function nibble(key: Bytes, depth: number): number {
  const byte = byteAt(key, depth >> 1);
  return depth & 1 ? byte & 15 : byte >> 4;
}

/** A bound may be shorter than a position; what is missing counts as zeros, which is where it lies. */
function byteAt(key: Bytes, index: number): number {
  return index < key.length ? key.charCodeAt(index) : 0;
}

function isWithin(key: RingKey, range: KeyRange): boolean {
  return key >= range.from && (range.to === undefined || key < range.to);
}

interface SlotOfRange {
  readonly slot: number;
  /** The range begins within the slot, ends within it. */
  readonly atFrom: boolean;
  readonly atTo: boolean;
}

function* slotsOf(range: KeyRange): Generator<SlotOfRange, void, undefined> {
  const first = slotOf(range.from);
  const last = range.to === undefined ? SLOTS - 1 : slotOf(range.to);
  for (let slot = first; slot <= last; slot++) {
    yield {
      slot,
      atFrom: slot === first && range.from.length > 0,
      atTo: slot === last && range.to !== undefined,
    };
  }
}

interface LeafOfRange<V> {
  readonly leaf: Leaf<V>;
  /** True when some of its keys may lie outside the range. */
  readonly edge: boolean;
}

/** The leaves of a tree that may hold keys of a range, in ring order. */
function* leavesOf<V>(
  tree: Tree<V>,
  range: KeyRange,
  atFrom: boolean,
  atTo: boolean,
  depth = SLOT_NIBBLES,
): Generator<LeafOfRange<V>, void, undefined> {
  if (tree === undefined) return;
  if (tree instanceof Map) {
    yield { leaf: tree, edge: atFrom || atTo };
    return;
  }
  const first = atFrom ? nibble(range.from, depth) : 0;
  const last = atTo ? nibble(range.to as Bytes, depth) : 15;
  for (let index = first; index <= last; index++) {
    const child = tree.children[index];
    yield* leavesOf(child, range, atFrom && index === first, atTo && index === last, depth + 1);
  }
}

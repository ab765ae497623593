/**
 * Ring keys and their values, in memory. A look-up is an array index or two and one probe of a hash index, and only
 * callers that need order pay for it.
 *
 * Positions are hashes, so their top bits spread keys evenly. The first 8 bits choose one of 256 slots. A slot is a
 * leaf (ring-leaf.ts), which splits by the next 4 bits when it has grown. So a scan sorts a few hundred keys at a time,
 * and an erased arc drops whole leaves. A node that owns a narrow arc, whose keys all share their first bits, does as
 * well as one that owns the ring.
 *
 * Rejected: a balanced tree (10 to 20 string comparisons for each look-up, against one hash), one hash table beside a
 * sorted array (an insertion moves half of it), and Maps of strings as leaves (a write takes twice the time, with a
 * third more memory, all of which the garbage collector has to walk through).
 */

import type { Bytes, KeyRange, RingKey } from '@ringkeep/shared';
import type { Keyed } from '../core/replica/entry-store';
import { AHEAD_MAX, KeyProbe, KeyProbes } from './key-probe';
import { NOWHERE, PagePool } from './page-pool';
import { WHOLE_RING, isEmptyRange } from './range-set';
import { RingLeaf, type Change } from './ring-leaf';
import { contentBytes } from './scan-page';

const SLOTS = 256;
/** A leaf splits beyond this: sorting it takes a fraction of a millisecond. */
const LEAF_KEYS_MAX = 512;
/** For fewer keys, looking ahead is not worth it. */
const AHEAD_LEAST = 4;
/** Half-bytes of a position; keys that agree in all of them share a leaf whatever its size. */
const POSITION_NIBBLES = 16;
/** Half-bytes that the slot number is made of. */
const SLOT_NIBBLES = 2;

/**
 * The keys that are being looked for, in whatever table: a probe says nothing of one, and is not used beyond the call for
 * which it is taken.
 */
const probes = new KeyProbes();
/** Where the entries of announced keys may be. */
const places = new Float64Array(AHEAD_MAX);
/** A leaf splits while the key for which it does is still being looked for. */
const splitProbe = new KeyProbe();

class Branch<V extends Change> {
  readonly children: Tree<V>[] = new Array<Tree<V>>(16).fill(undefined);
}

type Tree<V extends Change> = RingLeaf<V> | Branch<V> | undefined;

export interface TableSize {
  readonly keys: number;
  /** Of the keys without their positions, and of the values. */
  readonly bytes: number;
}

export class RingTable<V extends Change = Change> {
  private readonly slots: Tree<V>[] = new Array<Tree<V>>(SLOTS).fill(undefined);
  private allKeys = 0;

  /** `pool` may be shared by several tables. */
  constructor(private readonly pool = new PagePool()) {}

  /** Deletions count. */
  get keys(): number {
    return this.allKeys;
  }

  /**
   * To be told which keys are looked up next, in this order: those of the items from `from` on. A look-up is two or
   * three fetches from memory, each of which waits for the one before; those of different keys do not wait for each
   * other, if nothing else is done between them. A hint: what is looked up instead is found all the same.
   *
   * @returns the index of the first item of which it wants to be told again, when its turn comes
   */
  announce(items: readonly Keyed[], from: number): number {
    if (items.length - from < AHEAD_LEAST) return items.length;
    const count = probes.announce(items, from);
    for (let i = 0; i < count; i++) {
      const probe = probes.announcedAt(i);
      places[i] = this.leafOf(probe)?.firstPlaceOf(probe) ?? NOWHERE;
    }
    for (let i = 0; i < count; i++) if (places[i] !== NOWHERE) this.pool.fetch(places[i] as number);
    return from + count;
  }

  /** Calls back for one item after the other, whose key is then looked up here. */
  each<Item extends Keyed>(items: readonly Item[], visit: (item: Item) => void): void {
    let announced = 0;
    for (let i = 0; i < items.length; i++) {
      if (i === announced) announced = this.announce(items, i);
      visit(items[i] as Item);
    }
  }

  /** Undefined when it does not know the key. */
  get(key: RingKey): V | undefined {
    const probe = probes.take(key);
    return this.leafOf(probe)?.get(probe);
  }

  /** The value's length, null for a deletion, undefined when it does not know the key. */
  lengthOf(key: RingKey): number | null | undefined {
    const probe = probes.take(key);
    return this.leafOf(probe)?.lengthOf(probe);
  }

  /** Returns what `lengthOf` would have said before. */
  set(key: RingKey, value: V): number | null | undefined {
    const probe = probes.take(key);
    const before = this.leafFor(probe).set(probe, value);
    if (before === undefined) this.allKeys++;
    return before;
  }

  delete(key: RingKey): void {
    const probe = probes.take(key);
    let siblings: Tree<V>[] = this.slots;
    let index = slotOf(probe);
    let tree = siblings[index];
    for (let depth = SLOT_NIBBLES; tree instanceof Branch; depth++) {
      siblings = tree.children;
      index = probe.nibble(depth);
      tree = siblings[index];
    }
    if (tree === undefined) return;
    this.allKeys -= tree.keys;
    tree.delete(probe);
    this.allKeys += tree.keys;
    if (tree.keys === 0) {
      tree.release();
      siblings[index] = undefined;
    }
  }

  erase(range: KeyRange): void {
    if (isEmptyRange(range)) return;
    for (const { slot, atFrom, atTo } of slotsOf(range)) {
      for (const { leaf, siblings, index, edge } of leavesOf(this.slots, slot, range, atFrom, atTo)) {
        this.allKeys -= leaf.keys;
        if (edge) for (const key of keysWithin(leaf, range)) leaf.delete(probes.take(key));
        this.allKeys += edge ? leaf.keys : 0;
        if (edge && leaf.keys > 0) continue;
        leaf.release();
        siblings[index] = undefined;
      }
      if (!atFrom && !atTo) this.slots[slot] = undefined;
    }
  }

  size(range: KeyRange): TableSize {
    let keys = 0;
    let bytes = 0;
    if (isEmptyRange(range)) return { keys, bytes };
    for (const { slot, atFrom, atTo } of slotsOf(range)) {
      for (const { leaf, edge } of leavesOf(this.slots, slot, range, atFrom, atTo)) {
        if (!edge) {
          keys += leaf.keys;
          bytes += leaf.bytes;
          continue;
        }
        for (const key of keysWithin(leaf, range)) {
          keys++;
          bytes += contentBytes(key, leaf.get(probes.take(key)) as V);
        }
      }
    }
    return { keys, bytes };
  }

  /** The entries of a range in ring order. The table must not change before the generator is done with. */
  *entries(range: KeyRange): Generator<[RingKey, V], void, undefined> {
    if (isEmptyRange(range)) return;
    for (const { slot, atFrom, atTo } of slotsOf(range)) {
      for (const { leaf, edge } of leavesOf(this.slots, slot, range, atFrom, atTo)) {
        const keys = edge ? keysWithin(leaf, range) : leaf.keysInOrder();
        for (const key of keys) yield [key, leaf.get(probes.take(key)) as V];
      }
    }
  }

  /** Gives all its memory back to the pool; it is not used any more. */
  release(): void {
    this.erase(WHOLE_RING);
  }

  private leafOf(key: KeyProbe): RingLeaf<V> | undefined {
    let tree = this.slots[slotOf(key)];
    for (let depth = SLOT_NIBBLES; tree instanceof Branch; depth++) tree = tree.children[key.nibble(depth)];
    return tree;
  }

  /** The leaf where the key goes; splits one that is full, makes one where there is none. */
  private leafFor(key: KeyProbe): RingLeaf<V> {
    let siblings: Tree<V>[] = this.slots;
    let index = slotOf(key);
    for (let depth = SLOT_NIBBLES; ; depth++) {
      let tree = siblings[index];
      if (tree === undefined) siblings[index] = tree = new RingLeaf(this.pool);
      if (tree instanceof RingLeaf) {
        if (tree.keys < LEAF_KEYS_MAX || depth >= POSITION_NIBBLES) return tree;
        siblings[index] = tree = this.split(tree, depth);
      }
      siblings = tree.children;
      index = key.nibble(depth);
    }
  }

  private split(leaf: RingLeaf<V>, depth: number): Branch<V> {
    const branch = new Branch<V>();
    for (const key of leaf.keysInOrder()) {
      const index = splitProbe.take(key).nibble(depth);
      const child = (branch.children[index] ??= new RingLeaf<V>(this.pool)) as RingLeaf<V>;
      child.set(splitProbe, leaf.get(splitProbe) as V);
    }
    leaf.release();
    return branch;
  }
}

function slotOf(key: KeyProbe): number {
  return key.bytes[0] as number;
}

function slotOfBound(bound: Bytes): number {
  return byteAt(bound, 0);
}

function nibbleOfBound(bound: Bytes, depth: number): number {
  const byte = byteAt(bound, depth >> 1);
  return depth & 1 ? byte & 15 : byte >> 4;
}

/** A bound may be shorter than a position; what is missing counts as zeros, which is where it lies. */
function byteAt(bound: Bytes, index: number): number {
  return index < bound.length ? bound.charCodeAt(index) : 0;
}

function keysWithin<V extends Change>(leaf: RingLeaf<V>, range: KeyRange): RingKey[] {
  return leaf.keysInOrder().filter((key) => isWithin(key, range));
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
  const first = slotOfBound(range.from);
  const last = range.to === undefined ? SLOTS - 1 : slotOfBound(range.to);
  for (let slot = first; slot <= last; slot++) {
    yield {
      slot,
      atFrom: slot === first && range.from.length > 0,
      atTo: slot === last && range.to !== undefined,
    };
  }
}

interface LeafOfRange<V extends Change> {
  readonly leaf: RingLeaf<V>;
  /** Where it hangs. */
  readonly siblings: Tree<V>[];
  readonly index: number;
  /** True when some of its keys may lie outside the range. */
  readonly edge: boolean;
}

/** The leaves of a tree that may hold keys of a range, in ring order. */
function* leavesOf<V extends Change>(
  siblings: Tree<V>[],
  index: number,
  range: KeyRange,
  atFrom: boolean,
  atTo: boolean,
  depth = SLOT_NIBBLES,
): Generator<LeafOfRange<V>, void, undefined> {
  const tree = siblings[index];
  if (tree === undefined) return;
  if (tree instanceof RingLeaf) {
    yield { leaf: tree, siblings, index, edge: atFrom || atTo };
    return;
  }
  const first = atFrom ? nibbleOfBound(range.from, depth) : 0;
  const last = atTo ? nibbleOfBound(range.to as Bytes, depth) : 15;
  for (let child = first; child <= last; child++) {
    yield* leavesOf(
      tree.children,
      child,
      range,
      atFrom && child === first,
      atTo && child === last,
      depth + 1,
    );
  }
}

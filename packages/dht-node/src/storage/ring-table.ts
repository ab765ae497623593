/**
 * Ring keys and their values, in memory. A look-up is an array index or two and one probe of a hash index, and only
 * callers that need order pay for it.
 *
 * Positions are hashes, so their top bits spread keys evenly. The first 8 bits choose one of 256 slots. A slot is a
 * leaf (ring-leaf.ts), which splits by the next 4 bits when it has grown. So a scan sorts a few hundred keys at a time, and
 * each leaf once, and an erased arc drops whole leaves. A node that owns a narrow arc, whose keys all share their first bits, does as
 * well as one that owns the ring.
 *
 * Rejected: a balanced tree (10 to 20 string comparisons for each look-up, against one hash), one hash table beside a
 * sorted array (an insertion moves half of it), and Maps of strings as leaves (a write takes twice the time, with a
 * third more memory, all of which the garbage collector has to walk through).
 */

import type { KeyRange, RingKey } from '@ringkeep/shared';
import type { Keyed } from '../core/replica/entry-store';
import { AHEAD_MAX, KeyProbe, KeyProbes } from './key-probe';
import { NOWHERE, PagePool } from './page-pool';
import { WHOLE_RING, isEmptyRange } from './range-set';
import type { Change } from './leaf-entry';
import { RingLeaf } from './ring-leaf';
import {
  Branch,
  branchOf,
  LEAF_KEYS_MAX,
  leavesOf,
  POSITION_NIBBLES,
  SLOT_NIBBLES,
  slotOf,
  SLOTS,
  slotsOf,
  type Tree,
} from './ring-tree';
import { contentBytes } from './scan-page';
import { Shelf } from './shelf';

/** For fewer keys, looking ahead is not worth it. */
const AHEAD_LEAST = 4;
/**
 * The keys that are being looked for, in whatever table: a probe says nothing of one, and is not used beyond the call for
 * which it is taken.
 */
const probes = new KeyProbes();
/** Where the entries of announced keys may be. */
const places = new Float64Array(AHEAD_MAX);
/** A leaf splits while the key for which it does is still being looked for. */
const splitProbe = new KeyProbe();

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
    const leaf = tree instanceof Shelf ? tree.leafOf(probe) : tree;
    if (leaf === undefined) return;
    this.allKeys -= leaf.keys;
    leaf.delete(probe);
    this.allKeys += leaf.keys;
    if (leaf.keys > 0) return;
    leaf.release();
    if (!(tree instanceof Shelf) || tree.remove(leaf)) siblings[index] = undefined;
  }

  erase(range: KeyRange): void {
    if (isEmptyRange(range)) return;
    for (const slot of slotsOf(range)) {
      // All of them before the first is removed.
      for (const { leaf, remove, edge } of [...leavesOf(this.slots, slot, range)]) {
        this.allKeys -= leaf.keys;
        if (edge) eraseWithin(leaf, range);
        this.allKeys += edge ? leaf.keys : 0;
        if (edge && leaf.keys > 0) continue;
        leaf.release();
        remove();
      }
      if (!slot.atFrom && !slot.atTo) this.slots[slot.slot] = undefined;
    }
  }

  size(range: KeyRange): TableSize {
    let keys = 0;
    let bytes = 0;
    if (isEmptyRange(range)) return { keys, bytes };
    for (const slot of slotsOf(range)) {
      for (const { leaf, edge } of leavesOf(this.slots, slot, range)) {
        if (!edge) {
          keys += leaf.keys;
          bytes += leaf.bytes;
          continue;
        }
        const [first, end] = leaf.within(range);
        keys += end - first;
        for (let i = first; i < end; i++) bytes += contentBytes(...leaf.atIndex(i));
      }
    }
    return { keys, bytes };
  }

  /** Of what is kept together with the key: at least all of its position. */
  crowdAt(key: RingKey): TableSize {
    const probe = probes.take(key);
    let tree = this.slots[slotOf(probe)];
    for (let depth = SLOT_NIBBLES; tree instanceof Branch; depth++) tree = tree.children[probe.nibble(depth)];
    return { keys: tree?.keys ?? 0, bytes: tree?.bytes ?? 0 };
  }

  /** The entries of a range in ring order, or against it. The table must not change before the generator is done with. */
  *entries(range: KeyRange, reverse = false): Generator<[RingKey, V], void, undefined> {
    if (isEmptyRange(range)) return;
    for (const slot of slotsOf(range, reverse)) {
      for (const { leaf, edge } of leavesOf(this.slots, slot, range, reverse)) {
        const [first, end] = edge ? leaf.within(range) : [0, leaf.keys];
        if (reverse) for (let i = end - 1; i >= first; i--) yield leaf.atIndex(i);
        else for (let i = first; i < end; i++) yield leaf.atIndex(i);
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
    return tree instanceof Shelf ? tree.leafOf(key) : tree;
  }

  /** The leaf where the key goes; splits one that is full, makes one where there is none. */
  private leafFor(key: KeyProbe): RingLeaf<V> {
    let siblings: Tree<V>[] = this.slots;
    let index = slotOf(key);
    for (let depth = SLOT_NIBBLES; ; depth++) {
      let tree = siblings[index];
      if (tree === undefined) siblings[index] = tree = new RingLeaf(this.pool);
      if (tree instanceof RingLeaf) {
        if (tree.keys < LEAF_KEYS_MAX) return tree;
        siblings[index] = tree =
          depth < POSITION_NIBBLES
            ? branchOf(tree, depth, this.pool, splitProbe)
            : new Shelf(tree, LEAF_KEYS_MAX, this.pool);
      }
      if (tree instanceof Shelf) return tree.leafFor(key, splitProbe);
      siblings = tree.children;
      index = key.nibble(depth);
    }
  }
}

function eraseWithin<V extends Change>(leaf: RingLeaf<V>, range: KeyRange): void {
  const [first, end] = leaf.within(range);
  const keys: RingKey[] = [];
  for (let i = first; i < end; i++) keys.push(leaf.keyAtIndex(i));
  for (const key of keys) leaf.delete(probes.take(key));
}

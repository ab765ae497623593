/**
 * The tree of a table: 256 slots by the first byte of a position, and below a slot a leaf or what it was divided into.
 *
 * A leaf that is full becomes a branch, which goes by the next four bits of the position. Where no bits are left, all
 * keys have one position: they become a shelf, whose leaves stand in the order of their keys. So the keys of one tag
 * cost what as many others cost, and a stretch of them is found without looking at the rest.
 */

import type { Bytes, KeyRange } from '@ringkeep/shared';
import type { KeyProbe } from './key-probe';
import type { PagePool } from './page-pool';
import type { Change } from './leaf-entry';
import { RingLeaf } from './ring-leaf';
import { Shelf } from './shelf';

export const SLOTS = 256;
/** A leaf is divided beyond this: sorting it takes a fraction of a millisecond. */
export const LEAF_KEYS_MAX = 512;
/** Half-bytes of a position. */
export const POSITION_NIBBLES = 16;
/** Half-bytes that the slot number is made of. */
export const SLOT_NIBBLES = 2;

export class Branch<V extends Change> {
  readonly children: Tree<V>[] = new Array<Tree<V>>(16).fill(undefined);
}

export type Tree<V extends Change> = RingLeaf<V> | Branch<V> | Shelf<V> | undefined;

/** Divides a full leaf by the bits at that depth. `probe` is not used otherwise meanwhile. */
export function branchOf<V extends Change>(
  leaf: RingLeaf<V>,
  depth: number,
  pool: PagePool,
  probe: KeyProbe,
): Branch<V> {
  const branch = new Branch<V>();
  for (let i = 0; i < leaf.keys; i++) {
    const [key, value] = leaf.atIndex(i);
    const index = probe.take(key).nibble(depth);
    const child = (branch.children[index] ??= new RingLeaf<V>(pool)) as RingLeaf<V>;
    child.set(probe, value);
  }
  leaf.release();
  return branch;
}

export function slotOf(key: KeyProbe): number {
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

export interface SlotOfRange {
  readonly slot: number;
  /** The range begins within the slot, ends within it. */
  readonly atFrom: boolean;
  readonly atTo: boolean;
}

/** In ring order, or against it. */
export function* slotsOf(range: KeyRange, reverse = false): Generator<SlotOfRange, void, undefined> {
  const first = slotOfBound(range.from);
  const last = range.to === undefined ? SLOTS - 1 : slotOfBound(range.to);
  for (const slot of numbers(first, last, reverse)) {
    yield {
      slot,
      atFrom: slot === first && range.from.length > 0,
      atTo: slot === last && range.to !== undefined,
    };
  }
}

interface LeafOfRange<V extends Change> {
  readonly leaf: RingLeaf<V>;
  /** Takes it out of its tree. */
  readonly remove: () => void;
  /** True when some of its keys may lie outside the range. */
  readonly edge: boolean;
}

/** The leaves of a slot that may hold keys of a range, in ring order, or against it. */
export function leavesOf<V extends Change>(
  slots: Tree<V>[],
  { slot, atFrom, atTo }: SlotOfRange,
  range: KeyRange,
  reverse = false,
): Generator<LeafOfRange<V>, void, undefined> {
  return leavesBelow({ siblings: slots, index: slot, depth: SLOT_NIBBLES, atFrom, atTo }, range, reverse);
}

interface Below<V extends Change> {
  readonly siblings: Tree<V>[];
  readonly index: number;
  readonly depth: number;
  readonly atFrom: boolean;
  readonly atTo: boolean;
}

function* leavesBelow<V extends Change>(
  { siblings, index, depth, atFrom, atTo }: Below<V>,
  range: KeyRange,
  reverse: boolean,
): Generator<LeafOfRange<V>, void, undefined> {
  const tree = siblings[index];
  if (tree === undefined) return;
  const remove = (): void => {
    siblings[index] = undefined;
  };
  if (tree instanceof RingLeaf) {
    yield { leaf: tree, remove, edge: atFrom || atTo };
    return;
  }
  if (tree instanceof Shelf) {
    for (const { leaf, edge } of tree.leavesWithin(range, reverse)) {
      const removeLeaf = (): void => {
        if (tree.remove(leaf)) remove();
      };
      yield { leaf, remove: removeLeaf, edge };
    }
    return;
  }
  const first = atFrom ? nibbleOfBound(range.from, depth) : 0;
  const last = atTo ? nibbleOfBound(range.to as Bytes, depth) : 15;
  for (const child of numbers(first, last, reverse)) {
    const edges = { atFrom: atFrom && child === first, atTo: atTo && child === last };
    yield* leavesBelow({ siblings: tree.children, index: child, depth: depth + 1, ...edges }, range, reverse);
  }
}

function* numbers(first: number, last: number, reverse: boolean): Generator<number, void, undefined> {
  if (reverse) for (let n = last; n >= first; n--) yield n;
  else for (let n = first; n <= last; n++) yield n;
}

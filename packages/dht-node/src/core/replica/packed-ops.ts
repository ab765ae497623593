/**
 * Committed operations as bytes in a block: first what each row of them is, then its key and its value behind those of
 * the row before. A row is an entry, or a number without one; the entries of a group follow each other.
 *
 *   row   kind (1) · length of the ring key (2) · length of the envelope (4), little-endian
 *
 * They are not the columns that go to other nodes (codec/entry-columns.ts). Those are decoded and checked as a whole;
 * of these a watcher reads some keys, and the values behind the few that concern it.
 */

import type { RingKey } from '@ringkeep/shared';
import type { StoredValue } from '@ringkeep/shared/operations';
import type { ByteBlock } from '@ringkeep/shared/operations/byte-block';
import { ByteRope } from '@ringkeep/shared/operations/byte-rope';
import type { Entry } from './entry-store';
import { bytesOf, entryBytes, isGroup, type SequencedOp } from './sequenced-op';

const ROW_BYTES = 7;

/** A number that stands for nothing here. */
const BARE = 0;
const SET = 1;
const DELETE = 2;
const EXPIRY = 3;
/** Added to the kind of an entry that shares its number with the one behind it. */
const GOES_ON = 4;

/** How many bytes they are, packed. */
export function packedBytes(ops: readonly SequencedOp[]): number {
  let bytes = ops.length * ROW_BYTES;
  for (const op of ops) {
    if (op === undefined) continue;
    bytes += isGroup(op) ? entryBytes(op.group) + (op.group.length - 1) * ROW_BYTES : bytesOf(op);
  }
  return bytes;
}

export class PackedOps {
  private rows = 0;

  /** @param block has room for them from `at` on */
  constructor(
    private readonly block: ByteBlock,
    private readonly at: number,
    ops: readonly SequencedOp[],
  ) {
    const rope = new ByteRope();
    for (const op of ops) {
      if (op === undefined) this.writeRow(BARE, 0, 0);
      else if (isGroup(op)) this.addGroup(op.group, rope);
      else this.add(op, 0, rope);
    }
    block.write(rope, this.behindRows);
  }

  private addGroup(group: readonly Entry[], rope: ByteRope): void {
    for (const [index, entry] of group.entries())
      this.add(entry, index + 1 < group.length ? GOES_ON : 0, rope);
  }

  private add({ key, value, cause }: Entry, goesOn: number, rope: ByteRope): void {
    rope.add(key);
    if (value === undefined) {
      this.writeRow(goesOn | (cause === undefined ? DELETE : EXPIRY), key.length, 0);
    } else {
      this.writeRow(goesOn | SET, key.length, value.length);
      rope.add(value);
    }
  }

  private writeRow(kind: number, keyBytes: number, valueBytes: number): void {
    const { bytes } = this.block;
    const row = this.at + this.rows++ * ROW_BYTES;
    bytes[row] = kind;
    bytes[row + 1] = keyBytes;
    bytes[row + 2] = keyBytes >>> 8;
    bytes[row + 3] = valueBytes;
    bytes[row + 4] = valueBytes >>> 8;
    bytes[row + 5] = valueBytes >>> 16;
    bytes[row + 6] = valueBytes >>> 24;
  }

  private get behindRows(): number {
    return this.at + this.rows * ROW_BYTES;
  }

  /**
   * Tells the entries of the operations from one to another, counted from 0, whose keys are wanted. Whatever stands
   * under a number is told as a whole.
   *
   * @param take returns false when it wants no more
   * @returns the operation with which that was; undefined if it was not
   */
  tell(
    first: number,
    last: number,
    wants: (key: RingKey) => boolean,
    take: (entry: Entry, op: number) => boolean,
  ): number | undefined {
    const { bytes } = this.block;
    let wantsMore = true;
    let op = 0;
    let keyAt = this.behindRows;
    for (let row = this.at; row < this.behindRows && op <= last; row += ROW_BYTES) {
      const kind = bytes[row] as number;
      const valueAt = keyAt + word16(bytes, row + 1);
      const end = valueAt + word32(bytes, row + 3);
      if (op >= first && kind !== BARE) {
        const key = this.block.read(keyAt, valueAt) as string as RingKey;
        if (wants(key)) wantsMore = take(this.entryOf(kind & ~GOES_ON, key, valueAt, end), op) && wantsMore;
      }
      keyAt = end;
      if ((kind & GOES_ON) !== 0) continue;
      if (!wantsMore) return op;
      op++;
    }
    return undefined;
  }

  private entryOf(kind: number, key: RingKey, from: number, to: number): Entry {
    if (kind === SET) return { key, value: this.block.read(from, to) as string as StoredValue };
    return kind === DELETE ? { key, value: undefined } : { key, value: undefined, cause: 'expiry' };
  }
}

function word16(bytes: Uint8Array, at: number): number {
  return (bytes[at] as number) | ((bytes[at + 1] as number) << 8);
}

function word32(bytes: Uint8Array, at: number): number {
  return (word16(bytes, at) | (word16(bytes, at + 2) << 16)) >>> 0;
}

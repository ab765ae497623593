/**
 * The memory of a node's history: blocks that are filled one after another and emptied in the same order, whole. What
 * they take is bounded, with what is not in them but belongs to what is: so it never takes more than it says.
 *
 * A block is a sixteenth of the bound: with a smaller part there would be many, with a larger one much would be
 * forgotten at once. What is larger has one of its own.
 */

import { ByteBlock } from '@ringkeep/shared/operations/byte-block';
import { COMMIT_BYTES_EACH } from '../limits';
import { packedBytes, PackedOps } from './packed-ops';
import type { SequencedOp } from './sequenced-op';

const BLOCKS = 16;

/** A block, and how many commits in it are not forgotten. */
interface Filled {
  readonly block: ByteBlock;
  commits: number;
}

export interface Packed {
  readonly ops: PackedOps;
  readonly in: Filled;
}

export class HistoryBlocks {
  private readonly blockBytes: number;
  private last: Filled | undefined;
  /** The last one of the usual size that was emptied. */
  private spare: ByteBlock | undefined;
  private usedBytes = 0;

  constructor(private readonly bytesMax: number) {
    this.blockBytes = Math.ceil(bytesMax / BLOCKS);
  }

  /** What it takes, the unused parts of blocks included. */
  get bytes(): number {
    return this.usedBytes + (this.spare?.capacity ?? 0);
  }

  /** @returns undefined while there is no room: what is oldest has to be forgotten */
  pack(ops: readonly SequencedOp[]): Packed | undefined {
    const bytes = packedBytes(ops);
    const filled = this.withRoom(bytes);
    if (filled === undefined) return undefined;
    filled.commits++;
    this.usedBytes += COMMIT_BYTES_EACH;
    if (this.bytes > this.bytesMax) this.spare = undefined;
    return { ops: new PackedOps(filled.block, filled.block.take(bytes), ops), in: filled };
  }

  forget({ in: filled }: Packed): void {
    this.usedBytes -= COMMIT_BYTES_EACH;
    if (--filled.commits > 0) return;
    const { block } = filled;
    if (filled === this.last) this.last = undefined;
    this.usedBytes -= block.capacity;
    if (block.capacity !== this.blockBytes) return;
    block.clear();
    this.spare = block;
  }

  private withRoom(bytes: number): Filled | undefined {
    const free = this.bytesMax - this.usedBytes - COMMIT_BYTES_EACH;
    if (this.last !== undefined && this.last.block.free >= bytes) return free < 0 ? undefined : this.last;
    const capacity = Math.max(this.blockBytes, bytes);
    if (capacity > free) return undefined;
    this.usedBytes += capacity;
    this.last = { block: this.blockOf(capacity), commits: 0 };
    return this.last;
  }

  private blockOf(capacity: number): ByteBlock {
    const { spare } = this;
    if (spare?.capacity !== capacity) return new ByteBlock(capacity);
    this.spare = undefined;
    return spare;
  }
}

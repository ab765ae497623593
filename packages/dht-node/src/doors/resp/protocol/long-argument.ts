/**
 * An argument of which a part has not come yet. Its bytes are collected in memory of their own, which grows with what
 * has come and not with what was announced: a length costs its sender nothing.
 */

import type { Bytes } from '@ringkeep/shared';

const BYTES_AT_FIRST = 16 * 1024;

export class LongArgument {
  private bytes: Buffer;
  private filled = 0;

  constructor(private readonly length: number) {
    this.bytes = Buffer.allocUnsafe(Math.min(length, BYTES_AT_FIRST));
  }

  get isWhole(): boolean {
    return this.filled === this.length;
  }

  /** Bytes that it holds in memory. */
  get heldBytes(): number {
    return this.bytes.length;
  }

  /** Takes what belongs to it. @returns the place in the chunk behind that */
  take(chunk: Buffer, from: number): number {
    const end = Math.min(chunk.length, from + this.length - this.filled);
    const wanted = this.filled + end - from;
    if (wanted > this.bytes.length) {
      const grown = Buffer.allocUnsafe(Math.min(this.length, Math.max(wanted, 2 * this.bytes.length)));
      this.bytes.copy(grown, 0, 0, this.filled);
      this.bytes = grown;
    }
    chunk.copy(this.bytes, this.filled, from, end);
    this.filled = wanted;
    return end;
  }

  get text(): Bytes {
    return this.bytes.toString('latin1', 0, this.length) as Bytes;
  }
}

/**
 * Byte strings put one after another, and written into one buffer at the end.
 *
 * A call into Node's own code costs more than the few bytes that it would write, so small strings are joined first. But
 * one string of everything would be so large that V8 gives it pages of its own, which costs more than the bytes.
 */

import type { StoredValue } from './stored';
import type { Bytes } from '../ring';

/** Joined strings of this length are as cheap as any. */
const PART_BYTES = 8 * 1024;

export class ByteRope {
  private readonly parts: string[] = [];
  private last = '';
  /** In bytes. */
  length = 0;

  add(bytes: Bytes | StoredValue): void {
    this.last += bytes;
    this.length += bytes.length;
    if (this.last.length < PART_BYTES) return;
    this.parts.push(this.last);
    this.last = '';
  }

  /** Writes all of it at a place. Returns the place behind it. */
  writeTo(target: Buffer, at: number): number {
    let end = at;
    for (const part of this.parts) end += target.write(part, end, 'latin1');
    return end + target.write(this.last, end, 'latin1');
  }

  toBuffer(): Buffer {
    const buffer = Buffer.allocUnsafe(this.length);
    this.writeTo(buffer, 0);
    return buffer;
  }
}

/** Two of them, one after the other. */
export function joinRopes(first: ByteRope, second: ByteRope): Buffer {
  const buffer = Buffer.allocUnsafe(first.length + second.length);
  second.writeTo(buffer, first.writeTo(buffer, 0));
  return buffer;
}

/**
 * A block of memory outside of the JavaScript heap that byte strings are copied into, one behind the other. The garbage
 * collector sees one object, however many strings are in it; nothing that was copied keeps what it came from alive.
 *
 * What is where, only its user knows.
 */

import type { Bytes } from '../ring';
import { invariant } from '../ring/errors';
import type { ByteRope } from './byte-rope';

export class ByteBlock {
  private readonly buffer: Buffer;
  private end = 0;

  constructor(readonly capacity: number) {
    this.buffer = Buffer.allocUnsafeSlow(capacity);
  }

  get free(): number {
    return this.capacity - this.end;
  }

  /** For numbers among the strings. */
  get bytes(): Uint8Array {
    return this.buffer;
  }

  /** @returns where the next bytes, so many, may be written */
  take(bytes: number): number {
    invariant(bytes <= this.free, 'a block has room for what is put into it');
    const at = this.end;
    this.end += bytes;
    return at;
  }

  write(rope: ByteRope, at: number): void {
    rope.writeTo(this.buffer, at);
  }

  read(from: number, to: number): Bytes {
    return this.buffer.toString('latin1', from, to) as Bytes;
  }

  /** All of it may be taken again. */
  clear(): void {
    this.end = 0;
  }
}

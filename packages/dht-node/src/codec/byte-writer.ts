/** Writes numbers and byte strings into one growing buffer, and reads them back. Little-endian. */

import type { Position } from '@ringkeep/shared';
import { RingError } from '@ringkeep/shared/ring/errors';

const FIRST_CAPACITY = 4096;

export class ByteWriter {
  private buffer = Buffer.allocUnsafe(FIRST_CAPACITY);
  private at = 0;

  private reserve(bytes: number): void {
    if (this.at + bytes <= this.buffer.length) return;
    const grown = Buffer.allocUnsafe(Math.max(this.buffer.length * 2, this.at + bytes));
    this.buffer.copy(grown, 0, 0, this.at);
    this.buffer = grown;
  }

  byte(value: number): void {
    this.reserve(1);
    this.at = this.buffer.writeUInt8(value, this.at);
  }

  /** An integer below 2^32. */
  word(value: number): void {
    this.reserve(4);
    this.at = this.buffer.writeUInt32LE(value, this.at);
  }

  /** A counter below 2^53. */
  counter(value: number): void {
    this.reserve(8);
    this.at = this.buffer.writeDoubleLE(value, this.at);
  }

  position(value: Position): void {
    this.reserve(8);
    this.at = this.buffer.writeBigUInt64LE(value, this.at);
  }

  raw(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.buffer.set(bytes, this.at);
    this.at += bytes.length;
  }

  finish(): Uint8Array {
    return this.buffer.subarray(0, this.at);
  }
}

/** Reads what a ByteWriter wrote. Throws INTERNAL when there is less than it asks for. */
export class ByteReader {
  private readonly buffer: Buffer;
  private at = 0;

  constructor(array: Uint8Array) {
    this.buffer = Buffer.from(array.buffer, array.byteOffset, array.length);
  }

  get done(): boolean {
    return this.at >= this.buffer.length;
  }

  private advance(bytes: number): number {
    const from = this.at;
    this.at += bytes;
    if (this.at > this.buffer.length) throw new RingError('INTERNAL', 'a record ends before its last field');
    return from;
  }

  byte(): number {
    return this.buffer.readUInt8(this.advance(1));
  }

  word(): number {
    return this.buffer.readUInt32LE(this.advance(4));
  }

  counter(): number {
    return this.buffer.readDoubleLE(this.advance(8));
  }

  position(): Position {
    return this.buffer.readBigUInt64LE(this.advance(8)) as Position;
  }

  /** A view of the next bytes. */
  raw(bytes: number): Buffer {
    const from = this.advance(bytes);
    return this.buffer.subarray(from, from + bytes);
  }
}

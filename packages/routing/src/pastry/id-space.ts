/**
 * Pastry's arithmetic: ids of any length as whole numbers, their digits, and the two distances between them.
 *
 * A digit has 1, 2, 4 or 8 bits (b of the paper); digit 0 is the most significant. An id space is a circle:
 * its last id lies beside its first one. Whole numbers rather than byte strings, because distances are
 * needed at each step.
 */

import { invariant } from '@ringkeep/shared';

export type DigitBits = 1 | 2 | 4 | 8;

const WORD_BITS = 32;

export class IdSpace {
  /** Number of ids. */
  readonly size: bigint;
  /** Number of digits in an id: rows of a routing table. */
  readonly digits: number;
  /** Number of values of a digit: columns of a routing table. */
  readonly base: number;
  private readonly bits: number;
  private readonly digitShifts: readonly bigint[];
  private readonly digitMask: bigint;
  private readonly wordShifts: readonly bigint[];

  constructor(
    readonly idBytes: number,
    readonly digitBits: DigitBits,
  ) {
    if (!Number.isInteger(idBytes) || idBytes < 1) throw new RangeError(`an id has 1 byte or more`);
    if (![1, 2, 4, 8].includes(digitBits)) throw new RangeError(`a digit has 1, 2, 4 or 8 bits`);
    this.bits = idBytes * 8;
    this.size = 1n << BigInt(this.bits);
    this.digits = this.bits / digitBits;
    this.base = 1 << digitBits;
    this.digitMask = BigInt(this.base - 1);
    this.digitShifts = Array.from({ length: this.digits }, (_, row) =>
      BigInt(this.bits - (row + 1) * digitBits),
    );
    const words = Math.ceil(this.bits / WORD_BITS);
    this.wordShifts = Array.from({ length: words }, (_, i) => BigInt((words - 1 - i) * WORD_BITS));
  }

  digit(id: bigint, row: number): number {
    const shift = this.digitShifts[row];
    invariant(shift !== undefined, `row ${row} of ${this.digits}`);
    return Number((id >> shift) & this.digitMask);
  }

  /** How many leading digits two ids share. */
  sharedDigits(a: bigint, b: bigint): number {
    const difference = a ^ b;
    if (difference === 0n) return this.digits;
    return Math.floor((this.bits - bitLength(difference, this.wordShifts)) / this.digitBits);
  }

  /** Clockwise distance. */
  clockwise(from: bigint, to: bigint): bigint {
    return to >= from ? to - from : to - from + this.size;
  }

  /** Distance the shorter way round. */
  distance(a: bigint, b: bigint): bigint {
    const clockwise = this.clockwise(a, b);
    return clockwise * 2n <= this.size ? clockwise : this.size - clockwise;
  }
}

function bitLength(value: bigint, wordShifts: readonly bigint[]): number {
  for (const [index, shift] of wordShifts.entries()) {
    const word = Number((value >> shift) & 0xffffffffn);
    if (word !== 0) return (wordShifts.length - index) * WORD_BITS - Math.clz32(word);
  }
  return 0;
}

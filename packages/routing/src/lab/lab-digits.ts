/**
 * Digits of the laboratory's positions, in base 16: 13 of them, 8 in the upper word and 5 in the lower one.
 */

import { LOW_BITS } from './lab-ring';

const DIGIT_BITS = 4;
export const BASE = 1 << DIGIT_BITS;
const HIGH_DIGITS = 32 / DIGIT_BITS;
export const DIGITS = HIGH_DIGITS + LOW_BITS / DIGIT_BITS;
const LOW_SIZE = 2 ** LOW_BITS;

/** Digit `row` of a position; 0 is the most significant. */
export function digitOf(position: number, row: number): number {
  if (row < HIGH_DIGITS) {
    return (Math.floor(position / LOW_SIZE) >>> (32 - DIGIT_BITS * (row + 1))) & (BASE - 1);
  }
  return ((position % LOW_SIZE) >>> (LOW_BITS - DIGIT_BITS * (row - HIGH_DIGITS + 1))) & (BASE - 1);
}

/** How many leading digits two positions share. */
export function sharedDigits(a: number, b: number): number {
  const high = (Math.floor(a / LOW_SIZE) ^ Math.floor(b / LOW_SIZE)) >>> 0;
  if (high !== 0) return Math.clz32(high) >>> 2;
  const low = (a % LOW_SIZE) ^ (b % LOW_SIZE);
  return low === 0 ? DIGITS : HIGH_DIGITS + ((Math.clz32(low) - (32 - LOW_BITS)) >>> 2);
}

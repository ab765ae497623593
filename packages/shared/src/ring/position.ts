/**
 * Positions: points on the ring of 2^64. The ids of nodes are positions too.
 *
 * A position is a branded bigint, because the ring's arithmetic wraps at 2^64, which doubles cannot hold. Code that
 * handles keys by the million does not use it; see ring-key.ts.
 */

import { quoted } from './excerpt';

declare const positionBrand: unique symbol;

/** A point on the ring, 0 … 2^64 − 1. */
export type Position = bigint & { readonly [positionBrand]: true };

/** The position of a node; its arc begins there. */
export type NodeId = Position;

export const RING_SIZE = 1n << 64n;

/** Takes a bigint for a position. Throws a RangeError outside 0 … 2^64 − 1. */
export function position(value: bigint): Position {
  if (value < 0n || value >= RING_SIZE) throw new RangeError(`not a position on the ring: ${value}`);
  return value as Position;
}

/** Clockwise distance from one position to another, 0 … 2^64 − 1. */
export function clockwiseDistance(from: Position, to: Position): bigint {
  return to >= from ? to - from : to - from + RING_SIZE;
}

/** The position `by` further on, clockwise; `by` may be negative. */
export function advance(from: Position, by: bigint): Position {
  return BigInt.asUintN(64, from + by) as Position;
}

/** Sixteen lower-case hexadecimal digits. */
export function formatPosition(value: Position): string {
  return value.toString(16).padStart(16, '0');
}

/** Reads what formatPosition wrote. Throws a SyntaxError on anything else. */
export function parsePosition(text: string): Position {
  if (!/^[0-9a-fA-F]{16}$/.test(text)) {
    throw new SyntaxError(`not a position: expected 16 hexadecimal digits, got ${quoted(text)}`);
  }
  return BigInt(`0x${text}`) as Position;
}

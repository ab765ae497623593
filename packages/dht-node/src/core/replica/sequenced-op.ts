/** What stands in a log under one sequence number, and what both its ends know of a log at a number. */

import type { Term } from '@ringkeep/shared';
import type { Entry } from './entry-store';

/** What one sequence number stands for; without an entry, an operation on another part of the arc. */
export type SequencedOp = Entry | undefined;

/** What a running hash (running-hash.ts) is at one sequence number. */
export interface HashPoint {
  /** The term in which it began; 0 for none, before a term has begun. */
  readonly term: Term;
  readonly value: number;
}

/** Bytes of keys and values, as windows and messages count them. */
export function entryBytes(entries: readonly Entry[]): number {
  let bytes = 0;
  for (const entry of entries) bytes += bytesOf(entry);
  return bytes;
}

export function bytesOf({ key, value }: Entry): number {
  return key.length + (value === undefined ? 0 : value.length);
}

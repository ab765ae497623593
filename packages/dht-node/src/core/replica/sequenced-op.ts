/** What stands in a log under one sequence number, and what both its ends know of a log at a number. */

import type { RingKey, Term } from '@ringkeep/shared';
import type { Entry } from './entry-store';

/**
 * Entries of one position under one sequence number: prepared, discarded, committed and told as one. There are two or
 * more, of different keys.
 */
export interface EntryGroup {
  readonly group: readonly Entry[];
}

/** What one sequence number stands for; undefined for an operation on another part of the arc, or one without effect. */
export type SequencedOp = Entry | EntryGroup | undefined;

/** What a running hash (running-hash.ts) is at one sequence number. */
export interface HashPoint {
  /** The term in which it began; 0 for none, before a term has begun. */
  readonly term: Term;
  readonly value: number;
}

/** As few as they are: a group of one is an entry. */
export function opOfEntries(entries: readonly Entry[]): SequencedOp {
  return entries.length > 1 ? { group: entries } : entries[0];
}

export function isGroup(op: Entry | EntryGroup): op is EntryGroup {
  return 'group' in op;
}

/** The entries under one sequence number. */
export function entriesOfOp(op: SequencedOp): readonly Entry[] {
  if (op === undefined) return [];
  return isGroup(op) ? op.group : [op];
}

/** The entries of operations, one after another. */
export function entriesOf(ops: readonly SequencedOp[]): readonly Entry[] {
  const entries: Entry[] = [];
  for (const op of ops) {
    if (op === undefined) continue;
    if (isGroup(op)) entries.push(...op.group);
    else entries.push(op);
  }
  return entries;
}

/** One of its keys: they are all at the same place of the ring. */
export function keyOfOp(op: Entry | EntryGroup): RingKey {
  return isGroup(op) ? (op.group[0] as Entry).key : op.key;
}

/** Operations as a part of their arc has them: those on other keys are numbers alone. */
export function opsWithin(ops: readonly SequencedOp[], holds: (key: RingKey) => boolean): SequencedOp[] {
  return ops.map((op) => (op && holds(keyOfOp(op)) ? op : undefined));
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

/** The same for whatever stands under one sequence number. */
export function opBytes(op: SequencedOp): number {
  if (op === undefined) return 0;
  return isGroup(op) ? entryBytes(op.group) : bytesOf(op);
}

/** Of operations, one after another. */
export function opsBytes(ops: readonly SequencedOp[]): number {
  let bytes = 0;
  for (const op of ops) bytes += opBytes(op);
  return bytes;
}

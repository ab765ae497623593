/**
 * A running hash of a log's operations, by which two replicas notice that they do not have the same.
 *
 * It starts at 0 in each term, where the takeover has brought all members level, and takes in each operation as that
 * leaves the window. Its value at a later operation is found by going through the window. So it costs one mixing step
 * for each operation and is known at every sequence number at which two replicas can meet. It is in memory only: a
 * process that starts takes it over from its primary.
 *
 * An operation counts with its number, its kind, its key's position, its lengths and the checksum of its entry, which
 * covers flags, version, expiry and value. Each entry of a group counts, and how many they are. That is
 * enough to notice a mistake of the protocol, at some ten nanoseconds an operation.
 */

import type { Bytes, Seq, Term } from '@ringkeep/shared';
import { checksumIn } from '@ringkeep/shared/operations/stored';
import type { Entry } from './entry-store';
import { isGroup, type HashPoint, type SequencedOp } from './sequenced-op';

export const NO_TERM: HashPoint = { term: 0, value: 0 };

/** A key with its position has up to 1,032 bytes. */
const KEY_LENGTH_BITS = 11;
const EXPIRY = 1 << KEY_LENGTH_BITS;

export class RunningHash {
  constructor(
    readonly term: Term,
    /** The operations up to here are in the value. */
    private seq: Seq,
    private value: number,
  ) {}

  /** Operations leave the window. */
  take(firstSeq: Seq, ops: readonly SequencedOp[]): void {
    const last = firstSeq + ops.length - 1;
    if (last <= this.seq) return;
    this.value = this.mixedWith(firstSeq, ops, last);
    this.seq = last;
  }

  /** What it is at a sequence number; undefined when it began later. */
  at(seq: Seq, firstSeq: Seq, window: readonly SequencedOp[]): HashPoint | undefined {
    if (seq < this.seq) return undefined;
    return { term: this.term, value: this.mixedWith(firstSeq, window, seq) };
  }

  private mixedWith(firstSeq: Seq, ops: readonly SequencedOp[], last: Seq): number {
    let value = this.value;
    for (let seq = Math.max(this.seq + 1, firstSeq); seq <= last; seq++)
      value = mixOp(value, seq, ops[seq - firstSeq]);
    return value >>> 0;
  }
}

function mixOp(before: number, seq: Seq, op: SequencedOp): number {
  const hash = mix(before, seq | 0);
  if (op === undefined) return hash;
  if (!isGroup(op)) return mixEntry(hash, op);
  let ofAll = mix(hash, op.group.length);
  for (const entry of op.group) ofAll = mixEntry(ofAll, entry);
  return ofAll;
}

function mixEntry(hash: number, op: Entry): number {
  const { key, value } = op;
  const ofKey = mix(mix(hash, word(key, 0)), word(key, 4));
  if (value === undefined) return mix(ofKey, ~(op.cause === undefined ? key.length : key.length | EXPIRY));
  const ofLengths = mix(ofKey, (value.length << KEY_LENGTH_BITS) | key.length);
  return mix(ofLengths, checksumIn(value) | 0);
}

/** Four bytes. */
function word(bytes: Bytes, at: number): number {
  return (
    bytes.charCodeAt(at) |
    (bytes.charCodeAt(at + 1) << 8) |
    (bytes.charCodeAt(at + 2) << 16) |
    (bytes.charCodeAt(at + 3) << 24)
  );
}

/** A step of MurmurHash3 (Austin Appleby, public domain), by its published constants. */
function mix(hash: number, item: number): number {
  const scrambled = Math.imul(item, 0xcc9e2d51);
  const mixed = hash ^ Math.imul((scrambled << 15) | (scrambled >>> 17), 0x1b873593);
  return (Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe6546b64) | 0;
}

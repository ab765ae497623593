/**
 * Entries and operations in columns, as replicas send them to each other and as the log keeps them: the
 * kinds, the lengths, and one blob of all keys and then all values.
 *
 * A primary sends the same operations to each follower and writes them to its log, and a follower writes
 * what it received: they are encoded once. The columns of an array of operations are kept beside it for as
 * long as it lives, which is why such an array never changes.
 */

import { KEY_BYTES_MAX, POSITION_BYTES, RingError, type RingKey } from '@ringkeep/shared';
import { ByteRope, joinRopes, type dht } from '@ringkeep/shared/wire';
import type { Entry } from '../core/entry-store';
import type { SequencedOp } from '../core/messages';

/** An operation on another part of the arc: a bare sequence number. */
const BARE = 0;
const DELETE = 1;
const SET = 2;

const columnsKept = new WeakMap<readonly SequencedOp[], dht.EntryColumns>();

export function columnsOf(ops: readonly SequencedOp[]): dht.EntryColumns {
  const kept = columnsKept.get(ops);
  if (kept !== undefined) return kept;
  const columns = encode(ops);
  columnsKept.set(ops, columns);
  return columns;
}

function encode(ops: readonly SequencedOp[]): dht.EntryColumns {
  const kinds = Buffer.allocUnsafe(ops.length);
  const keyLengths: number[] = [];
  const valueLengths: number[] = [];
  const keys = new ByteRope();
  const values = new ByteRope();
  for (let i = 0; i < ops.length; i++) {
    const op = ops[i];
    if (op === undefined) {
      kinds[i] = BARE;
      continue;
    }
    keyLengths.push(op.key.length);
    keys.add(op.key);
    if (op.value === undefined) {
      kinds[i] = DELETE;
    } else {
      kinds[i] = SET;
      valueLengths.push(op.value.length);
      values.add(op.value);
    }
  }
  return { kinds, keyLengths, valueLengths, blob: joinRopes(keys, values) };
}

/** Throws INVALID_ARGUMENT when the columns do not fit each other. */
export function opsOf(columns: dht.EntryColumns): readonly SequencedOp[] {
  const { kinds, keyLengths, valueLengths, blob } = columns;
  const keyBytes = sum(keyLengths);
  let keyAt = 0;
  let valueAt = keyBytes;
  let keys = 0;
  let values = 0;
  const ops = new Array<SequencedOp>(kinds.length);
  for (let i = 0; i < kinds.length; i++) {
    const kind = kinds[i] as number;
    if (kind === BARE) {
      ops[i] = undefined;
      continue;
    }
    if (kind !== DELETE && kind !== SET) throw malformed(`an operation of kind ${kind}`);
    const keyLength = keyLengths[keys++] ?? 0;
    if (keyLength <= POSITION_BYTES || keyLength > POSITION_BYTES + KEY_BYTES_MAX)
      throw malformed(`a key of ${keyLength} bytes with its position`);
    const key = blob.toString('latin1', keyAt, keyAt + keyLength) as RingKey;
    keyAt += keyLength;
    if (kind === DELETE) {
      ops[i] = { key, value: undefined };
      continue;
    }
    const valueLength = valueLengths[values++] ?? 0;
    ops[i] = { key, value: blob.toString('latin1', valueAt, valueAt + valueLength) as Entry['value'] };
    valueAt += valueLength;
  }
  if (keys !== keyLengths.length || values !== valueLengths.length || valueAt !== blob.length) {
    throw malformed(
      `${kinds.length} operations with ${keyLengths.length} key lengths and ${valueLengths.length} value lengths ` +
        `for ${blob.length} bytes`,
    );
  }
  columnsKept.set(ops, columns);
  return ops;
}

/** The same where every operation has an entry. */
export function entriesOf(columns: dht.EntryColumns): readonly Entry[] {
  const ops = opsOf(columns);
  if (ops.includes(undefined)) throw malformed('a sequence number among entries');
  return ops as readonly Entry[];
}

function sum(lengths: readonly number[]): number {
  let total = 0;
  for (const length of lengths) total += length;
  return total;
}

function malformed(what: string): RingError {
  return new RingError('INVALID_ARGUMENT', `malformed columns: ${what}`);
}

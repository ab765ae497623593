/**
 * Entries and operations in columns, as replicas send them to each other and as the log keeps them: the kinds, the
 * lengths, and one blob of all keys and then all values.
 *
 * Values travel in their envelopes, and their checksums are compared with what arrives: a damaged entry goes no
 * further.
 *
 * A primary sends the same operations to each follower and writes them to its log, and a follower writes what it
 * received. So they are encoded once. The columns of an array of operations are kept beside the array for as long as it
 * lives, so such an array must never change.
 */

import type { Bytes, RingKey } from '@ringkeep/shared';
import { RingError } from '@ringkeep/shared/ring/errors';
import { KEY_BYTES_MAX } from '@ringkeep/shared/ring/limits';
import { POSITION_BYTES } from '@ringkeep/shared/ring/ring-key';
import type { StoredValue } from '@ringkeep/shared/operations';
import { VERSION_BEFORE_ENVELOPES, isSoundIn, seal } from '@ringkeep/shared/operations/stored';
import { ByteRope, joinRopes, type dht } from '@ringkeep/shared/wire';
import type { Entry } from '../core/replica/entry-store';
import type { SequencedOp } from '../core/replica/sequenced-op';

/** An operation on another part of the arc: a bare sequence number. */
const BARE = 0;
const DELETE = 1;
const SET = 2;
/** The key's time was over. 4 is kept free for an entry that shares its number with the one behind it. */
const EXPIRY = 3;

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
      kinds[i] = op.cause === 'expiry' ? EXPIRY : DELETE;
    } else {
      kinds[i] = SET;
      valueLengths.push(op.value.length);
      values.add(op.value);
    }
  }
  return { kinds, keyLengths, valueLengths, blob: joinRopes(keys, values) };
}

/** Throws INVALID_ARGUMENT when the columns do not fit each other, or an entry is not what its primary made. */
export function opsOf(columns: dht.EntryColumns): readonly SequencedOp[] {
  const ops = decode(columns, soundValue);
  columnsKept.set(ops, columns);
  return ops;
}

/** The same of columns from before there were envelopes. */
export function opsOfBareValues(columns: dht.EntryColumns): readonly SequencedOp[] {
  return decode(columns, sealedValue);
}

type ValueReader = (blob: Buffer, key: RingKey, keyFrom: number, from: number, to: number) => StoredValue;

const soundValue: ValueReader = (blob, key, keyFrom, from, to) => {
  if (isSoundIn(blob, keyFrom, keyFrom + key.length, from, to))
    return blob.toString('latin1', from, to) as StoredValue;
  throw malformed(`the entry of a key of ${key.length} bytes is damaged, or of an older format`);
};

const sealedValue: ValueReader = (blob, key, _keyFrom, from, to) =>
  seal(key, VERSION_BEFORE_ENVELOPES, blob.toString('latin1', from, to) as Bytes);

function decode(columns: dht.EntryColumns, valueAs: ValueReader): readonly SequencedOp[] {
  const { kinds, keyLengths, valueLengths, blob } = columns;
  const keyBytes = sum(keyLengths);
  if (keyBytes + sum(valueLengths) !== blob.length) throw unfitting(columns);
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
    if (kind !== DELETE && kind !== SET && kind !== EXPIRY) throw malformed(`an operation of kind ${kind}`);
    const keyLength = keyLengths[keys++] ?? 0;
    if (keyLength <= POSITION_BYTES || keyLength > POSITION_BYTES + KEY_BYTES_MAX)
      throw malformed(`a key of ${keyLength} bytes with its position`);
    const key = blob.toString('latin1', keyAt, keyAt + keyLength) as RingKey;
    keyAt += keyLength;
    if (kind !== SET) {
      ops[i] = kind === DELETE ? { key, value: undefined } : { key, value: undefined, cause: 'expiry' };
      continue;
    }
    const valueLength = valueLengths[values++] ?? 0;
    const value = valueAs(blob, key, keyAt - keyLength, valueAt, valueAt + valueLength);
    ops[i] = { key, value };
    valueAt += valueLength;
  }
  if (keys !== keyLengths.length || values !== valueLengths.length) throw unfitting(columns);
  return ops;
}

/** The same where every operation has an entry. */
export function entriesOf(columns: dht.EntryColumns, read = opsOf): readonly Entry[] {
  const ops = read(columns);
  if (ops.includes(undefined)) throw malformed('a sequence number among entries');
  return ops as readonly Entry[];
}

function sum(lengths: readonly number[]): number {
  let total = 0;
  for (const length of lengths) total += length;
  return total;
}

function unfitting({ kinds, keyLengths, valueLengths, blob }: dht.EntryColumns): RingError {
  return malformed(
    `${kinds.length} operations with ${keyLengths.length} key lengths and ${valueLengths.length} value lengths ` +
      `for ${blob.length} bytes`,
  );
}

function malformed(what: string): RingError {
  return new RingError('INVALID_ARGUMENT', `malformed columns: ${what}`);
}

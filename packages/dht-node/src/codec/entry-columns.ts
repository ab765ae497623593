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
import { ByteRope, joinRopes } from '@ringkeep/shared/operations/byte-rope';
import type { dht } from '@ringkeep/shared/wire';
import type { Entry } from '../core/replica/entry-store';
import { isGroup, type EntryGroup, type SequencedOp } from '../core/replica/sequenced-op';

/** An operation on another part of the arc: a bare sequence number. */
const BARE = 0;
const DELETE = 1;
const SET = 2;
/** The key's time was over. */
const EXPIRY = 3;
/** Added to the kind of an entry that shares its number with the one behind it. */
const GOES_ON = 4;

const columnsKept = new WeakMap<readonly SequencedOp[], dht.EntryColumns>();

export function columnsOf(ops: readonly SequencedOp[]): dht.EntryColumns {
  const kept = columnsKept.get(ops);
  if (kept !== undefined) return kept;
  const columns = encode(ops);
  columnsKept.set(ops, columns);
  return columns;
}

function encode(ops: readonly SequencedOp[]): dht.EntryColumns {
  const columns = new Columns(rowsOf(ops));
  for (const op of ops) {
    if (op === undefined) {
      columns.addBare();
    } else if (isGroup(op)) {
      const { group } = op;
      for (let i = 0; i < group.length; i++)
        columns.add(group[i] as Entry, i + 1 < group.length ? GOES_ON : 0);
    } else {
      columns.add(op, 0);
    }
  }
  return columns.finish();
}

/** Rows of the columns: one for each entry, and for each number without one. */
function rowsOf(ops: readonly SequencedOp[]): number {
  let rows = ops.length;
  for (const op of ops) if (op !== undefined && isGroup(op)) rows += op.group.length - 1;
  return rows;
}

class Columns {
  private readonly kinds: Buffer;
  private row = 0;
  private readonly keyLengths: number[] = [];
  private readonly valueLengths: number[] = [];
  private readonly keys = new ByteRope();
  private readonly values = new ByteRope();

  constructor(rows: number) {
    this.kinds = Buffer.allocUnsafe(rows);
  }

  addBare(): void {
    this.kinds[this.row++] = BARE;
  }

  add({ key, value, cause }: Entry, goesOn: number): void {
    this.keyLengths.push(key.length);
    this.keys.add(key);
    if (value === undefined) {
      this.kinds[this.row++] = goesOn | (cause === 'expiry' ? EXPIRY : DELETE);
    } else {
      this.kinds[this.row++] = goesOn | SET;
      this.valueLengths.push(value.length);
      this.values.add(value);
    }
  }

  finish(): dht.EntryColumns {
    const { kinds, keyLengths, valueLengths, keys, values } = this;
    return { kinds, keyLengths, valueLengths, blob: joinRopes(keys, values) };
  }
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
  const ops: SequencedOp[] = [];
  let group: Entry[] | undefined;
  for (let i = 0; i < kinds.length; i++) {
    const byte = kinds[i] as number;
    const kind = byte & ~GOES_ON;
    if (byte === BARE && group === undefined) {
      ops.push(undefined);
      continue;
    }
    if (kind !== DELETE && kind !== SET && kind !== EXPIRY) throw malformed(`an operation of kind ${byte}`);
    const keyLength = keyLengths[keys++] ?? 0;
    if (keyLength <= POSITION_BYTES || keyLength > POSITION_BYTES + KEY_BYTES_MAX)
      throw malformed(`a key of ${keyLength} bytes with its position`);
    const key = blob.toString('latin1', keyAt, keyAt + keyLength) as RingKey;
    keyAt += keyLength;
    let entry: Entry;
    if (kind === SET) {
      const valueLength = valueLengths[values++] ?? 0;
      entry = { key, value: valueAs(blob, key, keyAt - keyLength, valueAt, valueAt + valueLength) };
      valueAt += valueLength;
    } else {
      entry = kind === DELETE ? { key, value: undefined } : { key, value: undefined, cause: 'expiry' };
    }
    if (group === undefined && byte === kind) {
      ops.push(entry);
      continue;
    }
    group ??= [];
    group.push(entry);
    if (byte !== kind) continue;
    ops.push(checkedGroup(group));
    group = undefined;
  }
  if (group !== undefined) throw malformed('a number that goes on behind the last entry');
  if (keys !== keyLengths.length || values !== valueLengths.length) throw unfitting(columns);
  return ops;
}

/** Entries under one number: of one position, and each key once. */
function checkedGroup(group: readonly Entry[]): EntryGroup {
  const position = positionIn(group[0] as Entry);
  if (group.some((entry) => positionIn(entry) !== position)) throw malformed('a number of two positions');
  if (new Set(group.map(({ key }) => key)).size < group.length)
    throw malformed('a number that stands twice for one key');
  return { group };
}

function positionIn({ key }: Entry): string {
  return key.slice(0, POSITION_BYTES);
}

/** The same where every operation is one entry. */
export function entriesOf(columns: dht.EntryColumns, read = opsOf): readonly Entry[] {
  const ops = read(columns);
  for (const op of ops)
    if (op === undefined || isGroup(op)) throw malformed('a sequence number among entries');
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

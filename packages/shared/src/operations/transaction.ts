/**
 * A transaction: conditions, and the operations that are carried out where all of them hold, and where one does not. All
 * its keys have one position, hence one owner and one log.
 *
 * It travels as one operand of one operation, whose key is any of its own; the position of that key is that of all.
 *
 *   conditions: count, then each: key, condition     (extras.ts)
 *   then:       count, then each: type (1), key, extras if the type has the flag 128, operands
 *   else:       as then
 *
 * Counts are LEB128; keys, conditions, extras and operands have their lengths in front of them, as LEB128.
 */

import type { Bytes } from '../ring/bytes';
import { RingError } from '../ring/errors';
import { TRANSACTION_BYTES_MAX, TRANSACTION_OPERATIONS_MAX } from '../ring/limits';
import { POSITION_BYTES, ringKey, type RingKey } from '../ring/ring-key';
import { bufferOfBytes } from './bytes';
import { isOperationType, OperationType, rowOf } from './catalogue';
import { decodeExtras, encodeExtras, type Condition, type Extras } from './extras';
import { operationWith, type KeyOperation, type OperationOf } from './operation';
import { decodeVarint, encodeVarint } from './varint';

/** Any but a transaction. */
export type SingleOperation = Exclude<KeyOperation, OperationOf<'transact'>>;

export interface KeyCondition {
  readonly key: RingKey;
  readonly condition: Condition;
}

export interface Transaction {
  /** With none, all hold. */
  readonly conditions: readonly KeyCondition[];
  /** They have no conditions of their own; each sees what those before it left. */
  readonly then: readonly SingleOperation[];
  readonly else: readonly SingleOperation[];
}

/** One operation as it stands in a transaction. */
export interface EncodedOperation {
  readonly type: SingleOperation['type'];
  readonly key: Bytes;
  readonly extras: Bytes | undefined;
  readonly operands: readonly Bytes[];
}

/** A transaction whose operations are not checked. */
export interface EncodedTransaction {
  readonly conditions: readonly { readonly key: Bytes; readonly condition: Condition }[];
  readonly then: readonly EncodedOperation[];
  readonly else: readonly EncodedOperation[];
}

const HAS_EXTRAS = 0x80;

export function encodeTransaction({ conditions, then, else: otherwise }: EncodedTransaction): Bytes {
  let bytes: string = encodeVarint(conditions.length);
  for (const { key, condition } of conditions)
    bytes += sized(key) + sized(encodeExtras({ condition, showsPresent: false }));
  for (const branch of [then, otherwise]) {
    bytes += encodeVarint(branch.length);
    for (const { type, key, extras, operands } of branch) {
      bytes += String.fromCharCode(extras === undefined ? type : type | HAS_EXTRAS) + sized(key);
      if (extras !== undefined) bytes += sized(extras);
      for (const operand of operands) bytes += sized(operand);
    }
  }
  return bytes as Bytes;
}

function sized(bytes: Bytes): string {
  return encodeVarint(bytes.length) + bytes;
}

/** What `encodeTransaction` made. Throws INVALID_ARGUMENT on anything else. */
export function decodeTransaction(bytes: Bytes): EncodedTransaction {
  if (bytes.length > TRANSACTION_BYTES_MAX) {
    throw new RingError(
      'INVALID_ARGUMENT',
      `the transaction has ${bytes.length} bytes; ${TRANSACTION_BYTES_MAX} are allowed`,
    );
  }
  const reader = new Reader(bytes);
  const conditions = reader.list(() => ({ key: reader.piece(), condition: conditionIn(reader.piece()) }));
  const then = reader.list(() => operationIn(reader));
  const otherwise = reader.list(() => operationIn(reader));
  reader.end();
  return { conditions, then, else: otherwise };
}

function conditionIn(bytes: Bytes): Condition {
  const { condition } = extrasIn(bytes);
  if (condition === undefined) throw malformed('a condition that says nothing');
  return condition;
}

function operationIn(reader: Reader): EncodedOperation {
  const byte = reader.byte();
  const type = byte & ~HAS_EXTRAS;
  if (!isOperationType(type)) throw malformed(`an operation of type ${type}`);
  if (type === OperationType.transact || type === OperationType.scan)
    throw malformed(`${rowOf(type).wireName}, which is on more than one entry, within a transaction`);
  const key = reader.piece();
  const extras = byte >= HAS_EXTRAS ? reader.piece() : undefined;
  return { type, key, extras, operands: rowOf(type).brings.map(() => reader.piece()) };
}

class Reader {
  private readonly buffer: Buffer;
  private at = 0;
  private entries = 0;

  constructor(private readonly bytes: Bytes) {
    this.buffer = bufferOfBytes(bytes);
  }

  byte(): number {
    const byte = this.buffer[this.at++];
    if (byte === undefined) throw malformed('it ends early');
    return byte;
  }

  piece(): Bytes {
    const from = this.at;
    const length = this.number();
    const begin = this.at;
    this.at += length;
    if (this.at > this.bytes.length) throw malformed(`${length} bytes at ${from}, where it ends early`);
    return this.bytes.slice(begin, this.at) as Bytes;
  }

  /** Bounded with those before it, so that nothing is made of what cannot be. */
  list<Item>(read: () => Item): Item[] {
    const count = this.number();
    this.entries += count;
    if (this.entries > TRANSACTION_OPERATIONS_MAX) {
      throw new RingError(
        'INVALID_ARGUMENT',
        `the transaction has ${this.entries} conditions and operations, or more; ${TRANSACTION_OPERATIONS_MAX} are allowed`,
      );
    }
    return Array.from({ length: count }, read);
  }

  end(): void {
    if (this.at !== this.bytes.length) throw malformed(`${this.bytes.length - this.at} bytes too many`);
  }

  private number(): number {
    const found = decodeVarint(this.buffer, this.at);
    if (found === undefined) throw malformed('a length that is no number');
    this.at = found.end;
    return found.value;
  }
}

/** The transaction that an operation of the ring carries, which was checked when it came in (check.ts). */
export function transactionOf({ key: at, transaction }: OperationOf<'transact'>): Transaction {
  const { conditions, then, else: otherwise } = decodeTransaction(transaction);
  const position = at.slice(0, POSITION_BYTES) as Bytes;
  return {
    conditions: conditions.map(({ key, condition }) => ({ key: ringKey(position, key), condition })),
    then: then.map((operation) => singleOf(operation, position)),
    else: otherwise.map((operation) => singleOf(operation, position)),
  };
}

function singleOf({ type, key, extras, operands }: EncodedOperation, position: Bytes): SingleOperation {
  const operation = operationWith(type, ringKey(position, key), operands) as SingleOperation;
  return extras === undefined ? operation : { ...operation, extras: extrasIn(extras) };
}

function extrasIn(bytes: Bytes): Extras {
  const extras = decodeExtras(bytes);
  if (extras instanceof RingError) throw extras;
  return extras;
}

/** The keys that it looks at or changes, each once. */
export function keysOf({ conditions, then, else: otherwise }: Transaction): ReadonlySet<RingKey> {
  return new Set([...conditions, ...then, ...otherwise].map(({ key }) => key));
}

function malformed(why: string): RingError {
  return new RingError('INVALID_ARGUMENT', `malformed transaction: ${why}`);
}

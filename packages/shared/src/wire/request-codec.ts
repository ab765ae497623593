/**
 * Converts operations to and from the column frames in which they travel.
 *
 * A frame is checked as a whole for its shape (lengths that add up, known types), and operation by operation for its
 * limits, so that one bad key fails alone.
 */

import { isAscii } from 'node:buffer';
import type { Bytes } from '../ring';
import { RingError } from '../ring/errors';
import { SLICE_BYTES_MAX } from '../ring/limits';
import { POSITION_BYTES } from '../ring/ring-key';
import { bufferOfBytes } from '../operations/bytes';
import { isOperationType, rowOf, type OperationType } from '../operations/catalogue';
import { decodeExtras, encodeExtras, type Extras } from '../operations/extras';
import { checkOperation, type KeyTerms } from '../operations/check';
import { operandOf, type LocatedOperation, type Operation } from '../operations/operation';
import { ByteRope, joinRopes } from '../operations/byte-rope';
import type { BatchRequest } from './generated/dht';

/**
 * Small keys and values of frames up to this size are slices of one string of the whole frame: one conversion instead
 * of hundreds. Larger strings cost more than that saves.
 */
const SLICED_BYTES_MAX = 64 * 1024;

const NOTHING: Bytes[] = [];

/** In the byte of an operation's type: the first of what it brings are its extras. */
const HAS_EXTRAS = 0x80;

/** By that byte, how much the operation brings beside its key. An unknown one brings nothing, and fails alone. */
const BROUGHT = Uint8Array.from({ length: 256 }, (_, byte) => {
  const type = byte & ~HAS_EXTRAS;
  if (!isOperationType(type)) return 0;
  return rowOf(type).brings.length + (byte >= HAS_EXTRAS ? 1 : 0);
});

export interface FrameHeader {
  readonly frame: number;
  readonly deadlineMs: number;
  readonly hops: number;
  readonly ringVersion: number;
  readonly direct: boolean;
}

/** The columns of a frame while it is put together. */
class Columns {
  private readonly types: Buffer;
  private readonly keyLengths: number[] = [];
  private readonly valueLengths: number[] = [];
  private readonly keys = new ByteRope();
  private readonly values = new ByteRope();

  constructor(count: number) {
    this.types = Buffer.allocUnsafe(count);
  }

  add(type: OperationType, key: Bytes, extras: Extras | undefined): void {
    this.types[this.keyLengths.length] = extras === undefined ? type : type | HAS_EXTRAS;
    this.keyLengths.push(key.length);
    this.keys.add(key);
    if (extras !== undefined) this.addOperand(encodeExtras(extras));
  }

  addOperand(operand: Bytes): void {
    this.valueLengths.push(operand.length);
    this.values.add(operand);
  }

  request(header: FrameHeader, positions: Buffer): BatchRequest {
    const { frame, deadlineMs, hops, ringVersion, direct } = header;
    const { types, keyLengths, valueLengths } = this;
    const blob = joinRopes(this.keys, this.values);
    return {
      frame,
      deadlineMs,
      hops,
      ringVersion,
      direct,
      types,
      keyLengths,
      valueLengths,
      blob,
      positions,
      cancel: 0,
    };
  }
}

/** A frame of operations. Positions travel along between nodes (hops > 0). */
export function encodeRequest(header: FrameHeader, operations: readonly Operation[]): BatchRequest {
  const columns = new Columns(operations.length);
  for (const operation of operations) {
    const { brings, ofPlace } = rowOf(operation.type);
    const whole = ofPlace && header.hops === 0;
    columns.add(
      operation.type,
      whole ? operation.key : (operation.key.slice(POSITION_BYTES) as Bytes),
      operation.extras,
    );
    for (const name of brings) columns.addOperand(operandOf(operation, name));
  }
  return columns.request(header, positionsOf(header, operations));
}

function positionsOf({ hops }: FrameHeader, operations: readonly Operation[]): Buffer {
  let positions = '';
  if (hops > 0) for (const { key } of operations) positions += key.slice(0, POSITION_BYTES);
  return bufferOfBytes(positions as Bytes);
}

/** The same for a client's operations. Positions are omitted: a node never trusts a client's hash. */
export function encodeLocated(header: FrameHeader, operations: readonly LocatedOperation[]): BatchRequest {
  const columns = new Columns(operations.length);
  for (const { type, key, operands, extras } of operations) {
    columns.add(type, key, extras);
    for (const operand of operands) columns.addOperand(operand);
  }
  return columns.request(header, Buffer.alloc(0));
}

/**
 * The operations of a frame; where one breaks a limit, its error instead. Throws INVALID_ARGUMENT when
 * the frame as a whole is malformed.
 */
export function decodeRequest(frame: BatchRequest, limits: KeyTerms): (Operation | RingError)[] {
  const { types, keyLengths, valueLengths, blob } = frame;
  const count = types.length;
  const keysEnd = checkedKeysEnd(frame);
  const sliced = blob.length <= SLICED_BYTES_MAX ? blob.toString('latin1') : undefined;
  const piece = (from: number, to: number): Bytes =>
    (sliced !== undefined && to - from <= SLICE_BYTES_MAX
      ? sliced.substring(from, to)
      : blob.toString('latin1', from, to)) as Bytes;
  // Asked once for all keys, as most frames have no others; else of each by itself.
  const ascii = isAscii(blob.subarray(0, keysEnd)) || undefined;
  const located = frame.hops > 0 && frame.positions.length > 0;
  const operations = new Array<Operation | RingError>(count);
  let keyAt = 0;
  let valueAt = keysEnd;
  let value = 0;
  for (let i = 0; i < count; i++) {
    const type = types[i] as number;
    const keyEnd = keyAt + (keyLengths[i] as number);
    const key = piece(keyAt, keyEnd);
    keyAt = keyEnd;
    const count = BROUGHT[type] as number;
    const brought = count === 0 ? NOTHING : new Array<Bytes>(count);
    for (let each = 0; each < count; each++) {
      const valueEnd = valueAt + (valueLengths[value++] as number);
      brought[each] = piece(valueAt, valueEnd);
      valueAt = valueEnd;
    }
    const position = located ? positionAt(frame, i) : undefined;
    operations[i] =
      type < HAS_EXTRAS
        ? checkOperation(type, key, brought, position, limits, ascii)
        : checkWithExtras(type, key, brought, position, limits, ascii);
  }
  return operations;
}

/** Where the keys end and the values begin. Throws INVALID_ARGUMENT when the columns do not fit together. */
function checkedKeysEnd({ types, keyLengths, valueLengths, blob, positions }: BatchRequest): number {
  const count = types.length;
  let values = 0;
  for (let i = 0; i < count; i++) values += BROUGHT[types[i] as number] as number;
  if (keyLengths.length !== count || valueLengths.length !== values) {
    throw malformed(
      `${count} types, ${keyLengths.length} key lengths, ${valueLengths.length} value lengths for ${values} values`,
    );
  }
  let keyBytes = 0;
  for (const length of keyLengths) keyBytes += length;
  let bytes = keyBytes;
  for (const length of valueLengths) bytes += length;
  if (bytes !== blob.length) throw malformed(`lengths of ${bytes} bytes for ${blob.length}`);
  if (positions.length !== 0 && positions.length !== count * POSITION_BYTES) {
    throw malformed(`${positions.length} bytes of positions for ${count} keys`);
  }
  return keyBytes;
}

/** One whose type has the flag: its extras are the first of what it brings. An unknown one brings none. */
function checkWithExtras(
  type: number,
  key: Bytes,
  brought: readonly Bytes[],
  position: Bytes | undefined,
  limits: KeyTerms,
  ascii: boolean | undefined,
): Operation | RingError {
  const [encoded] = brought;
  if (encoded === undefined) return checkOperation(type, key, NOTHING, position, limits);
  const extras = decodeExtras(encoded);
  if (extras instanceof RingError) return extras;
  return checkOperation(type & ~HAS_EXTRAS, key, brought.slice(1), position, limits, ascii, extras);
}

function malformed(why: string): RingError {
  return new RingError('INVALID_ARGUMENT', `malformed frame: ${why}`);
}

function positionAt({ positions }: BatchRequest, index: number): Bytes {
  return positions.toString('latin1', index * POSITION_BYTES, (index + 1) * POSITION_BYTES) as Bytes;
}

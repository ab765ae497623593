/**
 * Batches of operations between their column frames and the operations themselves.
 *
 * A frame is checked as a whole for its shape (lengths that add up, known types) and operation by
 * operation for its limits, so that one bad key fails alone.
 */

import {
  ERROR_CODES,
  OperationType,
  POSITION_BYTES,
  REPLY_BYTES_TARGET,
  RingError,
  errorCodeOfByte,
  ringKey,
  type Bytes,
  type Operation,
  type OperationResult,
} from '../ring';
import { checkKey, checkValue, ringKeyOf } from '../runtime/bytes';
import type { BatchReply, BatchRequest } from './generated/dht';

const DONE = 0;
const DONE_WITH_VALUE = 1;

export interface KeyLimits {
  readonly keyBytesMax: number;
  readonly valueBytesMax: number;
}

export interface FrameHeader {
  readonly frame: number;
  readonly deadlineMs: number;
  readonly hops: number;
  readonly ringVersion: number;
  readonly direct: boolean;
}

/** The frame of some operations. Positions travel along between nodes (hops > 0). */
export function encodeRequest(header: FrameHeader, operations: readonly Operation[]): BatchRequest {
  const keyLengths: number[] = [];
  const valueLengths: number[] = [];
  const types = Buffer.allocUnsafe(operations.length);
  let bytes = 0;
  for (const [index, operation] of operations.entries()) {
    types[index] = operation.type;
    keyLengths.push(operation.key.length - POSITION_BYTES);
    bytes += operation.key.length - POSITION_BYTES;
    if (operation.type === OperationType.Set) {
      valueLengths.push(operation.value.length);
      bytes += operation.value.length;
    }
  }
  const blob = Buffer.allocUnsafe(bytes);
  const positions = Buffer.allocUnsafe(header.hops > 0 ? operations.length * POSITION_BYTES : 0);
  let at = 0;
  for (const [index, { key }] of operations.entries()) {
    at += blob.write(key.slice(POSITION_BYTES), at, 'latin1');
    if (header.hops > 0) positions.write(key.slice(0, POSITION_BYTES), index * POSITION_BYTES, 'latin1');
  }
  for (const operation of operations) {
    if (operation.type === OperationType.Set) at += blob.write(operation.value, at, 'latin1');
  }
  return { ...header, types, keyLengths, valueLengths, blob, positions, cancel: 0 };
}

/**
 * The operations of a frame; where one breaks a limit, its error instead. Throws INVALID_ARGUMENT when
 * the frame as a whole is malformed.
 */
export function decodeRequest(frame: BatchRequest, limits: KeyLimits): (Operation | RingError)[] {
  const count = frame.types.length;
  const sets = frame.types.reduce((sum, type) => sum + (type === OperationType.Set ? 1 : 0), 0);
  if (frame.keyLengths.length !== count || frame.valueLengths.length !== sets) {
    throw new RingError(
      'INVALID_ARGUMENT',
      `malformed frame: ${count} types, ${frame.keyLengths.length} key lengths, ` +
        `${frame.valueLengths.length} value lengths for ${sets} sets`,
    );
  }
  const keyBytes = frame.keyLengths.reduce((sum, length) => sum + length, 0);
  const valueBytes = frame.valueLengths.reduce((sum, length) => sum + length, 0);
  if (keyBytes + valueBytes !== frame.blob.length) {
    throw new RingError(
      'INVALID_ARGUMENT',
      `malformed frame: lengths of ${keyBytes + valueBytes} bytes for ${frame.blob.length}`,
    );
  }
  if (frame.positions.length !== 0 && frame.positions.length !== count * POSITION_BYTES) {
    throw new RingError(
      'INVALID_ARGUMENT',
      `malformed frame: ${frame.positions.length} bytes of positions for ${count} keys`,
    );
  }
  const operations: (Operation | RingError)[] = [];
  let keyAt = 0;
  let valueAt = keyBytes;
  let set = 0;
  for (let i = 0; i < count; i++) {
    const type = frame.types[i] as number;
    const keyEnd = keyAt + (frame.keyLengths[i] as number);
    const key = frame.blob.toString('latin1', keyAt, keyEnd) as Bytes;
    keyAt = keyEnd;
    let value = '' as Bytes;
    if (type === OperationType.Set) {
      const valueEnd = valueAt + (frame.valueLengths[set++] as number);
      value = frame.blob.toString('latin1', valueAt, valueEnd) as Bytes;
      valueAt = valueEnd;
    }
    operations.push(operationOrError(type, key, value, positionAt(frame, i), limits));
  }
  return operations;
}

function positionAt(frame: BatchRequest, index: number): Bytes | undefined {
  if (frame.positions.length === 0 || frame.hops === 0) return undefined;
  return frame.positions.toString('latin1', index * POSITION_BYTES, (index + 1) * POSITION_BYTES) as Bytes;
}

/** One operation, checked; `known` is its position when a node has hashed the key before. */
export function operationOrError(
  type: number,
  key: Bytes,
  value: Bytes,
  known: Bytes | undefined,
  limits: KeyLimits,
): Operation | RingError {
  try {
    checkKey(key, limits.keyBytesMax);
    const located = known === undefined ? ringKeyOf(key) : ringKey(known, key);
    switch (type) {
      case OperationType.Get:
      case OperationType.Delete:
        return { type, key: located };
      case OperationType.Set:
        checkValue(value, limits.valueBytesMax);
        return { type, key: located, value };
      default:
        return new RingError(
          'INVALID_ARGUMENT',
          `unknown ty ${type}; there are Get = 0, Delete = 1, Set = 2`,
        );
    }
  } catch (error) {
    if (error instanceof RingError) return error;
    throw error;
  }
}

export function encodeReply(frame: number, hops: number, results: readonly OperationResult[]): BatchReply {
  const codes = Buffer.allocUnsafe(results.length);
  const valueLengths: number[] = [];
  const errors: string[] = [];
  let bytes = 0;
  for (const [index, result] of results.entries()) {
    if (!result.ok) {
      codes[index] = ERROR_CODES[result.code].byte;
      errors.push(result.text);
    } else if (result.value === undefined) {
      codes[index] = DONE;
    } else {
      codes[index] = DONE_WITH_VALUE;
      valueLengths.push(result.value.length);
      bytes += result.value.length;
    }
  }
  const blob = Buffer.allocUnsafe(bytes);
  let at = 0;
  for (const result of results) {
    if (result.ok && result.value !== undefined) at += blob.write(result.value, at, 'latin1');
  }
  return { frame, hops, codes, valueLengths, blob, ring: undefined, errors };
}

/**
 * The same in as many messages as it takes to keep each far below gRPC's limit: 256 small operations can
 * ask for 256 large values. Each message answers the next operations of the frame, in their order.
 */
export function encodeReplies(
  frame: number,
  hops: number,
  results: readonly OperationResult[],
): BatchReply[] {
  const replies: BatchReply[] = [];
  let next = 0;
  do {
    const end = endOfReply(results, next);
    replies.push(encodeReply(frame, hops, results.slice(next, end)));
    next = end;
  } while (next < results.length);
  return replies;
}

/** Up to where the results from `from` on fit one message; at least one of them does. */
export function endOfReply(results: readonly OperationResult[], from: number): number {
  let bytes = 0;
  for (let index = from; index < results.length; index++) {
    const result = results[index] as OperationResult;
    const size = result.ok ? (result.value?.length ?? 0) : result.text.length;
    if (bytes > 0 && bytes + size > REPLY_BYTES_TARGET) return index;
    bytes += size;
  }
  return results.length;
}

/** The results of a reply, in the order of the operations. Throws INTERNAL when the lengths do not add up. */
export function decodeReply(reply: BatchReply): OperationResult[] {
  const results: OperationResult[] = [];
  let at = 0;
  let value = 0;
  let error = 0;
  for (const code of reply.codes) {
    if (code === DONE) {
      results.push({ ok: true, value: undefined });
    } else if (code === DONE_WITH_VALUE) {
      const end = at + (reply.valueLengths[value++] ?? 0);
      results.push({ ok: true, value: reply.blob.toString('latin1', at, end) as Bytes });
      at = end;
    } else {
      const name = errorCodeOfByte(code);
      results.push({ ok: false, code: name, text: reply.errors[error++] || ERROR_CODES[name].text });
    }
  }
  if (at !== reply.blob.length || value !== reply.valueLengths.length) {
    throw new RingError('INTERNAL', 'received a batch reply whose lengths do not add up');
  }
  return results;
}

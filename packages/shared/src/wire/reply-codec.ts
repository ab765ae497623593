/** Converts results to and from the column replies in which they travel. */

import type { Bytes } from '../ring';
import type { OperationResult, OperationOutcome } from '../operations/operation';
import { ERROR_CODES, RingError, errorCodeOfByte } from '../ring/errors';
import { REPLY_BYTES_TARGET } from '../ring/limits';
import { ByteRope } from '../operations/byte-rope';
import type { BatchReply } from './generated/dht';

const DONE = 0;
const DONE_WITH_VALUE = 1;
/** Most results say only that they succeeded. */
const NOTHING = { ok: true, value: undefined } as const;

/** The reply with the results from `from` up to `to`. */
export function encodeReply(
  frame: number,
  hops: number,
  results: readonly OperationResult[],
  from = 0,
  to = results.length,
): BatchReply {
  const codes = Buffer.allocUnsafe(to - from);
  const valueLengths: number[] = [];
  const errors: string[] = [];
  const values = new ByteRope();
  for (let index = from; index < to; index++) {
    const result = results[index] as OperationResult;
    if (!result.ok) {
      codes[index - from] = ERROR_CODES[result.code].byte;
      errors.push(result.text);
    } else if (result.value === undefined) {
      codes[index - from] = DONE;
    } else {
      codes[index - from] = DONE_WITH_VALUE;
      valueLengths.push(result.value.length);
      values.add(result.value);
    }
  }
  return { frame, hops, codes, valueLengths, blob: values.toBuffer(), ring: undefined, errors };
}

/**
 * The same in as many messages as are needed to keep each far below gRPC's limit: 256 small operations can ask for 256
 * large values. Each message answers the next operations of the frame, in their order.
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
    replies.push(encodeReply(frame, hops, results, next, end));
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
  return decodeOutcomes(reply, (blob, from, to) => blob.toString('latin1', from, to) as Bytes);
}

/** The same with each value as `valueOf` takes it from the reply's bytes. */
export function decodeOutcomes<Value>(
  reply: BatchReply,
  valueOf: (blob: Buffer, from: number, to: number) => Value,
): OperationOutcome<Value>[] {
  const { codes, valueLengths, blob, errors } = reply;
  const results = new Array<OperationOutcome<Value>>(codes.length);
  let at = 0;
  let value = 0;
  let error = 0;
  for (let index = 0; index < codes.length; index++) {
    const code = codes[index] as number;
    if (code === DONE) {
      results[index] = NOTHING;
    } else if (code === DONE_WITH_VALUE) {
      const end = at + (valueLengths[value++] ?? 0);
      if (end > blob.length) throw unfitting();
      results[index] = { ok: true, value: valueOf(blob, at, end) };
      at = end;
    } else {
      const name = errorCodeOfByte(code);
      results[index] = { ok: false, code: name, text: errors[error++] || ERROR_CODES[name].text };
    }
  }
  if (at !== blob.length || value !== valueLengths.length) throw unfitting();
  return results;
}

function unfitting(): RingError {
  return new RingError('INTERNAL', 'received a batch reply whose lengths do not add up');
}

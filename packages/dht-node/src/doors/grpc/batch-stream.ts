/**
 * The server's side of one QueryBatch stream: frames in, replies out in any order.
 *
 * It is bounded. It stops reading while too many frames are unanswered, while a caller that reads slowly has replies
 * waiting, and while the requested values would be too many bytes at once. That last amount is estimated from its
 * recent replies, because the length of a value is known only when it has been read. Replies are encoded when there is
 * room for them, one part at a time.
 *
 * A frame that cannot be answered operation by operation ends the stream: its sender has lost count. When a caller goes
 * away, its queries are cancelled; writes that were started go on.
 */

import { Metadata, type ServerDuplexStream } from '@grpc/grpc-js';
import type { Ring } from '@ringkeep/shared';
import type { Operation, OperationResult } from '@ringkeep/shared/operations';
import { RingError } from '@ringkeep/shared/ring/errors';
import { FRAME_OPERATIONS_MAX } from '@ringkeep/shared/ring/limits';
import { NumberMap } from '@ringkeep/shared/ring/number-map';
import type { CallBytes } from '@ringkeep/process/server';
import { toServiceError } from '@ringkeep/shared/channel/grpc-errors';
import { type dht, decodeRequest, encodeReply, endOfReply, updateToWire } from '@ringkeep/shared/wire';
import type { KeyTerms } from '@ringkeep/shared/operations';
import type { NodeHost } from '../../hosting/host';
import type { QueryAnswer } from '../../ask/open-queries';
import { deadlineMsOf } from '../deadlines';
import { GRPC } from './name';

/** Frames of one stream that may be unanswered. */
export const FRAMES_IN_FLIGHT_MAX = 256;
/** Bytes of keys and values of one stream that may be unanswered; one frame more is taken. */
export const REQUEST_BYTES_IN_FLIGHT_MAX = 16 * 1024 * 1024;
/** Bytes of one stream's replies that gRPC may hold; what goes beyond waits as results, and no frame is read. */
export const REPLY_BYTES_UNSENT_MAX = 4 * 1024 * 1024;
/** Bytes that the replies to the frames in flight may come to. */
export const REPLY_BYTES_EXPECTED_MAX = 32 * 1024 * 1024;
/**
 * The expected size of a value before any is known: large, or the replies to a first burst of frames would be too
 * large.
 */
const VALUE_BYTES_FIRST = 128 * 1024;
/** By how much the expectation falls with each frame whose values are smaller. */
const EXPECTATION_DECAY = 0.9;
/** What an operation or a result costs in memory in addition to its bytes. */
const OPERATION_BYTES = 200;

export type BatchCall = ServerDuplexStream<dht.BatchRequest, dht.BatchReply>;

interface Reply {
  readonly frame: number;
  readonly hops: number;
  readonly results: readonly OperationResult[];
  readonly ring: Ring | undefined;
  readonly bytes: number;
  /** Results before this one are sent. */
  next: number;
}

interface FrameInFlight {
  readonly query: number;
  readonly operations: number;
  readonly bytes: number;
}

export class BatchStream {
  private readonly inFlight = new NumberMap<FrameInFlight>();
  private readonly replies: Reply[] = [];
  private operationsInFlight = 0;
  private bytesInFlight = 0;
  private bytesAnOperation = VALUE_BYTES_FIRST;
  private unsentBytes = 0;
  /** Of replies that wait for room. */
  private waitingBytes = 0;
  /** The caller leaves so much unread that its frames are not read. */
  private unread = false;
  /** The caller sends no more frames. */
  private ended = false;
  private over = false;

  constructor(
    private readonly call: BatchCall,
    private readonly host: NodeHost,
    private readonly limits: () => KeyTerms,
    /** Is told how much the stream holds; absent if nobody asks. */
    private readonly callBytes: CallBytes | undefined,
    private readonly onOver: (stream: BatchStream) => void,
  ) {
    call.sendMetadata(new Metadata());
    call.on('data', (frame: dht.BatchRequest) => this.receive(frame));
    call.on('cancelled', () => this.close());
    call.on('error', () => this.close());
    call.on('end', () => {
      this.ended = true;
      this.endWhenAnswered();
    });
  }

  /** Ends the stream from this side; queries under way are cancelled. */
  end(): void {
    if (this.over) return;
    this.close();
    this.call.end();
  }

  private receive(frame: dht.BatchRequest): void {
    if (this.over) return;
    if (frame.cancel !== 0) return this.cancel(frame.cancel);
    const count = frame.types.length;
    if (this.inFlight.has(frame.frame)) return this.fail(`frame ${frame.frame} is still being answered`);
    if (count > FRAME_OPERATIONS_MAX) {
      return this.fail(`frame ${frame.frame} has ${count} operations; ${FRAME_OPERATIONS_MAX} are allowed`);
    }
    let decoded: (Operation | RingError)[];
    try {
      decoded = decodeRequest(frame, this.limits());
    } catch (error) {
      if (count === 0) return this.fail((error as Error).message);
      return this.refuse(frame, error as Error);
    }
    const obstacle = this.callBytes?.obstacle;
    if (obstacle !== undefined) return this.refuse(frame, new RingError('RESOURCE_EXHAUSTED', obstacle));
    this.ask(frame, decoded);
  }

  private ask(frame: dht.BatchRequest, checked: readonly (Operation | RingError)[]): void {
    const faulty = checked.some((operation) => operation instanceof RingError);
    if (faulty) this.tellFaulty(checked);
    const operations = faulty ? checked.filter((operation) => !(operation instanceof RingError)) : checked;
    const { length: bytes } = frame.blob;
    const options = {
      door: GRPC,
      hops: frame.hops,
      deadlineMs: deadlineMsOf(frame.deadlineMs),
      ringVersion: frame.ringVersion,
      direct: frame.direct,
      bytes,
      inFrame: true,
    };
    const query = this.host.query(operations as readonly Operation[], options, (answer) => {
      this.answer(frame.frame, faulty ? checked : undefined, answer);
    });
    this.inFlight.set(frame.frame, { query, operations: checked.length, bytes });
    this.operationsInFlight += checked.length;
    this.bytesInFlight += bytes;
    this.tellBytes();
    this.readOrPause();
  }

  /** `faulty` are the operations as they came, when some of them were not asked. */
  private answer(
    frame: number,
    faulty: readonly (Operation | RingError)[] | undefined,
    { results: answered, hops, ring }: QueryAnswer,
  ): void {
    this.forget(frame);
    let next = 0;
    const results =
      faulty?.map((operation) =>
        operation instanceof RingError ? failure(operation) : (answered[next++] as OperationResult),
      ) ?? answered;
    let bytes = 0;
    for (const result of results) if (result.ok && result.value !== undefined) bytes += result.value.length;
    const mean = bytes / Math.max(1, results.length);
    this.bytesAnOperation = Math.max(mean, this.bytesAnOperation * EXPECTATION_DECAY);
    this.reply({ frame, hops, results, ring, bytes: bytes + OPERATION_BYTES * results.length, next: 0 });
  }

  /** A frame whose columns do not fit together: each of its operations fails with the reason. */
  private refuse(frame: dht.BatchRequest, error: Error): void {
    const fault = error instanceof RingError ? error : new RingError('INTERNAL', error.message);
    const { length: operations } = frame.types;
    this.host.observer.malformed?.({ door: GRPC, operations, code: fault.code });
    const results = Array.from(frame.types, () => failure(fault));
    const bytes = OPERATION_BYTES * results.length;
    this.reply({ frame: frame.frame, hops: frame.hops, results, ring: undefined, bytes, next: 0 });
  }

  private tellFaulty(checked: readonly (Operation | RingError)[]): void {
    for (const operation of checked)
      if (operation instanceof RingError)
        this.host.observer.malformed?.({ door: GRPC, operations: 1, code: operation.code });
  }

  private reply(reply: Reply): void {
    this.replies.push(reply);
    this.waitingBytes += reply.bytes;
    this.send();
  }

  /** Sends as much as there is room for. */
  private send(): void {
    while (!this.over && this.unsentBytes < REPLY_BYTES_UNSENT_MAX) {
      const reply = this.replies[0];
      if (!reply) break;
      const { frame, hops, results, ring, next } = reply;
      reply.next = endOfReply(results, next);
      if (reply.next === results.length) {
        this.replies.shift();
        this.waitingBytes -= reply.bytes;
      }
      const message = encodeReply(frame, hops, results, next, reply.next);
      if (ring && next === 0) message.ring = updateToWire({ kind: 'ring', ring });
      this.write(message);
    }
    this.tellBytes();
    this.endWhenAnswered();
    this.readOrPause();
  }

  private write(message: dht.BatchReply): void {
    const bytes = message.blob.length;
    this.unsentBytes += bytes;
    this.call.write(message, () => {
      this.unsentBytes -= bytes;
      this.callBytes?.moved();
      this.tellBytes();
      if (this.replies.length > 0) this.send();
      else this.readOrPause();
    });
  }

  private tellBytes(): void {
    const here = this.bytesInFlight + OPERATION_BYTES * this.operationsInFlight;
    this.callBytes?.hold({ here, there: this.unsentBytes + this.waitingBytes });
  }

  private readOrPause(): void {
    if (this.over) return;
    const unread = this.replies.length > 0 || this.unsentBytes >= REPLY_BYTES_UNSENT_MAX;
    if (unread && !this.unread) this.host.observer.slowReader?.({ door: GRPC });
    this.unread = unread;
    const mayRead =
      !unread &&
      this.inFlight.size < FRAMES_IN_FLIGHT_MAX &&
      this.bytesInFlight < REQUEST_BYTES_IN_FLIGHT_MAX &&
      this.operationsInFlight * this.bytesAnOperation < REPLY_BYTES_EXPECTED_MAX;
    if (!mayRead) this.call.pause();
    else if (this.call.isPaused()) this.call.resume();
  }

  private cancel(frame: number): void {
    const query = this.inFlight.get(frame)?.query;
    if (query === undefined) return;
    this.forget(frame);
    this.host.cancel(query);
    this.readOrPause();
  }

  private forget(frame: number): void {
    const known = this.inFlight.get(frame);
    if (!known) return;
    this.inFlight.delete(frame);
    this.operationsInFlight -= known.operations;
    this.bytesInFlight -= known.bytes;
  }

  private endWhenAnswered(): void {
    if (this.over || !this.ended || this.inFlight.size > 0 || this.replies.length > 0) return;
    this.close();
    this.call.end();
  }

  private fail(text: string): void {
    this.call.emit('error', toServiceError(new RingError('INVALID_ARGUMENT', text)));
  }

  private close(): void {
    if (this.over) return;
    this.over = true;
    for (const { query } of this.inFlight.values()) this.host.cancel(query);
    this.inFlight.clear();
    this.replies.length = 0;
    this.waitingBytes = 0;
    this.onOver(this);
  }
}

function failure(error: RingError): OperationResult {
  return { ok: false, code: error.code, text: error.message };
}

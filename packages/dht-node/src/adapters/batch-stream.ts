/**
 * The server's side of one QueryBatch stream: frames in, replies out in any order.
 *
 * Bounded: with too many frames unanswered, or a caller that does not read its replies, it stops reading.
 * A caller that goes away has its queries cancelled; writes that were started go on.
 */

import { Metadata, type ServerDuplexStream } from '@grpc/grpc-js';
import { RingError, isWrite, type Operation, type OperationResult } from '@ringkeep/shared';
import type { dht} from '@ringkeep/shared/wire';
import { decodeRequest, encodeReply, updateToWire, type KeyLimits } from '@ringkeep/shared/wire';
import type { NodeHost, QueryAnswer } from '../host';
import { deadlineMsOf } from './deadlines';

/** Frames of one stream that may be unanswered. */
export const FRAMES_IN_FLIGHT_MAX = 256;

type Stream = ServerDuplexStream<dht.BatchRequest, dht.BatchReply>;

export class BatchStream {
  /** Frame → query. */
  private readonly inFlight = new Map<number, number>();
  private clogged = false;
  private closed = false;

  constructor(
    private readonly stream: Stream,
    private readonly host: NodeHost,
    private readonly limits: () => KeyLimits,
  ) {
    stream.sendMetadata(new Metadata());
    stream.on('data', (frame: dht.BatchRequest) => this.receive(frame));
    stream.on('drain', () => {
      this.clogged = false;
      this.readOrPause();
    });
    stream.on('cancelled', () => this.close());
    stream.on('error', () => this.close());
    stream.on('end', () => {
      if (this.inFlight.size === 0) this.stream.end();
      this.closed = true;
    });
  }

  private receive(frame: dht.BatchRequest): void {
    if (frame.cancel !== 0) return this.cancel(frame.cancel);
    let decoded: (Operation | RingError)[];
    try {
      if (this.inFlight.has(frame.frame))
        throw new RingError('INVALID_ARGUMENT', `frame ${frame.frame} is still being answered`);
      decoded = decodeRequest(frame, this.limits());
    } catch (error) {
      return this.refuse(frame, error as Error);
    }
    const checked = this.host.overloaded ? decoded.map(refuseWrite) : decoded;
    const operations = checked.filter((operation) => !(operation instanceof RingError)) as Operation[];
    const query = this.host.query(
      operations,
      {
        hops: frame.hops,
        deadlineMs: deadlineMsOf(frame.deadlineMs),
        ringVersion: frame.ringVersion,
        direct: frame.direct,
      },
      (answer) => this.answer(frame.frame, checked, answer),
    );
    this.inFlight.set(frame.frame, query);
    this.readOrPause();
  }

  private answer(frame: number, checked: readonly (Operation | RingError)[], answer: QueryAnswer): void {
    this.inFlight.delete(frame);
    let next = 0;
    const results = checked.map((operation) =>
      operation instanceof RingError ? failure(operation) : (answer.results[next++] as OperationResult),
    );
    const ring = answer.ring && updateToWire({ kind: 'ring', ring: answer.ring });
    this.write({ ...encodeReply(frame, answer.hops, results), ring });
  }

  /** A frame that cannot be read: each of its operations fails with the reason. */
  private refuse(frame: dht.BatchRequest, error: Error): void {
    const fault = error instanceof RingError ? error : new RingError('INTERNAL', error.message);
    this.write(
      encodeReply(
        frame.frame,
        frame.hops,
        Array.from(frame.types, () => failure(fault)),
      ),
    );
  }

  private write(reply: dht.BatchReply): void {
    if (this.stream.cancelled || this.stream.destroyed) return;
    if (!this.stream.write(reply)) this.clogged = true;
    if (this.closed && this.inFlight.size === 0) this.stream.end();
    this.readOrPause();
  }

  private readOrPause(): void {
    if (this.clogged || this.inFlight.size >= FRAMES_IN_FLIGHT_MAX) this.stream.pause();
    else if (this.stream.isPaused()) this.stream.resume();
  }

  private cancel(frame: number): void {
    const query = this.inFlight.get(frame);
    if (query === undefined) return;
    this.inFlight.delete(frame);
    this.host.cancel(query);
    this.readOrPause();
  }

  private close(): void {
    for (const query of this.inFlight.values()) this.host.cancel(query);
    this.inFlight.clear();
  }
}

function failure(error: RingError): OperationResult {
  return { ok: false, code: error.code, text: error.message };
}

function refuseWrite(operation: Operation | RingError): Operation | RingError {
  if (operation instanceof RingError || !isWrite(operation)) return operation;
  return new RingError('RESOURCE_EXHAUSTED', 'the disk does not keep up with the writes');
}

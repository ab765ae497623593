/** What tests need to talk to a node over real gRPC: its methods as promises, and raw bytes for what a client would not send. */

import {
  type Client,
  Metadata,
  type ClientDuplexStream,
  type ServiceError,
  type StatusObject,
} from '@grpc/grpc-js';
import type { OperationResult } from '@ringkeep/shared/operations';
import { channelTo } from '@ringkeep/shared/channel';
import { decodeReply, dht } from '@ringkeep/shared/wire';

type Done<Answer> = (error: ServiceError | null, answer: Answer) => void;

export const QUERY_DHT = '/dht.DhtNode/QueryDHT';
const same = (bytes: Buffer): Buffer => bytes;

export class NodePeer {
  readonly client: dht.DhtNodeClient;

  constructor(readonly address: string) {
    this.client = new dht.DhtNodeClient(...channelTo(address));
  }

  query(ty: dht.OperationType, key: string | Uint8Array, value?: Uint8Array): Promise<dht.QueryResult> {
    const message = dht.Query.fromPartial({ ty, key: Buffer.from(key), value: value && Buffer.from(value) });
    return call((done) => this.client.queryDht(message, done));
  }

  get(key: string | Uint8Array): Promise<dht.QueryResult> {
    return this.query(dht.OperationType.Get, key);
  }

  set(key: string | Uint8Array, value: string | Uint8Array): Promise<dht.QueryResult> {
    return this.query(dht.OperationType.Set, key, Buffer.from(value));
  }

  /** A call that may take so long, as grpcurl's `-max-time`. */
  queryWithin(withinMs: number, query: Partial<dht.Query>): Promise<dht.QueryResult> {
    const options = { deadline: Date.now() + withinMs };
    return call((done) => this.client.queryDht(dht.Query.fromPartial(query), new Metadata(), options, done));
  }

  forward(query: Partial<dht.EncodedQuery>): Promise<dht.QueryResult> {
    return call((done) => this.client.forwardQuery(dht.EncodedQuery.fromPartial(query), done));
  }

  transact(request: dht.TransactRequest): Promise<dht.TransactAnswer> {
    return call((done) => this.client.transact(request, done));
  }

  introduce(info: Partial<dht.NeighborRegisterInfo>): Promise<dht.PreviousNeighbors> {
    return call((done) => this.client.registerAsNeighbor(dht.NeighborRegisterInfo.fromPartial(info), done));
  }

  describe(): Promise<dht.NodeDescription> {
    return call((done) => this.client.describeNode({}, done));
  }

  leave(): Promise<dht.LeaveAnswer> {
    return call((done) => this.client.leaveRing({}, done));
  }

  raw(path: string, bytes: Uint8Array): Promise<Buffer> {
    return call((done) =>
      this.rawClient.makeUnaryRequest(path, same, same, Buffer.from(bytes), done as Done<Buffer | undefined>),
    );
  }

  rawStream(path: string): ClientDuplexStream<Buffer, Buffer> {
    return this.rawClient.makeBidiStreamRequest(path, same, same);
  }

  batch(): BatchPeer {
    return new BatchPeer(this.client.queryBatch());
  }

  close(): void {
    this.client.close();
  }

  private get rawClient(): Client {
    return this.client as unknown as Client;
  }
}

function call<Answer>(start: (done: Done<Answer>) => unknown): Promise<Answer> {
  return new Promise((resolve, reject) => {
    start((error, answer) => (error ? reject(error) : resolve(answer)));
  });
}

/** How a stream ended: its status. */
export function statusOf(stream: ClientDuplexStream<never, never>): Promise<StatusObject> {
  stream.on('error', () => undefined);
  return new Promise((resolve) => stream.on('status', resolve));
}

/** A QueryBatch stream: frames by their numbers. */
export class BatchPeer {
  readonly status: Promise<StatusObject>;
  /** Messages received of each frame. */
  readonly messages = new Map<number, number>();
  private readonly results = new Map<number, OperationResult[]>();
  private readonly waiting = new Map<
    number,
    { count: number; resolve: (results: OperationResult[]) => void }
  >();

  constructor(readonly stream: ClientDuplexStream<dht.BatchRequest, dht.BatchReply>) {
    this.status = statusOf(stream as unknown as ClientDuplexStream<never, never>);
    stream.on('data', (reply: dht.BatchReply) => this.receive(reply));
  }

  send(frame: Partial<dht.BatchRequest>): void {
    this.stream.write(dht.BatchRequest.fromPartial(frame));
  }

  /** The results of a frame, when `count` have come. */
  answers(frame: number, count: number): Promise<OperationResult[]> {
    const known = this.results.get(frame) ?? [];
    if (known.length >= count) return Promise.resolve(known);
    return new Promise((resolve) => this.waiting.set(frame, { count, resolve }));
  }

  private receive(reply: dht.BatchReply): void {
    const { frame } = reply;
    const results = this.results.get(frame) ?? [];
    this.results.set(frame, results);
    this.messages.set(frame, (this.messages.get(frame) ?? 0) + 1);
    results.push(...decodeReply(reply));
    const waiting = this.waiting.get(frame);
    if (waiting && results.length >= waiting.count) waiting.resolve(results);
  }
}

/** Waits until something holds; says what was waited for when it takes too long. */
export async function eventually(
  what: string,
  holds: () => boolean | Promise<boolean>,
  withinMs = 20_000,
): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`waited ${withinMs} ms in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

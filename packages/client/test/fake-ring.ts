/**
 * A ring for tests of clients: real gRPC servers with the real codecs in front of one map for each owner.
 *
 * It replicates nothing and loses nothing; what it has are ways to misbehave: nodes that fall silent, hold
 * back replies, refuse, break off, or know a ring that nobody else has heard of.
 */

import { Metadata, status, type ServerDuplexStream, type ServerWritableStream } from '@grpc/grpc-js';
import {
  NO_RING,
  checkParameters,
  DEFAULT_PARAMETERS,
  RingError,
  RingView,
  position,
  ringChange,
  type ArcConfig,
  type Bytes,
  type ErrorCode,
  type Member,
  type NodeId,
  type Ring,
  type RingKey,
  type RingUpdate,
} from '@ringkeep/shared';
import {
  evaluate,
  evaluateTransaction,
  transactionOf,
  expiryIn,
  OperationType,
  type Operation,
  type OperationResult,
  bufferOfBytes,
  bytesOfBuffer,
  ringKeyOf,
  seal,
  valueIn,
  type StoredValue,
} from '@ringkeep/shared/operations';
import { GrpcServer, unary } from '@ringkeep/process/server';
import { decodeRequest, dht, encodeReplies, registry, updateToWire } from '@ringkeep/shared/wire';

type BatchStream = ServerDuplexStream<dht.BatchRequest, dht.BatchReply>;
type WatchStream = ServerWritableStream<registry.WatchRingRequest, registry.RingUpdate>;

export interface FakeRingOptions {
  readonly nodes: number;
  /** What the ring calls a node that listens on that port. */
  readonly advertise?: (port: number, index: number) => string;
  readonly withRegistry?: boolean;
}

/** What the registry and the nodes agree on, and who listens to its changes. */
export class FakeRing {
  readonly nodes: FakeNode[] = [];
  readonly registryServer = new GrpcServer();
  registryAddress = '';
  view = new RingView({
    ...NO_RING,
    clusterId: 'fake',
    parameters: checkParameters({ replicationFactor: 1 }),
  });
  /** Every ring there was, by version, so that changes can be told. */
  readonly history = new Map<number, Ring>();
  readonly watches = new Set<WatchStream>();
  watchRequests: registry.WatchRingRequest[] = [];

  static async start(options: FakeRingOptions): Promise<FakeRing> {
    const fake = new FakeRing();
    const members: Member[] = [];
    for (let index = 0; index < options.nodes; index++) {
      const id = position((BigInt(index) << 64n) / BigInt(options.nodes));
      const node = new FakeNode(fake, id);
      await node.listen();
      fake.nodes.push(node);
      const addr = options.advertise?.(node.port, index) ?? `http://127.0.0.1:${node.port}`;
      members.push({ id, addr, salt: 0, incarnation: 1, process: 0n, state: 'active', coordinates: [] });
    }
    if (options.withRegistry) await fake.startRegistry();
    fake.announce({ ...fake.ring, version: 1, members, arcs: arcsOf(members.map(({ id }) => [id, id])) });
    return fake;
  }

  node(index: number): FakeNode {
    return this.nodes[index] as FakeNode;
  }

  get ring(): Ring {
    return this.view.ring;
  }

  /** The node that owns a key. */
  ownerOf(key: string): FakeNode {
    const arc = this.view.arcOfKey(ringKeyOf(key as Bytes)) as ArcConfig;
    return this.nodeOf(arc.primary);
  }

  nodeOf(id: NodeId): FakeNode {
    return this.nodes.find((node) => node.id === id) as FakeNode;
  }

  /** A key that this node owns. */
  keyOf(node: FakeNode, from = 0): string {
    for (let i = from; ; i++) if (this.ownerOf(`key-${i}`) === node) return `key-${i}`;
  }

  /** Gives all arcs of one node to another one. Without `tell`, only the nodes know. */
  move(from: FakeNode, to: FakeNode, tell = true): void {
    const arcs = this.ring.arcs.map((arc) =>
      arc.primary === from.id
        ? { ...arc, epoch: arc.epoch + 1, term: arc.epoch + 1, primary: to.id, inSync: [to.id] }
        : arc,
    );
    for (const [key, value] of from.entries) to.entries.set(key, value);
    from.entries.clear();
    this.announce({ ...this.ring, version: this.ring.version + 1, arcs }, tell);
  }

  /** Changes what the ring says of a node; undefined takes it out. */
  amend(id: NodeId, amended: Partial<Member> | undefined): void {
    const members = this.ring.members.flatMap((member) => {
      if (member.id !== id) return [member];
      return amended === undefined ? [] : [{ ...member, ...amended }];
    });
    this.announce({ ...this.ring, version: this.ring.version + 1, members });
  }

  announce(ring: Ring, tell = true): void {
    this.view = new RingView(ring);
    this.history.set(ring.version, ring);
    if (!tell) return;
    for (const watch of this.watches) watch.write(updateToWire(this.updateSince(ring.version - 1)));
  }

  updateSince(version: number): RingUpdate {
    const from = this.history.get(version);
    return from === undefined
      ? { kind: 'ring', ring: this.ring }
      : { kind: 'change', change: ringChange(from, this.ring) };
  }

  watch(stream: WatchStream): void {
    const { request } = stream;
    this.watchRequests.push(request);
    if (request.fromVersion !== this.ring.version)
      stream.write(updateToWire(this.updateSince(request.fromVersion)));
    this.watches.add(stream);
    stream.on('cancelled', () => this.watches.delete(stream));
  }

  breakWatches(): void {
    for (const watch of this.watches) breakOff(watch);
    this.watches.clear();
  }

  stop(): void {
    for (const node of this.nodes) node.kill();
    this.registryServer.grpc.forceShutdown();
  }

  private async startRegistry(): Promise<void> {
    const absent = unary<unknown, never>(() => {
      throw new RingError('FAILED_PRECONDITION', 'the fake registry only tells the ring');
    });
    this.registryServer.addService(registry.RegistryService, {
      registerNode: absent,
      getConnectedNodes: unary(() => ({ nodes: this.ring.members.map(({ id, addr }) => ({ id, addr })) })),
      renewLease: absent,
      leaveRing: absent,
      proposeChange: absent,
      watchRing: (stream: WatchStream) => this.watch(stream),
    });
    const port = await this.registryServer.listen({ host: '127.0.0.1', port: 0 });
    this.registryAddress = `127.0.0.1:${port}`;
  }
}

/** Arcs that start at the first and belong to the second of each pair. */
function arcsOf(owners: readonly (readonly [start: NodeId, primary: NodeId])[]): ArcConfig[] {
  return owners.map(([start, primary], index) => {
    const end = (owners[(index + 1) % owners.length] as readonly [NodeId, NodeId])[0];
    return {
      start,
      end,
      epoch: 1,
      term: 1,
      handover: true,
      primary,
      inSync: [primary],
      withoutCopy: [],
      copiesReached: 1,
      seq: 0,
    };
  });
}

/** One node: it answers for its keys and forwards the rest straight into the owner's map. */
export class FakeNode {
  readonly entries = new Map<RingKey, StoredValue>();
  private writes = 0;
  readonly frames: dht.BatchRequest[] = [];
  readonly cancelled: number[] = [];
  readonly streams = new Set<BatchStream>();
  /** Operations seen, also those that were then refused. */
  operations = 0;
  forwarded = 0;
  /** Frames are taken and never answered. */
  silent = false;
  /** It says that it does not serve its arcs. */
  closed = false;
  /** Why it says that its disk takes nothing new. */
  roomLacking: string | undefined;
  registryTrouble: string | undefined;
  /** Replies are kept until `release`. */
  holding = false;
  /** What the next frames are answered with instead of results. */
  readonly refusals: ErrorCode[] = [];
  /** Each stream is broken off at the frame with this number of frames before it. */
  breakAfter: number | undefined;
  /** Whether a frame is carried out before the stream breaks off. */
  breakAfterApplying = false;
  port = 0;
  /** Answers to LeaveRing before the one that says that it has left. */
  leaveSteps = 0;
  private readonly held: (() => void)[] = [];
  private server = new GrpcServer();

  constructor(
    private readonly fake: FakeRing,
    readonly id: NodeId,
  ) {}

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  async listen(): Promise<void> {
    this.server = new GrpcServer();
    const absent = unary<unknown, never>(() => {
      throw new RingError('FAILED_PRECONDITION', 'the fake node does not replicate');
    });
    this.server.addService(dht.DhtNodeService, {
      queryDht: unary((query: dht.Query) => this.query(query)),
      forwardQuery: absent,
      queryBatch: (stream: BatchStream) => this.batch(stream),
      registerAsNeighbor: absent,
      transferKeys: (stream: ServerDuplexStream<dht.FollowerMessage, dht.PrimaryMessage>) => stream.end(),
      describeNode: unary(() => this.describe()),
      watchRing: (stream: WatchStream) => this.fake.watch(stream),
      leaveRing: unary(() => this.leave()),
    });
    this.port = await this.server.listen({ host: '127.0.0.1', port: this.port });
  }

  /** Ends at once, as a killed process does. */
  kill(): void {
    this.streams.clear();
    this.server.grpc.forceShutdown();
  }

  /** Sends the replies that were held back. */
  release(): void {
    this.holding = false;
    for (const send of this.held.splice(0)) send();
  }

  get heldReplies(): number {
    return this.held.length;
  }

  breakStreams(): void {
    for (const stream of this.streams) breakOff(stream);
    this.streams.clear();
  }

  apply(operation: Operation): OperationResult {
    const { key } = operation;
    const version = this.writes + 1;
    const circumstances = { wallMs: Date.now(), limits: DEFAULT_PARAMETERS };
    const look = (asked: RingKey): StoredValue | undefined => {
      const found = this.entries.get(asked);
      return found !== undefined && (expiryIn(found) ?? Infinity) > circumstances.wallMs ? found : undefined;
    };
    if (operation.type === OperationType.transact) {
      const made = evaluateTransaction(transactionOf(operation), look, version, circumstances);
      if (made.effects.length > 0) this.writes = version;
      for (const { key, value } of made.effects) {
        if (value === undefined) this.entries.delete(key);
        else this.entries.set(key, value);
      }
      return made.answer;
    }
    if (operation.type === OperationType.scan) throw new Error('no scans here');
    const { effect, answer } = evaluate(operation, look(key), version, circumstances);
    if (effect !== undefined) this.writes = version;
    if (effect?.value !== undefined)
      this.entries.set(key, seal(key, version, effect.value, effect.expiresAtMs));
    else if (effect !== undefined) this.entries.delete(key);
    return answer;
  }

  private batch(stream: BatchStream): void {
    this.streams.add(stream);
    stream.sendMetadata(new Metadata());
    stream.on('data', (frame: dht.BatchRequest) => this.frame(stream, frame));
    stream.on('error', () => this.streams.delete(stream));
    stream.on('cancelled', () => this.streams.delete(stream));
    stream.on('end', () => stream.end());
  }

  private frame(stream: BatchStream, frame: dht.BatchRequest): void {
    if (frame.cancel !== 0) {
      this.cancelled.push(frame.cancel);
      return;
    }
    this.frames.push(frame);
    this.operations += frame.types.length;
    const breaks = this.breakAfter !== undefined && this.breakAfter-- === 0;
    if (breaks && !this.breakAfterApplying) return this.breakStreams();
    if (this.silent) return;
    const replies = this.replies(frame);
    if (breaks) return this.breakStreams();
    const send = (): void => {
      for (const reply of replies) if (!stream.destroyed) stream.write(reply);
    };
    if (this.holding) this.held.push(send);
    else send();
  }

  private replies(frame: dht.BatchRequest): dht.BatchReply[] {
    const code = this.refusals.shift();
    const operations = decodeRequest(frame, DEFAULT_PARAMETERS);
    const results = operations.map((operation): OperationResult => {
      if (operation instanceof RingError) return { ok: false, code: operation.code, text: operation.message };
      if (code !== undefined) return { ok: false, code, text: '' };
      return this.answer(operation, frame.direct);
    });
    const strayed = results.some((result) => !result.ok && result.code === 'NOT_OWNER');
    const replies = encodeReplies(frame.frame, 0, results);
    if (strayed && code === undefined && replies[0] !== undefined) {
      replies[0].ring = updateToWire(this.fake.updateSince(frame.ringVersion));
    }
    return replies;
  }

  private answer(operation: Operation, direct: boolean): OperationResult {
    const arc = this.fake.view.arcOfKey(operation.key) as ArcConfig;
    if (arc.primary === this.id) return this.apply(operation);
    if (direct) return { ok: false, code: 'NOT_OWNER', text: '' };
    this.forwarded++;
    return this.fake.nodeOf(arc.primary).apply(operation);
  }

  private query(query: dht.Query): dht.QueryResult {
    const key = ringKeyOf(bytesOfBuffer(query.key));
    const result = this.answer({ type: OperationType.get, key }, false);
    const value = result.ok && result.value !== undefined ? bufferOfBytes(result.value) : undefined;
    return dht.QueryResult.fromPartial({ error: value === undefined ? 'Key not present' : undefined, value });
  }

  private describe(): dht.NodeDescription {
    const arcs = this.fake.ring.arcs.filter((arc) => arc.primary === this.id);
    let bytes = 0;
    for (const [key, stored] of this.entries) bytes += key.length - 8 + valueIn(stored).length;
    return dht.NodeDescription.fromPartial({
      id: this.id,
      addr: `http://${this.address}`,
      clusterId: this.fake.ring.clusterId,
      ringVersion: this.fake.ring.version,
      incarnation: 1,
      replicas: arcs.map(({ start, end }) => ({
        start,
        end,
        primary: true,
        complete: true,
        serving: !this.closed,
        keys: this.entries.size,
        bytes,
      })),
      settled: true,
      storage: 'memory',
      parameters: this.fake.ring.parameters,
      roomLacking: this.roomLacking,
      registryTrouble: this.registryTrouble,
    });
  }

  private leave(): dht.LeaveAnswer {
    if (this.leaveSteps-- > 0) return { left: false };
    const heir = this.fake.nodes.find((node) => node !== this);
    if (heir !== undefined) this.fake.move(this, heir);
    this.fake.amend(this.id, undefined);
    return { left: true };
  }
}

function breakOff(stream: BatchStream | WatchStream): void {
  stream.emit(
    'error',
    Object.assign(new Error('broken off'), { code: status.UNAVAILABLE, details: 'broken off' }),
  );
}

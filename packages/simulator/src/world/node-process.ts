/**
 * One process of a node: the simulator's host of a NodeCore. It does what the real host does: inputs of a
 * turn go in as one batch, effects are carried out in order, one tick is kept. Everything that leaves it or is
 * written goes through the real encoders.
 */

import {
  arcKeyRanges,
  arcKeyTest,
  type Arc,
  type Random,
  position,
  positionOf,
  isWrite,
  type NodeId,
  type Operation,
  type OperationResult,
  type Position,
  type Ring,
} from '@ringkeep/shared';
import {
  decodeReply,
  decodeRequest,
  dht,
  encodeReply,
  encodeRequest,
  parametersFromWire,
  proposalToWire,
  registry,
  ringFromWire,
  updateFromWire,
  updateToWire,
} from '@ringkeep/shared/wire';
import {
  decodeBatch,
  decodeSnapshot,
  encodeBatch,
  encodeSnapshot,
  followerMessageFromWire,
  followerMessageToWire,
  primaryMessageFromWire,
  primaryMessageToWire,
} from '@ringkeep/dht-node/codec';
import { NodeCore, type NodeEffect, type NodeInput, type RegistryCall } from '@ringkeep/dht-node/core';
import { op } from './names';
import { MemoryEntryStore } from '@ringkeep/dht-node/storage';
import { describeEffect, describeInput } from './descriptions';
import type { Machine, StoredIdentity } from './machine';
import { remoteCall, type Further, type Server } from './remote-call';
import { Stream } from './stream';
import { REGISTRY_PARTY, type World } from './world';

/** Longest pause between an input and its step; what arrives meanwhile joins it. */
const TURN_MS_MAX = 0.3;
/** How often a node asks for what it missed of the watch. */
const REWATCH_MS = 700;
const WHOLE_RANGE = { from: '' as never, to: undefined };

type Effect<Kind extends NodeEffect['kind']> = Extract<NodeEffect, { kind: Kind }>;
type Reply = (answer: Uint8Array) => void;

export class NodeProcess implements Server {
  readonly core: NodeCore;
  readonly entries = new MemoryEntryStore();
  private readonly incarnation: number;
  private dead = false;
  private pausedUntil = 0;
  private inputs: NodeInput[] = [];
  private hasSlept = false;
  private checkpointing = false;
  private turnPlanned = false;
  private tickPlannedAt = Infinity;
  private batchOffset: number | undefined;
  private ringVersion = 0;
  private watching = false;
  private lastRequest = 0;
  private lastInbound = 0;
  private readonly requests = new Map<
    number,
    { readonly reply: (answer: Effect<'answer'>) => void; readonly dropped: () => void }
  >();
  /** Forwards under way, and what sends more on their calls. */
  private readonly forwards = new Map<number, Further>();
  private readonly outbound = new Map<number, Stream>();
  private readonly inbound = new Map<number, Stream>();

  constructor(
    private readonly world: World,
    readonly machine: Machine,
    private readonly random: Random,
  ) {
    this.incarnation = machine.incarnation;
    this.core = new NodeCore(this.entries, {
      incarnation: this.incarnation,
      startedAt: machine.clock.now,
      leaseBeforeMs: world.parameters.leaseMs,
      rules: world.rules.nodes,
      transferSizes: world.transferSizes,
    });
  }

  /** Reads the disk and begins. */
  boot(): void {
    const { checkpoint, batches } = this.machine.disk;
    this.guard(() => {
      if (checkpoint) {
        this.entries.put(checkpoint.entries);
        this.core.restore(decodeSnapshot(checkpoint.snapshot));
      }
      for (const batch of batches) this.core.replay(decodeBatch(batch));
    });
    this.post({ kind: 'tick' });
  }

  get name(): string {
    return `${this.machine.name}#${this.incarnation}`;
  }

  get paused(): boolean {
    return this.world.timeline.now < this.pausedUntil;
  }

  /** What it holds of a range, as one text. */
  contentOf(range: Arc): string {
    return arcKeyRanges(range)
      .flatMap((keys) => this.entries.scan(keys, Infinity).entries)
      .map(op)
      .join(' ');
  }

  /** Entries that lie in none of its copies. */
  get strayContent(): string {
    const copies = this.core.status().replicas.map(({ range }) => arcKeyTest(range));
    const strays = this.entries
      .scan(WHOLE_RANGE, Infinity)
      .entries.filter(({ key }) => !copies.some((holds) => holds(key)));
    return strays.map(op).join(' ');
  }

  /** The machine has slept; the process learns of it before anything that has arrived meanwhile. */
  slept(): void {
    this.hasSlept = true;
    this.planTurn();
  }

  /** It would answer a read at a position if it ran now. */
  wouldAnswer(point: Position): boolean {
    return !this.hasSlept && this.core.wouldAnswer(point, this.machine.clock.now);
  }

  /** Has the core write a checkpoint, unless one is being written. */
  checkpoint(): void {
    if (this.checkpointing) return;
    this.checkpointing = true;
    this.post({ kind: 'checkpoint' });
  }

  /** Stops running for a while, as by SIGSTOP; what arrives waits. */
  pause(forMs: number): void {
    this.pausedUntil = Math.max(this.pausedUntil, this.world.timeline.now + forMs);
    this.planTurn();
  }

  /** Goes on at once. */
  resume(): void {
    if (!this.paused) return;
    this.pausedUntil = 0;
    this.turnPlanned = false;
    this.planTurn();
  }

  die(): void {
    this.dead = true;
    for (const stream of this.outbound.values()) stream.die(0);
    for (const stream of this.inbound.values()) stream.die(1);
    for (const { dropped } of this.requests.values()) dropped();
    this.requests.clear();
  }

  post(input: NodeInput): void {
    if (this.dead) return;
    this.inputs.push(input);
    this.planTurn();
  }

  private planTurn(): void {
    if (this.turnPlanned || this.dead) return;
    this.turnPlanned = true;
    const { timeline } = this.world;
    const pausedMs = Math.max(0, this.pausedUntil - timeline.now);
    timeline.after(pausedMs + this.random.fraction() * TURN_MS_MAX, () => {
      this.turnPlanned = false;
      if (this.paused) this.planTurn();
      else this.turn();
    });
  }

  private turn(): void {
    if (this.dead) return;
    const inputs: NodeInput[] = this.hasSlept ? [{ kind: 'suspended' }, ...this.inputs] : this.inputs;
    this.hasSlept = false;
    this.inputs = [];
    const { trace, names } = this.world;
    trace.note(
      'step',
      () => `${this.name} ⟵ ${inputs.map((input) => describeInput(input, names)).join(' | ')}`,
    );
    let effects: NodeEffect[] = [];
    this.guard(() => {
      effects = this.core.step(this.machine.clock.now, inputs);
    });
    for (const effect of effects) {
      if (this.dead) return;
      if (effect.kind === 'event') this.world.eventSeen(this.machine, effect.event);
      else trace.note('step', () => `${this.name} ⟶ ${describeEffect(effect, names)}`);
      this.perform(effect);
    }
    this.planTick();
  }

  private planTick(): void {
    const { clock } = this.machine;
    const delayMs = Math.ceil(this.core.nextTickAt - clock.now);
    const at = this.world.timeline.now + (delayMs <= 0 ? 0 : delayMs);
    if (at >= this.tickPlannedAt) return;
    this.tickPlannedAt = at;
    this.world.timeline.at(at, () => {
      if (this.tickPlannedAt !== at) return;
      this.tickPlannedAt = Infinity;
      this.post({ kind: 'tick' });
    });
  }

  /** A broken invariant ends the run. */
  private guard(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.world.fail('invariants', `${this.name}: ${(error as Error).stack ?? String(error)}`);
      this.dead = true;
    }
  }

  private perform(effect: NodeEffect): void {
    switch (effect.kind) {
      case 'append':
        return this.append(effect);
      case 'checkpoint': {
        const entries = this.entries.scan(WHOLE_RANGE, Infinity).entries;
        return this.machine.disk.writeCheckpoint(encodeSnapshot(effect.replicas), entries, () => {
          this.checkpointing = false;
        });
      }
      case 'answer': {
        const request = this.requests.get(effect.request);
        this.requests.delete(effect.request);
        return request?.reply(effect);
      }
      case 'forward':
        return this.forward(effect);
      case 'cancel-forward':
        return this.cancelForward(effect.forward);
      case 'call-registry':
        return this.callRegistry(effect.call, effect.request);
      case 'open-stream':
        return this.openStream(effect);
      case 'send-to-primary':
        return this.outbound
          .get(effect.connection)
          ?.send(0, dht.FollowerMessage.encode(followerMessageToWire(effect.message)).finish());
      case 'close-stream':
        if (this.world.rules.nodes.eraseOnNewestStreamOnly) this.outbound.get(effect.connection)?.close(0);
        this.outbound.delete(effect.connection);
        return;
      case 'send-to-follower':
        return this.sendToFollower(effect);
      case 'close-follower':
        this.inbound.get(effect.connection)?.close(1);
        this.inbound.delete(effect.connection);
        return;
      case 'left':
        return this.machine.retire('it has left');
      case 'refused':
        this.machine.crash(false, `refused by the registry: ${effect.text}`);
        return this.machine.startLater();
      case 'event':
        if (effect.event.kind === 'ring-adopted') this.ringVersion = effect.event.version;
        return;
      case 'connect':
      case 'introduce':
      case 'leave-refused':
        return;
    }
  }

  // ---- disk ----

  private append(effect: Effect<'append'>): void {
    const { disk } = this.machine;
    if (disk.full) {
      this.machine.crash(false, 'the disk is full');
      return this.machine.startLater();
    }
    const number = disk.append(encodeBatch(effect.records), (upTo) => {
      if (this.batchOffset !== undefined) this.post({ kind: 'persisted', batch: upTo - this.batchOffset });
    });
    this.batchOffset ??= number - effect.batch;
  }

  // ---- queries ----

  serve(_method: string, bytes: Uint8Array, reply: Reply, dropped: () => void): Further {
    const frame = dht.BatchRequest.decode(bytes);
    const operations = decodeRequest(frame, this.world.parameters).map((operation) => {
      if (operation instanceof Error) throw operation;
      return operation;
    });
    const request = ++this.lastRequest;
    this.requests.set(request, {
      dropped,
      reply: ({ results, hops, ring }) => {
        const update = ring && updateToWire({ kind: 'ring', ring });
        const answer = { ...encodeReply(frame.frame, hops, results), ring: update };
        if (hops === frame.hops) this.noteReads(operations, results);
        reply(dht.BatchReply.encode(answer).finish());
      },
    });
    this.post({
      kind: 'query',
      request,
      operations,
      hops: frame.hops,
      deadlineAtMs: this.machine.clock.now + frame.deadlineMs,
      ringVersion: frame.ringVersion,
      direct: frame.direct,
    });
    return (further) => {
      if (dht.BatchRequest.decode(further).cancel === frame.frame) this.cancel(request);
    };
  }

  private cancel(request: number): void {
    if (this.requests.delete(request)) this.post({ kind: 'cancel-query', request });
  }

  private forward({ forward, to, operations, hops, deadlineAtMs, ringVersion }: Effect<'forward'>): void {
    const deadlineMs = Math.ceil(Math.max(1, deadlineAtMs - this.machine.clock.now));
    const header = { frame: forward, deadlineMs, hops, ringVersion, direct: false };
    const frame = dht.BatchRequest.encode(encodeRequest(header, operations)).finish();
    const target = this.world.machineAt(to.addr);
    const further = remoteCall(
      this.world.network,
      { from: this.machine.party, to: target?.party ?? 0, server: () => target?.process, mayDouble: false },
      'QueryBatch',
      frame,
      {
        answered: (bytes) => {
          this.forwards.delete(forward);
          const answer = dht.BatchReply.decode(bytes);
          this.post({
            kind: 'forward-answer',
            forward,
            results: decodeReply(answer),
            hops: answer.hops,
            ring: answer.ring && updateFromWire(answer.ring),
          });
        },
        failed: (sent, text) => {
          this.forwards.delete(forward);
          this.post({ kind: 'forward-failed', forward, sent, text });
        },
      },
    );
    this.forwards.set(forward, further);
  }

  private cancelForward(forward: number): void {
    const cancel = dht.BatchRequest.encode(dht.BatchRequest.fromPartial({ cancel: forward })).finish();
    this.forwards.get(forward)?.(cancel);
    this.forwards.delete(forward);
  }

  // ---- registry ----

  private callRegistry(call: number, request: RegistryCall): void {
    const { timeline, parameters, network, registry: registryMachine } = this.world;
    const { method, bytes } = this.encodeCall(request);
    const mayStray = request.kind === 'propose';
    const from = this.machine.party;
    const heldUpMs = mayStray && network.proposalStrays() ? this.random.between(50, 3_000) : 0;
    const route = {
      from,
      to: REGISTRY_PARTY,
      server: () => registryMachine.server,
      mayDouble: true,
      heldUpMs,
    };
    let settled = false;
    const fail = (text: string): void => {
      if (settled) return;
      settled = true;
      this.post({ kind: 'registry-failed', call, text });
    };
    const answered = (answer: Uint8Array): void => {
      // A call has one end: what answers a request's double, or comes after its time, reaches nobody.
      if (settled) return;
      if (mayStray && network.proposalStrays()) return;
      settled = true;
      this.registryAnswered(call, request, answer);
    };
    timeline.after(Math.min(2_000, parameters.membershipLeaseMs / 2), () => fail('no answer in time'));
    remoteCall(network, route, method, bytes, { answered, failed: (_sent, text) => fail(text) });
  }

  private encodeCall(request: RegistryCall): { method: string; bytes: Uint8Array } {
    const { identity, addr } = this.machine;
    if (request.kind === 'register') {
      const message = {
        addr,
        identity,
        incarnation: this.incarnation,
        coordinates: [],
        claim: this.machine.claim,
        held: [...request.held],
      };
      return { method: 'RegisterNode', bytes: registry.ConnectionAddr.encode(message).finish() };
    }
    const id = identity?.id ?? (0n as NodeId);
    const origin = {
      id,
      incarnation: this.incarnation,
      knownVersion: request.knownVersion,
      clusterId: identity?.clusterId ?? '',
    };
    switch (request.kind) {
      case 'renew':
        return { method: 'RenewLease', bytes: registry.RenewLeaseRequest.encode(origin).finish() };
      case 'leave':
        return { method: 'LeaveRing', bytes: registry.LeaveRingRequest.encode(origin).finish() };
      case 'propose': {
        const message = proposalToWire(origin, request.proposal);
        return { method: 'ProposeChange', bytes: registry.ProposeChangeRequest.encode(message).finish() };
      }
    }
  }

  private registryAnswered(call: number, request: RegistryCall, envelope: Uint8Array): void {
    if (this.dead) return;
    const [failed, bytes] = openEnvelope(envelope);
    if (failed) {
      const text = Buffer.from(bytes).toString();
      return this.post({ kind: 'registry-refused', call, text });
    }
    switch (request.kind) {
      case 'register':
        return this.registered(call, registry.RegisterInfo.decode(bytes));
      case 'renew':
      case 'leave': {
        const answer = registry.MemberAnswer.decode(bytes);
        return this.post({
          kind: 'member-answer',
          call,
          live: answer.live,
          update: updateFromWire(answer.ring),
        });
      }
      case 'propose': {
        const { accepted, reason, ring } = registry.ProposeChangeAnswer.decode(bytes);
        return this.post({ kind: 'proposal-answer', call, accepted, reason, update: updateFromWire(ring) });
      }
    }
  }

  /** The identity is on the disk before the core hears of it. */
  private registered(call: number, info: registry.RegisterInfo): void {
    const { identity } = info;
    const update = info.ring?.update;
    if (!identity || update?.$case !== 'ring')
      return this.world.fail('registry', 'a registration without a ring');
    const stored: StoredIdentity = { ...identity, id: position(identity.id) };
    const ring: Ring = ringFromWire(update.value);
    this.world.timeline.after(this.machine.disk.latency(), () => {
      if (this.dead) return;
      this.machine.disk.files.set('identity', stored);
      this.world.names.set(stored.id, this.machine.name);
      const parameters = parametersFromWire(info.parameters);
      this.post({ kind: 'registered', call, id: stored.id, parameters, ring });
      if (!this.watching) this.watch();
    });
  }

  /** Watches the ring; asks again now and then, as it does when a watch breaks. */
  private watch(): void {
    if (this.dead) return;
    this.watching = true;
    const { world, machine } = this;
    world.network.send(
      machine.party,
      REGISTRY_PARTY,
      () =>
        world.registry.server?.watch(machine, this.ringVersion, (bytes) => {
          if (!this.dead)
            this.post({ kind: 'ring', update: updateFromWire(registry.RingUpdate.decode(bytes)) });
        }),
      () => undefined,
    );
    world.timeline.after(REWATCH_MS * (0.5 + this.random.fraction()), () => this.watch());
  }

  // ---- streams ----

  private openStream({ connection, to, message }: Effect<'open-stream'>): void {
    const target = this.world.machineAt(to.addr);
    const bytes = dht.FollowerMessage.encode(followerMessageToWire(message)).finish();
    let accepting: { readonly process: NodeProcess; readonly connection: number } | undefined;
    const stream: Stream = new Stream(
      this.world.network,
      [this.machine.party, target?.party ?? 0],
      {
        receive: (received) => {
          if (this.outbound.get(connection) !== stream && this.world.rules.nodes.eraseOnNewestStreamOnly)
            return;
          const decoded = primaryMessageFromWire(dht.PrimaryMessage.decode(received));
          this.post({ kind: 'primary-message', connection, message: decoded });
        },
        gone: (text) => {
          if (this.outbound.delete(connection)) this.post({ kind: 'primary-gone', connection, text });
        },
      },
      {
        receive: (received) => {
          const process = target?.process;
          if (!accepting) {
            if (!process) return stream.die(1);
            accepting = { process, connection: process.accept(stream) };
          }
          accepting.process.heard(accepting.connection, received);
        },
        gone: () => accepting?.process.lost(accepting.connection),
      },
    );
    this.outbound.set(connection, stream);
    const { world, machine } = this;
    world.occurred({ name: 'opening', machine, other: target, at: message.stream.start, stream, side: 0 });
    stream.send(0, bytes);
  }

  private sendToFollower({ connection, message }: Effect<'send-to-follower'>): void {
    const stream = this.inbound.get(connection);
    if (!stream) return;
    const { world, machine } = this;
    const { kind } = message.body;
    if (kind === 'align' || kind === 'start-over' || kind === 'live' || kind === 'release') {
      const other = world.machines.find(({ party }) => party === stream.peerOf(1));
      world.occurred({ name: `sent ${kind}`, machine, other, at: message.stream.start, stream, side: 1 });
    }
    stream.send(1, dht.PrimaryMessage.encode(primaryMessageToWire(message)).finish());
  }

  private accept(stream: Stream): number {
    this.inbound.set(++this.lastInbound, stream);
    return this.lastInbound;
  }

  private heard(connection: number, bytes: Uint8Array): void {
    if (!this.inbound.has(connection)) return;
    this.guard(() => {
      const message = followerMessageFromWire(dht.FollowerMessage.decode(bytes));
      this.post({ kind: 'follower-message', connection, message });
    });
  }

  private lost(connection: number): void {
    if (this.inbound.delete(connection)) this.post({ kind: 'follower-gone', connection });
  }

  /** Tells the world of reads that were answered from this process's own state; of several each at a time of its own. */
  private noteReads(operations: readonly Operation[], results: readonly OperationResult[]): void {
    for (const [index, operation] of operations.entries()) {
      if (isWrite(operation) || !results[index]?.ok) continue;
      this.world.checkServers(positionOf(operation.key), operations.length === 1 ? this.machine : undefined);
    }
  }
}

/** An answer of the registry, or its refusal: a first byte tells which. */
export function sealEnvelope(failed: boolean, bytes: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from([failed ? 1 : 0]), bytes]);
}

function openEnvelope(envelope: Uint8Array): [failed: boolean, bytes: Uint8Array] {
  return [envelope[0] === 1, envelope.subarray(1)];
}

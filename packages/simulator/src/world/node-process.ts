/**
 * One process of a node: the simulator's host of a NodeCore. It does what the real host does: inputs of a
 * turn go in as one batch, effects are carried out in order, one tick is kept. Everything that leaves it or is
 * written goes through the real encoders.
 */

import {
  arcOutside,
  arcKeyRanges,
  arcKeyTest,
  isWrite,
  positionOf,
  type Arc,
  type Bytes,
  type Operation,
  type OperationResult,
  type Position,
  type Random,
  type RingKey,
} from '@ringkeep/shared';
import type { StoredValue } from '@ringkeep/shared/operations';
import {
  decodeReply,
  decodeRequest,
  dht,
  encodeReply,
  encodeRequest,
  updateFromWire,
  updateToWire,
} from '@ringkeep/shared/wire';
import { decodeBatch, decodeSnapshot, encodeBatch, encodeSnapshot } from '@ringkeep/dht-node/codec';
import { NodeCore, type NodeEffect, type NodeInput } from '@ringkeep/dht-node/core';
import { MemoryEntryStore } from '@ringkeep/dht-node/storage';
import { FruitlessSteps } from '../checkers/fruitless-steps';
import { describeEffect, describeInput } from './descriptions';
import type { Machine } from './machine';
import { wholeEntry } from './names';
import { RegistryLink } from './registry-link';
import { remoteCall, type Further, type Server } from './remote-call';
import { ReplicaStreams } from './replica-streams';
import type { World } from './world';

/** Longest pause between an input and its step; what arrives meanwhile joins it. */
const TURN_MS_MAX = 0.3;
const WHOLE_RANGE = { from: '' as never, to: undefined };

type Effect<Kind extends NodeEffect['kind']> = Extract<NodeEffect, { kind: Kind }>;
type Reply = (answer: Uint8Array) => void;

/** Somebody who is connected to a process: hears of newer rings, and of its end. */
export interface Visitor {
  ringChanged(): void;
  died(): void;
}

export class NodeProcess implements Server {
  readonly core: NodeCore;
  /** Stands for the table on the disk: a bit of it may change. */
  readonly entries = new MemoryEntryStore(true);
  readonly streams: ReplicaStreams;
  dead = false;
  readonly visitors = new Set<Visitor>();
  private readonly registryLink: RegistryLink;
  private readonly fruitlessSteps: FruitlessSteps;
  readonly incarnation: number;
  /** Drawn anew by each process. */
  readonly processId: bigint;
  private pausedUntil = 0;
  private inputs: NodeInput[] = [];
  private hasSlept = false;
  private checkpointing = false;
  private turnPlanned = false;
  private tickPlannedAt = Infinity;
  private batchOffset: number | undefined;
  private lastRequest = 0;
  private readonly requests = new Map<
    number,
    { readonly reply: (answer: Effect<'answer'>) => void; readonly dropped: () => void }
  >();
  /** Forwards under way, and what sends more on their calls. */
  private readonly forwards = new Map<number, Further>();

  constructor(
    private readonly world: World,
    readonly machine: Machine,
    private readonly random: Random,
  ) {
    this.incarnation = machine.incarnation;
    this.processId = random.bits64();
    this.core = new NodeCore(this.entries, {
      incarnation: this.incarnation,
      newcomer: machine.identity === undefined || machine.blank,
      process: this.processId,
      startedAt: machine.clock.now,
      leaseBeforeMs: world.parameters.leaseMs,
      rules: world.rules.nodes,
      transferSizes: world.transferSizes,
    });
    this.registryLink = new RegistryLink(this, world, machine, random);
    this.fruitlessSteps = new FruitlessSteps(this.name);
    this.streams = new ReplicaStreams(this, world, machine);
  }

  /** Reads the disk and begins. */
  boot(): void {
    const { checkpoint, batches } = this.machine.disk;
    this.guard(() => {
      if (checkpoint) {
        this.entries.put(checkpoint.entries);
        const { replicas, known } = decodeSnapshot(checkpoint.snapshot);
        this.core.restore(replicas, known);
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
      .flatMap((keys) => this.entries.scan(keys, Infinity, false).entries)
      .map(wholeEntry)
      .join(' ');
  }

  /** It holds a sound entry in a whole copy. */
  hasInCopy(key: RingKey, value: StoredValue | undefined): boolean {
    const copies = this.core.status().replicas.filter(({ complete }) => complete);
    return copies.some(({ range }) => arcKeyTest(range)(key)) && this.entries.get(key) === value;
  }

  hasWholeCopy(range: Arc): boolean {
    const copies = this.core.status().replicas.filter(({ complete }) => complete);
    const lacking = copies.reduce(
      (left, copy) => left.flatMap((part) => arcOutside(part, copy.range)),
      [range],
    );
    return lacking.length === 0;
  }

  /** The background scrub comes by. @returns whether it has found something damaged */
  scrub(): boolean {
    const { damaged } = this.entries.scan(WHOLE_RANGE, Infinity);
    if (damaged !== undefined) this.post({ kind: 'damaged', ranges: [damaged] });
    return damaged !== undefined;
  }

  /** A bit of what it holds of a key changes; the scrub comes by some time later. */
  damage(key: RingKey, bit: number, scrubAfterMs: number): void {
    const value = this.entries.raw(key);
    if (value === undefined) return;
    const at = (bit >> 3) % value.length;
    const changed = String.fromCharCode(value.charCodeAt(at) ^ (1 << (bit & 7)));
    this.entries.put([
      { key, value: `${value.slice(0, at)}${changed}${value.slice(at + 1)}` as StoredValue },
    ]);
    const ranges = [{ from: key, to: `${key}\0` as Bytes }];
    this.world.timeline.after(scrubAfterMs, () => this.post({ kind: 'damaged', ranges }));
  }

  /** Entries that lie in none of its copies. */
  get strayContent(): string {
    const copies = this.core.status().replicas.map(({ range }) => arcKeyTest(range));
    const strays = this.entries
      .scan(WHOLE_RANGE, Infinity, false)
      .entries.filter(({ key }) => !copies.some((holds) => holds(key)));
    return strays.map(wholeEntry).join(' ');
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
    this.streams.die();
    for (const visitor of this.visitors) visitor.died();
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
    this.checkFruit(inputs, effects);
    for (const effect of effects) {
      if (this.dead) return;
      if (effect.kind === 'event') this.world.eventSeen(this.machine, effect.event);
      else trace.note('step', () => `${this.name} ⟶ ${describeEffect(effect, names)}`);
      this.perform(effect);
    }
    this.planTick();
  }

  private checkFruit(inputs: readonly NodeInput[], effects: readonly NodeEffect[]): void {
    const fruitless = effects.length === 0 && inputs.every(({ kind }) => kind === 'tick');
    const { now } = this.machine.clock;
    const failure = this.fruitlessSteps.taken(now, this.core.nextTickAt, fruitless);
    if (failure) this.world.fail(failure.checker, failure.text);
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
  guard(action: () => void): void {
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
        const { entries } = this.entries.scan(WHOLE_RANGE, Infinity, false);
        return this.machine.disk.writeCheckpoint(encodeSnapshot(effect), entries, () => {
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
        return this.registryLink.call(effect.call, effect.request);
      case 'open-stream':
        return this.streams.open(effect);
      case 'send-to-primary':
        return this.streams.sendToPrimary(effect);
      case 'close-stream':
        return this.streams.close(effect.connection);
      case 'send-to-follower':
        return this.streams.sendToFollower(effect);
      case 'close-follower':
        return this.streams.closeFollower(effect.connection);
      case 'left':
        return this.machine.retire('it has left');
      case 'refused':
        this.machine.crash(false, `refused by the registry: ${effect.text}`);
        return this.machine.startLater();
      case 'event':
        if (effect.event.kind !== 'ring-adopted') return;
        for (const visitor of this.visitors) visitor.ringChanged();
        return;
      case 'discard':
      case 'recover-answer':
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
      this.machine.noteData();
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
    const sentUnder = this.core.view.version;
    this.requests.set(request, {
      dropped,
      reply: ({ results, hops, ring }) => {
        const update = ring && updateToWire({ kind: 'ring', ring });
        const answer = { ...encodeReply(frame.frame, hops, results), ring: update };
        if (hops === frame.hops) {
          this.noteReads(operations, results);
          this.noteWrites(operations, results, sentUnder);
        }
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

  /** Tells the world of reads that were answered from this process's own state; of several each at a time of its own. */
  private noteReads(operations: readonly Operation[], results: readonly OperationResult[]): void {
    for (const [index, operation] of operations.entries()) {
      if (isWrite(operation) || !results[index]?.ok) continue;
      this.world.checkServers(positionOf(operation.key), operations.length === 1 ? this.machine : undefined);
    }
  }

  private noteWrites(
    operations: readonly Operation[],
    results: readonly OperationResult[],
    sentUnder: number,
  ): void {
    for (const [index, operation] of operations.entries()) {
      if (!isWrite(operation) || !results[index]?.ok) continue;
      this.world.writeAcknowledged(positionOf(operation.key), sentUnder, this.core.view.version);
    }
  }
}

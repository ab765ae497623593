/**
 * One process of a node: the real storage, core and host loop, on a simulated disk (disk.ts), event loop
 * (process-loop.ts) and network. Everything that leaves it goes through the real encoders.
 */

import {
  arcOutside,
  RingError,
  arcKeyRanges,
  arcKeyTest,
  isWrite,
  positionOf,
  type Arc,
  type Bytes,
  type Member,
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
import type { EntryStore, NodeCore, NodeEffect, NodeEvent, NodeInput } from '@ringkeep/dht-node/core';
import { takeUp, type HostPorts, type NodeHost } from '@ringkeep/dht-node/hosting';
import { DataFolder } from '@ringkeep/dht-node/storage';
import { checkRoom } from '../checkers/room-refusals';
import { FruitlessSteps } from '../checkers/fruitless-steps';
import { dial } from './dialling';
import { describeEffect, describeInput } from './descriptions';
import { DATA_FOLDER } from './disk';
import type { Machine } from './machine';
import { MountedFiles } from './mounted-files';
import { wholeEntry } from './names';
import { ProcessLoop } from './process-loop';
import { RegistryLink } from './registry-link';
import { remoteCall, type Further, type Server } from './remote-call';
import { ReplicaStreams } from './replica-streams';
import { simulatedSystem } from './simulated-system';
import { WatchedStorage } from './watched-storage';
import type { World } from './world';

const WHOLE_RANGE = { from: '' as never, to: undefined };

type Effect<Kind extends NodeEffect['kind']> = Extract<NodeEffect, { kind: Kind }>;
type Reply = (answer: Uint8Array) => void;

/** Somebody who is connected to a process: hears of newer rings, and of its end. */
export interface Visitor {
  ringChanged(): void;
  died(): void;
}

/** What there is once it has read its disk. */
interface Running {
  readonly host: NodeHost;
  readonly storage: WatchedStorage;
  readonly registryLink: RegistryLink;
  readonly streams: ReplicaStreams;
}

export class NodeProcess implements Server {
  dead = false;
  readonly visitors = new Set<Visitor>();
  private readonly loop: ProcessLoop;
  private readonly files: MountedFiles;
  private running: Running | undefined;
  private hasSlept = false;
  private readonly fruitlessSteps: FruitlessSteps;
  readonly startedAt: number;
  /** Why the registry refuses it, if it does. */
  private refusal: string | undefined;
  /** Queries under way, and whom to tell when it dies. */
  private readonly dropped = new Set<() => void>();
  /** Forwards under way, and what sends more on their calls. */
  private readonly forwards = new Map<number, Further>();

  constructor(
    private readonly world: World,
    readonly machine: Machine,
    private readonly random: Random,
    private readonly number: number,
  ) {
    const { timeline } = world;
    this.startedAt = timeline.now;
    this.fruitlessSteps = new FruitlessSteps(this.name);
    this.loop = new ProcessLoop(timeline, machine.clock, random.fork(), () => machine.stepMs);
    this.files = new MountedFiles(machine.disk, timeline, this.loop);
  }

  get name(): string {
    return `${this.machine.name}#${this.number}`;
  }

  get core(): NodeCore | undefined {
    return this.running?.host.core;
  }

  get streams(): ReplicaStreams | undefined {
    return this.running?.streams;
  }

  get paused(): boolean {
    return this.loop.paused;
  }

  // ---- life ----

  /** Reads the disk and begins. */
  boot(): void {
    this.world.timeline.stir();
    this.start().catch((error: Error) => this.machine.bootFailed(this, error));
  }

  private async start(): Promise<void> {
    const { world, machine, loop, files } = this;
    const system = simulatedSystem(files, loop, this.random);
    const folder = await DataFolder.open(DATA_FOLDER, system, { acceptDataLoss: machine.acceptsDataLoss });
    const real = await folder.openStorage({ ...world.storage, measureRoom: () => machine.disk.room() });
    const checkpoint = system.openTable(`${DATA_FOLDER}/table`).readCheckpoint();
    machine.id = folder.identity.identity?.nodeId ?? machine.id;
    const storage = new WatchedStorage(real, machine.disk, world.timeline, checkpoint?.number ?? 0);
    const clock = { now: () => machine.clock.now, suspended: () => this.takeSleep() };
    const { transferSizes, rules } = world;
    const host = await takeUp(folder.identity, storage, clock, loop, {
      transferSizes,
      rules: rules.nodes,
      process: this.random.bits64(),
    });
    machine.incarnation = host.core.incarnation;
    machine.begun();
    if (storage.missing > 0) return machine.foundMissing(this, storage.missing);
    const registryLink = new RegistryLink(this, world, machine, this.random, folder.identity, host.core);
    const streams = new ReplicaStreams(this, world, machine);
    this.running = { host, storage, registryLink, streams };
    world.trace.note('event', () => `${this.name} has read its disk, incarnation ${host.core.incarnation}`);
    host.start(this.ports(this.running));
  }

  /** The machine has slept; the process learns of it with its next step. */
  slept(): void {
    this.hasSlept = true;
  }

  private takeSleep(): boolean {
    const slept = this.hasSlept;
    this.hasSlept = false;
    return slept;
  }

  pause(forMs: number): void {
    this.loop.pause(forMs);
  }

  resume(): void {
    this.loop.resume();
  }

  /** Ends it in the middle of whatever it does. */
  die(): void {
    this.dead = true;
    this.loop.die();
    this.files.unmount();
    this.running?.streams.die();
    for (const visitor of this.visitors) visitor.died();
    for (const dropped of this.dropped) dropped();
    this.dropped.clear();
  }

  post(input: NodeInput): void {
    if (!this.dead) this.running?.host.post(input);
  }

  /** A broken invariant ends the run. */
  guard(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.broken(error as Error);
    }
  }

  private broken(error: Error): void {
    this.world.fail('invariants', `${this.name}: ${error.stack ?? String(error)}`);
    this.dead = true;
  }

  // ---- what others see of it ----

  /** What it holds of a range, as one text. */
  contentOf(range: Arc): string {
    return arcKeyRanges(range)
      .flatMap((keys) => this.entries.scan(keys, Infinity, false).entries)
      .map(wholeEntry)
      .join(' ');
  }

  /** It holds a sound entry in a whole copy. */
  hasInCopy(key: RingKey, value: StoredValue | undefined): boolean {
    const copies = this.core?.status().replicas.filter(({ complete }) => complete) ?? [];
    return copies.some(({ range }) => arcKeyTest(range)(key)) && this.entries.get(key) === value;
  }

  hasWholeCopy(range: Arc): boolean {
    const copies = this.core?.status().replicas.filter(({ complete }) => complete) ?? [];
    const lacking = copies.reduce(
      (left, copy) => left.flatMap((part) => arcOutside(part, copy.range)),
      [range],
    );
    return lacking.length === 0;
  }

  /** The background scrub comes by; what was mended gets into the table. @returns whether something is still damaged */
  scrub(): boolean {
    const { damaged } = this.entries.scan(WHOLE_RANGE, Infinity);
    if (damaged !== undefined) this.post({ kind: 'damaged', ranges: [damaged] });
    else if (this.machine.disk.table?.isDamaged) this.checkpoint();
    return damaged !== undefined;
  }

  /** A bit of what its table holds of a key changes; the scrub comes by some time later. */
  damage(key: RingKey, bit: number, scrubAfterMs: number): void {
    this.machine.disk.table?.flipBit(key, bit);
    const ranges = [{ from: key, to: `${key}\0` as Bytes }];
    this.world.timeline.after(scrubAfterMs, () => this.post({ kind: 'damaged', ranges }));
  }

  /** Entries that lie in none of its copies. */
  get strayContent(): string {
    const copies = (this.core as NodeCore).status().replicas.map(({ range }) => arcKeyTest(range));
    const strays = this.entries
      .scan(WHOLE_RANGE, Infinity, false)
      .entries.filter(({ key }) => !copies.some((holds) => holds(key)));
    return strays.map(wholeEntry).join(' ');
  }

  get entries(): EntryStore {
    return (this.running as Running).storage.entries;
  }

  /** It would answer a read at a position if it ran now. */
  wouldAnswer(point: Position): boolean {
    return !this.hasSlept && (this.core?.wouldAnswer(point, this.machine.clock.now) ?? false);
  }

  /** Has it write a checkpoint with its next step. */
  checkpoint(): void {
    this.running?.storage.wantCheckpoint();
  }

  // ---- what its host wants done ----

  private ports({ registryLink, streams }: Running): HostPorts {
    const unlessDead =
      <Arguments extends unknown[]>(action: (...given: Arguments) => void) =>
      (...given: Arguments): void => {
        if (!this.dead) action(...given);
      };
    return {
      registry: { call: unlessDead((call, request) => registryLink.call(call, request)) },
      peers: {
        forward: unlessDead((effect, remainingMs) => this.forward(effect, remainingMs)),
        cancel: unlessDead((_to, forward) => this.cancelForward(forward)),
        connect: () => undefined,
        introduce: () => undefined,
        dial: unlessDead((to) =>
          dial(this.world, this.machine, to, this.random, (input) => this.post(input)),
        ),
      },
      primaries: {
        open: unlessDead((connection, to: Member, message) => streams.open({ connection, to, message })),
        send: unlessDead((connection, message) => streams.sendToPrimary({ connection, message })),
        close: unlessDead((connection) => streams.close(connection)),
      },
      followers: {
        send: unlessDead((connection, message) => streams.sendToFollower({ connection, message })),
        close: unlessDead((connection) => streams.closeFollower(connection)),
      },
      observer: {
        event: unlessDead((event) => this.seen(event)),
        left: unlessDead(() => this.machine.retire('it has left')),
        leaveRefused: () => undefined,
        discarded: unlessDead((_, ops) => this.world.discarded(ops)),
        failed: unlessDead((error) => this.failed(error)),
        steps: {
          before: (inputs) => this.noteInputs(inputs),
          after: (inputs, effects) => {
            this.checkFruit(inputs, effects);
            this.noteEffects(effects);
          },
        },
      },
    };
  }

  private seen(event: NodeEvent): void {
    this.world.eventSeen(this.machine, event);
    if (event.kind === 'ring-adopted') for (const visitor of this.visitors) visitor.ringChanged();
  }

  /** It is refused, its disk fails, or it is broken. */
  private failed(error: Error): void {
    const { machine } = this;
    if (this.refusal !== undefined) machine.crash(false, `refused by the registry: ${this.refusal}`);
    else if (error instanceof RingError) machine.crash(false, error.message);
    else return this.broken(error);
    machine.startLater();
  }

  private noteInputs(inputs: readonly NodeInput[]): void {
    const { trace, names } = this.world;
    trace.note(
      'step',
      () => `${this.name} ⟵ ${inputs.map((input) => describeInput(input, names)).join(' | ')}`,
    );
  }

  private checkFruit(inputs: readonly NodeInput[], effects: readonly NodeEffect[]): void {
    const fruitless = effects.length === 0 && inputs.every(({ kind }) => kind === 'tick');
    const { nextTickAt } = this.core as NodeCore;
    const failure = this.fruitlessSteps.taken(this.machine.clock.now, nextTickAt, fruitless);
    if (failure) this.world.fail(failure.checker, failure.text);
  }

  private noteEffects(effects: readonly NodeEffect[]): void {
    const { trace, names } = this.world;
    for (const effect of effects) {
      if (effect.kind === 'refused') this.refusal = effect.text;
      if (effect.kind !== 'event')
        trace.note('step', () => `${this.name} ⟶ ${describeEffect(effect, names)}`);
    }
  }

  // ---- queries ----

  serve(_method: string, bytes: Uint8Array, reply: Reply, dropped: () => void): Further | undefined {
    if (!this.running) {
      dropped();
      return undefined;
    }
    const { host } = this.running;
    const frame = dht.BatchRequest.decode(bytes);
    const operations = decodeRequest(frame, this.world.parameters).map((operation) => {
      if (operation instanceof Error) throw operation;
      return operation;
    });
    const sentUnder = (this.core as NodeCore).view.version;
    const options = {
      hops: frame.hops,
      deadlineMs: frame.deadlineMs,
      ringVersion: frame.ringVersion,
      direct: frame.direct,
      bytes: bytes.length,
      inFrame: true,
    };
    this.dropped.add(dropped);
    const arrivedAt = this.world.timeline.now;
    const query = host.query(operations, options, ({ results, hops, ring }) => {
      if (!this.dropped.delete(dropped)) return;
      const update = ring && updateToWire({ kind: 'ring', ring });
      const answer = { ...encodeReply(frame.frame, hops, results), ring: update };
      if (hops === frame.hops) {
        this.noteReads(operations, results);
        this.noteWrites(operations, results, sentUnder);
        this.checkRoom(operations, results, arrivedAt);
      }
      reply(dht.BatchReply.encode(answer).finish());
    });
    return (further) => {
      if (dht.BatchRequest.decode(further).cancel !== frame.frame || this.dead) return;
      this.dropped.delete(dropped);
      host.cancel(query);
    };
  }

  private forward(effect: Effect<'forward'>, remainingMs: number): void {
    const { forward, to, operations, hops, ringVersion } = effect;
    const header = { frame: forward, deadlineMs: Math.ceil(remainingMs), hops, ringVersion, direct: false };
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

  private checkRoom(
    operations: readonly Operation[],
    results: readonly OperationResult[],
    arrivedAt: number,
  ): void {
    const { machine, world, name, loop } = this;
    const room = {
      name,
      arrivedAt,
      runsSince: machine.stepMs > 0 ? world.timeline.now : Math.max(this.startedAt, loop.runsSince),
      fullSince: machine.disk.fullSince,
      anyFullAt: Math.max(...world.machines.map(({ disk }) => disk.lastFullAt)),
    };
    for (const [index, operation] of operations.entries()) {
      const result = results[index];
      const failure = result && checkRoom(operation, result, room, world.timeline.now);
      if (failure) world.fail(failure.checker, failure.text);
    }
  }

  private noteWrites(
    operations: readonly Operation[],
    results: readonly OperationResult[],
    sentUnder: number,
  ): void {
    for (const [index, operation] of operations.entries()) {
      if (!isWrite(operation) || !results[index]?.ok) continue;
      this.world.writeAcknowledged(
        positionOf(operation.key),
        sentUnder,
        (this.core as NodeCore).view.version,
      );
    }
  }
}

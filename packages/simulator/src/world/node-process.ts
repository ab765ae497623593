/**
 * One process of a node: the real storage, core and host loop, on a simulated disk (disk.ts), event loop
 * (process-loop.ts) and network. Everything that leaves it goes through the real encoders.
 */

import {
  RingError,
  type Bytes,
  type Member,
  type Position,
  type Random,
  type RingKey,
} from '@ringkeep/shared';
import type { NodeCore, NodeEvent, NodeInput } from '@ringkeep/dht-node/core';
import { takeUp, type HostPorts, type NodeHost } from '@ringkeep/dht-node/hosting';
import { DataFolder } from '@ringkeep/dht-node/storage';
import { dial } from './dialling';
import { DATA_FOLDER, type Disk } from './disk';
import { driftBetween, type DriftingClock } from './drifting-clock';
import { Forwards } from './forwards';
import { HeldData } from './held-data';
import { MountedFiles } from './mounted-files';
import { ProcessLoop } from './process-loop';
import { QueryServer } from './query-server';
import { RegistryLink } from './registry-link';
import type { Further } from './remote-call';
import { ReplicaStreams } from './replica-streams';
import { simulatedSystem } from './simulated-system';
import { WatchedSteps } from './watched-steps';
import { WatchedStorage } from './watched-storage';
import type { Home, Neighbourhood, NeighbourProcess } from './surroundings';

type Reply = (answer: Uint8Array) => void;

/** Somebody who is connected to a process: hears of newer rings, and of its end. */
export interface Visitor {
  ringChanged(): void;
  died(): void;
}

/** The machine that it runs on. */
export interface ProcessHome extends Home {
  readonly disk: Disk;
  readonly clock: DriftingClock;
  /** Of the last process that has read it. */
  incarnation: number;
  /** It starts as a new node when a part of its folder is gone. */
  readonly acceptsDataLoss: boolean;
  /** A process has taken up a node. */
  begun(): void;
  /** A process could not begin: its disk is full or fails, or what is on it cannot be read. */
  bootFailed(process: NodeProcess, error: Error): void;
  /** A process has recovered less than its disk had promised to keep. */
  foundMissing(process: NodeProcess, batches: number): void;
  /** Ends the process. `powerLost`: with all that the disk had not synced. */
  crash(powerLost: boolean, why: string): void;
  startLater(): void;
  /** It holds nothing any more and is switched off. */
  retire(why: string): void;
}

/** What there is once it has read its disk. */
interface Running {
  readonly host: NodeHost;
  readonly storage: WatchedStorage;
  readonly held: HeldData;
  readonly registryLink: RegistryLink;
  readonly streams: ReplicaStreams;
  readonly forwards: Forwards;
  readonly queries: QueryServer;
  readonly steps: WatchedSteps;
}

export class NodeProcess implements NeighbourProcess {
  dead = false;
  readonly visitors = new Set<Visitor>();
  private readonly loop: ProcessLoop;
  private readonly files: MountedFiles;
  private running: Running | undefined;
  private hasSlept = false;
  readonly startedAt: number;

  constructor(
    private readonly world: Neighbourhood,
    private readonly machine: ProcessHome,
    private readonly random: Random,
    private readonly number: number,
  ) {
    const { timeline } = world;
    this.startedAt = timeline.now;
    this.loop = new ProcessLoop(timeline, machine.clock, random.fork(), () => machine.stepMs);
    this.files = new MountedFiles(machine.disk, timeline, this.loop);
  }

  get name(): string {
    return `${this.machine.name}#${this.number}`;
  }

  get host(): NodeHost | undefined {
    return this.running?.host;
  }

  get core(): NodeCore | undefined {
    return this.host?.core;
  }

  get streams(): ReplicaStreams | undefined {
    return this.running?.streams;
  }

  get paused(): boolean {
    return this.loop.paused;
  }

  get runsSince(): number {
    return this.loop.runsSince;
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
    const { transferSizes, historyBytes, rules, parameters } = world;
    const process = this.random.bits64();
    const clockDriftMax = driftBetween(parameters);
    const own = { transferSizes, historyBytes, clockDriftMax, rules: rules.nodes, process };
    const host = await takeUp(folder.identity, storage, clock, loop, own);
    machine.incarnation = host.core.incarnation;
    machine.begun();
    if (storage.missing > 0) return machine.foundMissing(this, storage.missing);
    const registryLink = new RegistryLink(this, world, machine, this.random, folder.identity, host.core);
    const streams = new ReplicaStreams(this, world, machine);
    this.running = {
      host,
      storage,
      held: new HeldData(storage, host.core),
      registryLink,
      streams,
      forwards: new Forwards(this, world, machine),
      queries: new QueryServer(this, world, machine, host),
      steps: new WatchedSteps(world, this.name, host.core, machine.clock),
    };
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
    this.running?.queries.die();
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

  get held(): HeldData | undefined {
    return this.running?.held;
  }

  /** The background scrub comes by; what was mended gets into the table. @returns whether something is still damaged */
  scrub(): boolean {
    const damaged = this.running?.held.findDamage();
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

  /** It would answer a read at a position if it ran now. */
  wouldAnswer(point: Position): boolean {
    return !this.hasSlept && (this.core?.inspection.wouldAnswer(point, this.machine.clock.now) ?? false);
  }

  /** Has it write a checkpoint with its next step. */
  checkpoint(): void {
    this.running?.storage.wantCheckpoint();
  }

  // ---- what its host wants done ----

  private ports({ registryLink, streams, forwards, steps }: Running): HostPorts {
    const unlessDead =
      <Arguments extends unknown[]>(action: (...given: Arguments) => void) =>
      (...given: Arguments): void => {
        if (!this.dead) action(...given);
      };
    return {
      registry: { call: unlessDead((call, request) => registryLink.call(call, request)) },
      peers: {
        forward: unlessDead((effect, remainingMs) => forwards.send(effect, remainingMs)),
        cancel: unlessDead((_to, forward) => forwards.cancel(forward)),
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
      observer: { event: unlessDead((event) => this.seen(event)) },
      owner: {
        left: unlessDead(() => this.machine.retire('it has left')),
        leaveRefused: () => undefined,
        discarded: unlessDead((_, ops) => this.world.witness.discarded(ops)),
        failed: unlessDead((error) => this.failed(error)),
      },
      steps,
    };
  }

  private seen(event: NodeEvent): void {
    this.world.eventSeen(this.machine.party, event);
    if (event.kind === 'ring-adopted') for (const visitor of this.visitors) visitor.ringChanged();
  }

  /** It is refused, its disk fails, or it is broken. */
  private failed(error: Error): void {
    const { machine } = this;
    const refusal = this.running?.steps.refusal;
    if (refusal !== undefined) machine.crash(false, `refused by the registry: ${refusal}`);
    else if (error instanceof RingError) machine.crash(false, error.message);
    else return this.broken(error);
    machine.startLater();
  }

  // ---- queries ----

  serve(_method: string, bytes: Uint8Array, reply: Reply, dropped: () => void): Further | undefined {
    if (this.running) return this.running.queries.serve(bytes, reply, dropped);
    dropped();
    return undefined;
  }
}

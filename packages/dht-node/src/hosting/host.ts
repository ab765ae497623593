/**
 * The real host of a node's core: feeds it what has arrived in a turn of the event loop as one batch,
 * carries out its effects in order, and keeps its one timer. Frames of reads, large ones, and what the disk has made
 * durable do not wait for the end of the turn, unless something is waiting for it already: what becomes of them is on its
 * way while the next frame is read. Everything else gains more from company: single calls, small writes, and what nodes
 * say to each other.
 *
 * There is no await here. Disk, network and registry answer by posting inputs. An exception in the core
 * is a broken invariant: the node stops at once rather than go on with a state that cannot be trusted;
 * what was acknowledged is on its disk.
 *
 * Every query is answered once: by the core, or, when the node stops, by the host: what nobody can know any
 * more about a write is said to be unknown.
 */

import type { Arc, Member, NodeId, Operation, OperationResult, Position, Ring } from '@ringkeep/shared';
import { RingError } from '@ringkeep/shared/ring/errors';
import { NumberMap } from '@ringkeep/shared/ring/number-map';
import { isWrite } from '@ringkeep/shared/ring/operations';
import { Admission, type Load } from '../admission';
import type { DiscardedOp, NodeEffect, NodeEvent, RegistryCall } from '../core/effects';
import type { NodeInput } from '../core/inputs';
import type { FollowerMessage, PrimaryMessage } from '../core/messages';
import type { NodeCore } from '../core/node';
import { isOfCopies } from '../core/replica/records';
import { encodeBatch, encodeSnapshot } from '../codec';
import { NODE_EVENT_LOOP, type EventLoop, type Timer } from '../storage/event-loop';
import type { NodeStorage } from '../storage';

/** The clock of the process: see MonotonicClock. */
export interface HostClock {
  now(): number;
  suspended(): boolean;
}

/** Where the core's effects go. */
export interface HostPorts {
  readonly registry: { call(call: number, request: RegistryCall, withinMs: number): void };
  readonly peers: {
    forward(effect: Extract<NodeEffect, { kind: 'forward' }>, remainingMs: number): void;
    cancel(to: NodeId, forward: number): void;
    connect(to: Member): void;
    introduce(to: Member, as: 'previous' | 'next'): void;
    dial(to: Member): void;
  };
  /** Streams that this node opens as a follower. */
  readonly primaries: {
    open(connection: number, to: Member, message: FollowerMessage): void;
    send(connection: number, message: FollowerMessage): void;
    close(connection: number): void;
  };
  /** Streams that others opened here. */
  readonly followers: {
    send(connection: number, message: PrimaryMessage): void;
    close(connection: number): void;
  };
  readonly observer: {
    event(event: NodeEvent): void;
    /** Prepared operations are discarded: they are to be kept before the step's batch is written. */
    discarded(range: Arc, ops: readonly DiscardedOp[]): void;
    left(): void;
    leaveRefused(text: string): void;
    /** The node cannot go on: the registry refuses it, its disk fails, or an invariant is broken. */
    failed(error: Error): void;
    /** For whoever follows each step: what goes into it, and what comes of it. */
    readonly steps?: {
      before(inputs: readonly NodeInput[]): void;
      after(inputs: readonly NodeInput[], effects: readonly NodeEffect[]): void;
    };
  };
}

export interface QueryAnswer {
  readonly results: readonly OperationResult[];
  readonly hops: number;
  readonly ring: Ring | undefined;
}

export interface QueryOptions {
  readonly hops: number;
  readonly deadlineMs: number;
  readonly ringVersion: number;
  readonly direct: boolean;
  /** Bytes of the keys and values. */
  readonly bytes: number;
  /** They came together, as one frame. */
  readonly inFrame: boolean;
}

interface Asked {
  readonly operations: readonly Operation[];
  readonly load: Load;
  readonly hops: number;
  readonly answer: (answer: QueryAnswer) => void;
  /** Why nothing of it is started, if so. */
  readonly refusal: OperationResult | undefined;
}

/** Steps of one turn of the event loop that do not wait for its end: timers and the disk have to get their turn, too. */
const STEPS_AT_ONCE_MAX = 64;
/** Operations of a frame that are company enough for each other. */
const COMPANY = 32;
/** How long queries under way may take when the node stops. */
const DRAIN_MS = 1_500;

export class NodeHost {
  readonly name = 'host';
  private ports: HostPorts | undefined;
  private inputs: NodeInput[] = [];
  private scheduled = false;
  private stepsAtOnce = 0;
  private timer: Timer | undefined;
  private timerDueAt = Number.POSITIVE_INFINITY;
  private stopped = false;
  private lastRequest = 0;
  private readonly asked = new NumberMap<Asked>();
  private readonly decisions = new Map<number, (refusal: string | undefined) => void>();
  /** Set when no new query is taken; called when none is under way any more. */
  private drained: (() => void) | undefined;
  private readonly admission = new Admission();
  private batchOffset: number | undefined;
  private checkpointing = false;
  private durableUpTo = 0;
  private noting: Promise<void> | undefined;
  /** The first batch that says anything of a copy. */
  private firstOfCopies = Number.POSITIVE_INFINITY;

  /** `noteData`: what is to be done before anything of a copy counts as durable for the first time. */
  constructor(
    readonly core: NodeCore,
    private readonly storage: NodeStorage,
    private readonly clock: HostClock,
    private readonly eventLoop: EventLoop = NODE_EVENT_LOOP,
    private noteData?: () => Promise<void>,
  ) {}

  start(ports: HostPorts): void {
    this.ports = ports;
    this.storage.onDurable((upTo) => {
      this.durableUpTo = upTo;
      if (!this.noteData || upTo < this.firstOfCopies) return this.persisted();
      this.noting ??= this.noteData().then(
        () => {
          this.noteData = undefined;
          this.persisted();
        },
        (error: Error) => this.fail(error),
      );
    });
    this.storage.onFailure((error) => this.fail(error));
    this.storage.onRoom((lacking) => this.post({ kind: 'room', lacking }));
    this.post({ kind: 'tick' });
  }

  private persisted(): void {
    if (this.batchOffset !== undefined)
      this.take({ kind: 'persisted', batch: this.durableUpTo - this.batchOffset }, true);
  }

  /** Takes no new query and lets those under way be answered, for a while. */
  async drain(): Promise<void> {
    let timer: Timer | undefined;
    await new Promise<void>((resolve) => {
      this.drained = resolve;
      timer = this.eventLoop.later(this.stopped ? 0 : DRAIN_MS, resolve);
      this.checkDrained();
    });
    this.eventLoop.cancel(timer);
    this.giveUpAll();
  }

  /** No step is taken any more. */
  stop(): void {
    this.stopped = true;
    this.drained ??= () => undefined;
    this.eventLoop.cancel(this.timer);
    this.giveUpAll();
  }

  post(input: NodeInput): void {
    this.take(input, false);
  }

  private take(input: NodeInput, atOnce: boolean): void {
    if (this.stopped) return;
    this.inputs.push(input);
    if (this.scheduled) return;
    this.scheduled = true;
    if (atOnce && this.stepsAtOnce < STEPS_AT_ONCE_MAX) {
      if (this.stepsAtOnce++ === 0) this.eventLoop.soon(this.turnIsOver);
      this.eventLoop.next(this.run);
    } else {
      this.eventLoop.soon(this.run);
    }
  }

  /** Has operations answered. @returns the number by which the query may be cancelled */
  query(
    operations: readonly Operation[],
    options: QueryOptions,
    answer: (answer: QueryAnswer) => void,
  ): number {
    const request = ++this.lastRequest;
    const load = { operations: operations.length, bytes: options.bytes };
    const refusal = this.drained ? STOPPING : this.admission.admit(load) ? undefined : TOO_MUCH;
    this.asked.set(request, { operations, load, hops: options.hops, answer, refusal });
    if (refusal) {
      this.eventLoop.soon(() => this.giveUp(request));
      return request;
    }
    const input: NodeInput = {
      kind: 'query',
      request,
      operations,
      hops: options.hops,
      deadlineAtMs: this.clock.now() + options.deadlineMs,
      ringVersion: options.ringVersion,
      direct: options.direct,
    };
    this.take(input, options.inFrame && (operations.length >= COMPANY || !operations.some(isWrite)));
    return request;
  }

  /** A person's decision about a stopped arc. Throws FAILED_PRECONDITION saying why it cannot be. */
  recover(start: Position, from: NodeId): Promise<void> {
    const request = ++this.lastRequest;
    return new Promise((resolve, reject) => {
      this.decisions.set(request, (refusal) => {
        if (refusal === undefined) resolve();
        else reject(new RingError('FAILED_PRECONDITION', refusal));
      });
      this.post({ kind: 'recover', request, start, from });
    });
  }

  cancel(request: number): void {
    if (!this.release(request)) return;
    this.post({ kind: 'cancel-query', request });
    this.checkDrained();
  }

  private giveUpAll(): void {
    for (const decided of this.decisions.values()) decided('the node is stopping');
    this.decisions.clear();
    for (const request of this.asked.keys()) this.giveUp(request);
  }

  private giveUp(request: number): void {
    const asked = this.release(request);
    asked?.answer({
      results: asked.operations.map((operation) => asked.refusal ?? brokenOff(operation)),
      hops: asked.hops,
      ring: undefined,
    });
  }

  private release(request: number): Asked | undefined {
    const asked = this.asked.get(request);
    this.asked.delete(request);
    if (asked && !asked.refusal) this.admission.release(asked.load);
    return asked;
  }

  private checkDrained(): void {
    if (this.asked.size === 0) this.drained?.();
  }

  /** Writes are coming faster than checkpoints bring them to the table on disk. */
  get overloaded(): boolean {
    return this.storage.overloaded();
  }

  private readonly turnIsOver = (): void => {
    this.stepsAtOnce = 0;
  };

  private readonly run = (): void => {
    this.scheduled = false;
    if (this.stopped) return;
    const inputs = this.inputs;
    this.inputs = [];
    if (this.clock.suspended()) inputs.unshift({ kind: 'suspended' });
    const now = this.clock.now();
    const steps = this.ports?.observer.steps;
    steps?.before(inputs);
    try {
      const effects = this.core.step(now, inputs);
      steps?.after(inputs, effects);
      for (const effect of effects) this.perform(effect, now);
    } catch (error) {
      return this.fail(error as Error);
    }
    if (!this.checkpointing && this.storage.checkpointDue()) {
      this.checkpointing = true;
      this.post({ kind: 'checkpoint' });
    }
    this.armTimer(now);
  };

  private armTimer(now: number): void {
    const dueAt = this.core.nextTickAt;
    if (dueAt <= now) return this.post({ kind: 'tick' });
    // One that is armed already and fires earlier arms the next one then: most steps move the time only a little.
    if (this.timerDueAt <= dueAt) return;
    this.eventLoop.cancel(this.timer);
    this.timerDueAt = dueAt;
    this.timer = this.eventLoop.later(Math.ceil(dueAt - now), () => {
      this.timerDueAt = Number.POSITIVE_INFINITY;
      this.post({ kind: 'tick' });
    });
  }

  private fail(error: Error): void {
    if (this.stopped) return;
    this.stop();
    this.ports?.observer.failed(error);
  }

  private perform(effect: NodeEffect, now: number): void {
    const ports = this.ports as HostPorts;
    switch (effect.kind) {
      case 'append': {
        const batch = this.storage.append(encodeBatch(effect.records));
        if (this.noteData && effect.records.some(isOfCopies))
          this.firstOfCopies = Math.min(this.firstOfCopies, batch);
        this.batchOffset ??= batch - effect.batch;
        return;
      }
      case 'checkpoint':
        this.storage.checkpoint(encodeSnapshot(effect)).then(
          () => {
            this.checkpointing = false;
          },
          (error: Error) => this.fail(error),
        );
        return;
      case 'discard':
        return ports.observer.discarded(effect.range, effect.ops);
      case 'answer': {
        const asked = this.release(effect.request);
        asked?.answer({ results: effect.results, hops: effect.hops, ring: effect.ring });
        return this.checkDrained();
      }
      case 'recover-answer': {
        const decided = this.decisions.get(effect.request);
        this.decisions.delete(effect.request);
        return decided?.(effect.refusal);
      }
      case 'forward':
        return ports.peers.forward(effect, Math.max(1, effect.deadlineAtMs - now));
      case 'cancel-forward':
        return ports.peers.cancel(effect.to, effect.forward);
      case 'connect':
        return ports.peers.connect(effect.to);
      case 'introduce':
        return ports.peers.introduce(effect.to, effect.as);
      case 'dial':
        return ports.peers.dial(effect.to);
      case 'call-registry':
        return ports.registry.call(effect.call, effect.request, effect.withinMs);
      case 'open-stream':
        return ports.primaries.open(effect.connection, effect.to, effect.message);
      case 'send-to-primary':
        return ports.primaries.send(effect.connection, effect.message);
      case 'close-stream':
        return ports.primaries.close(effect.connection);
      case 'send-to-follower':
        return ports.followers.send(effect.connection, effect.message);
      case 'close-follower':
        return ports.followers.close(effect.connection);
      case 'left':
        return ports.observer.left();
      case 'leave-refused':
        return ports.observer.leaveRefused(effect.text);
      case 'refused':
        return this.fail(new Error(effect.text));
      case 'event':
        return ports.observer.event(effect.event);
    }
  }
}

const STOPPING: OperationResult = { ok: false, code: 'UNAVAILABLE', text: 'the node is stopping' };
const TOO_MUCH: OperationResult = {
  ok: false,
  code: 'RESOURCE_EXHAUSTED',
  text: 'the node has too many operations under way',
};

function brokenOff(operation: Operation): OperationResult {
  return isWrite(operation)
    ? { ok: false, code: 'OUTCOME_UNKNOWN', text: 'outcome unknown: the node stopped before the write ended' }
    : { ok: false, code: 'UNAVAILABLE', text: 'the node stopped before the read ended' };
}

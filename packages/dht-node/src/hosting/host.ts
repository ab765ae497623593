/**
 * The real host of a node's core. It feeds the core everything that has arrived in a turn of the event loop as one
 * batch, carries out the core's effects in order, and keeps its one timer.
 *
 * Three things do not wait for the end of the turn, unless something is waiting already: frames of reads, large frames,
 * and batches that the disk has made durable. Their results are then on their way while the next frame is read.
 * Everything else waits for the end of the turn, where batching is cheaper: single calls, small writes, and messages
 * between nodes.
 *
 * There is no await here. Disk, network and registry answer by posting inputs. An exception in the core is a broken
 * invariant. The node then stops at once instead of continuing with a state that cannot be trusted; what was
 * acknowledged is on its disk.
 */

import type { NodeId, Position } from '@ringkeep/shared';
import type { Operation } from '@ringkeep/shared/operations';
import { RingError } from '@ringkeep/shared/ring/errors';
import { isWrite } from '@ringkeep/shared/operations/operation';
import type { NodeEffect } from '../core/effects';
import type { NodeInput } from '../core/inputs';
import { WATCHES_MAX } from '../core/limits';
import type { NodeCore } from '../core/node';
import { isOfCopies } from '../core/replica/records';
import { encodeBatch, encodeSnapshot } from '../codec';
import { NODE_EVENT_LOOP, type EventLoop, type Timer } from '../storage/event-loop';
import type { NodeStorage } from '../storage';
import { dispatch } from './dispatch';
import type { Load } from '../ask/admission';
import { OpenQueries, type QueryAnswer, type QueryOptions } from '../ask/open-queries';
import { OpenWatches } from '../ask/open-watches';
import type { NodeObserver } from '../observing/node-observer';
import type { HostClock, HostPorts } from './ports';

/** Steps in one turn of the event loop that do not wait for its end: timers and the disk need their turn, too. */
const STEPS_AT_ONCE_MAX = 64;
/** A frame with this many operations is a step of its own. */
const FRAME_OPERATIONS_AT_ONCE_MIN = 32;
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
  private readonly queries = new OpenQueries(() => this.clock.now());
  readonly watches: OpenWatches;
  private readonly decisions = new Map<number, (refusal: string | undefined) => void>();
  private batchOffset: number | undefined;
  private checkpointing = false;
  /** Writes are coming faster than checkpoints bring them to the table on disk. */
  private overloaded = false;
  private durableUpTo = 0;
  private noting: Promise<void> | undefined;
  /** The first batch that says anything of a copy. */
  private firstOfCopies = Number.POSITIVE_INFINITY;

  /** `noteData`: what to do before anything of a copy counts as durable for the first time. */
  constructor(
    readonly core: NodeCore,
    private readonly storage: NodeStorage,
    private readonly clock: HostClock,
    private readonly eventLoop: EventLoop = NODE_EVENT_LOOP,
    private noteData?: () => Promise<void>,
    watchesMax = WATCHES_MAX,
  ) {
    this.watches = new OpenWatches((input) => this.post(input), watchesMax);
  }

  start(ports: HostPorts): void {
    this.ports = ports;
    this.queries.observe(ports.observer);
    const { observer } = ports;
    if (observer.logWritten) this.storage.onWritten((write) => observer.logWritten?.(write));
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

  /** The observer of what happens here. */
  get observer(): NodeObserver {
    return this.ports?.observer ?? {};
  }

  /** The operations asked here that are not answered yet. */
  get underWay(): Load {
    return this.queries.underWay;
  }

  private persisted(): void {
    if (this.batchOffset !== undefined)
      this.take({ kind: 'persisted', batch: this.durableUpTo - this.batchOffset }, true);
  }

  /** Accepts no new query and lets those under way finish, for a while. */
  async drain(): Promise<void> {
    let timer: Timer | undefined;
    await new Promise<void>((resolve) => {
      timer = this.eventLoop.later(this.stopped ? 0 : DRAIN_MS, resolve);
      this.queries.drain(resolve);
    });
    this.eventLoop.cancel(timer);
    this.giveUpAll();
  }

  /** No step is taken any more. */
  stop(): void {
    this.stopped = true;
    this.queries.close();
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

  /** Carries out operations. @returns the number by which the query may be cancelled */
  query(
    operations: readonly Operation[],
    options: QueryOptions,
    answer: (answer: QueryAnswer) => void,
  ): number {
    const request = ++this.lastRequest;
    const nowMs = this.clock.now();
    if (!this.queries.open(request, operations, options, nowMs, answer)) {
      this.eventLoop.soon(() => this.queries.giveUp(request));
      return request;
    }
    const input: NodeInput = {
      kind: 'query',
      request,
      operations,
      hops: options.hops,
      deadlineAtMs: nowMs + options.deadlineMs,
      ringVersion: options.ringVersion,
      direct: options.direct,
    };
    this.take(
      input,
      options.inFrame && (operations.length >= FRAME_OPERATIONS_AT_ONCE_MIN || !operations.some(isWrite)),
    );
    return request;
  }

  /**
   * A person's decision about a stopped arc. Throws FAILED_PRECONDITION with the reason if it cannot be carried out.
   */
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
    if (!this.queries.cancel(request)) return;
    this.post({ kind: 'cancel-query', request });
    this.queries.checkDrained();
  }

  private giveUpAll(): void {
    for (const decided of this.decisions.values()) decided('the node is stopping');
    this.decisions.clear();
    this.queries.giveUpAll();
    this.watches.endAll();
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
    const overloaded = this.storage.overloaded();
    if (overloaded !== this.overloaded) inputs.unshift({ kind: 'disk-overloaded', overloaded });
    this.overloaded = overloaded;
    const now = this.clock.now();
    const steps = this.ports?.steps;
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
    this.ports?.owner.failed(error);
  }

  private perform(effect: NodeEffect, now: number): void {
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
          (kept) => {
            this.checkpointing = false;
            this.observer.checkpointed?.({ durationMs: this.clock.now() - now, kept });
          },
          (error: Error) => this.fail(error),
        );
        return;
      case 'answer':
        return this.queries.answer(effect.request, effect);
      case 'recover-answer': {
        const decided = this.decisions.get(effect.request);
        this.decisions.delete(effect.request);
        return decided?.(effect.refusal);
      }
      case 'watch-told':
      case 'watch-range-ended':
      case 'watch-ended':
      case 'forward-watch':
        return this.watches.perform(effect);
      case 'refused':
        return this.fail(new Error(effect.text));
      default:
        return dispatch(effect, this.ports as HostPorts, now);
    }
  }
}

/**
 * Where operations go: to this node's own role, to the owner that the ring names, or back to the caller.
 *
 * What may be tried again is decided here, once: an operation that certainly was not started, and any
 * read. A write that left this node and was not answered has an unknown outcome; nothing repeats it.
 */

import type { ArcConfig, NodeId } from '@ringkeep/shared';
import type { Operation, OperationResult } from '@ringkeep/shared/operations';
import { NumberMap } from '@ringkeep/shared/ring/number-map';
import { evaluate } from '@ringkeep/shared/operations/evaluate';
import { isWrite } from '@ringkeep/shared/operations/operation';
import { FORWARD_RETRY_MS, HELD_OPERATIONS_MAX } from '../limits';
import type { ArcPrimary } from '../primary/arc-primary';
import type { NodeContext } from '../context';
import { DAMAGED } from '../replica/entry-store';
import { frames, wholeQuery } from '../routing/forward-frames';
import type { QueryInput } from '../inputs';
import type { NextHop } from '../routing/next-hop';
import { PendingQuery, type PendingOperation } from './pending-operation';

interface Forward {
  readonly number: number;
  readonly to: NodeId;
  /** The node was declared dead: its reads have gone another way, and what it says of them counts no more. */
  readsMoved: boolean;
  readonly operations: readonly PendingOperation[];
  /** The query whose operations these all are, if they are, in order: its frame is passed on as it came. */
  readonly whole: PendingQuery | undefined;
}

export class Queries {
  private readonly pending = new NumberMap<PendingQuery>();
  private readonly forwards = new NumberMap<Forward>();
  private lastForward = 0;
  /** Operations that were forwarded may have ended in another way than by their answer. */
  private forwardsToCheck = false;
  /** By target, then by the hops taken so far. */
  private outbox = new Map<NodeId, Map<number, PendingOperation[]>>();
  private held: PendingOperation[] = [];
  private retryAt = Number.POSITIVE_INFINITY;
  private expireAt = Number.POSITIVE_INFINITY;

  constructor(
    private readonly context: NodeContext,
    private readonly nextHop: NextHop,
    private readonly roleAt: (start: NodeId) => ArcPrimary | undefined,
  ) {}

  tableSizes(): Readonly<Record<string, number>> {
    return { queries: this.pending.size, forwards: this.forwards.size, held: this.held.length };
  }

  accept(input: QueryInput): void {
    const query = new PendingQuery(input, (done, results) => this.answer(done, results));
    if (input.operations.length === 0) return this.answer(query, []);
    this.pending.set(input.request, query);
    this.start(query);
    if (!query.done) this.expireBy(input.deadlineAtMs);
  }

  /**
   * Reads of what this node answers for are done here and now, by far the most frequent case. Nothing in the
   * loop can take away a role or the right to read, so they are asked for once for all keys of an arc in a row.
   */
  private start(query: PendingQuery): void {
    const { operations } = query.input;
    const { view, self } = this.context;
    const { entries } = this.context.replicas;
    let arc: ArcConfig | undefined;
    let role: ArcPrimary | undefined;
    let readable = false;
    let announced = 0;
    for (let index = 0; index < operations.length; index++) {
      const operation = operations[index] as Operation;
      const holder = view.arcOfKey(operation.key);
      if (holder !== arc) {
        arc = holder;
        role = holder?.primary === self ? this.roleAt(holder.start) : undefined;
        readable = role?.operations.mayRead() === true;
      }
      if (readable && role !== undefined && !isWrite(operation)) {
        if (index >= announced) announced = entries.announce(operations, index);
        const value = role.operations.read(operation.key);
        if (value === DAMAGED) role.operations.submit(query.wait(index));
        else query.set(index, { ok: true, value: evaluate(operation, value).answer });
      } else if (role !== undefined) {
        role.operations.submit(query.wait(index));
      } else {
        this.route(query.wait(index), holder);
      }
    }
  }

  /** The caller does not wait any more; what was started goes on. */
  cancel(request: number): void {
    const query = this.pending.get(request);
    if (!query) return;
    this.pending.delete(request);
    query.abandon();
    this.forwardsToCheck = true;
  }

  private answer(query: PendingQuery, results: readonly OperationResult[]): void {
    const { request, ringVersion } = query.input;
    this.pending.delete(request);
    const behind = query.misdirected && ringVersion < this.context.view.version;
    this.context.emit({
      kind: 'answer',
      request,
      results,
      hops: query.hops,
      ring: behind ? this.context.view.ring : undefined,
    });
  }

  /** Sends an operation on its way; it has not been started. `arc` is that of its key, where it is known. */
  route(pending: PendingOperation, arc = this.context.view.arcOfKey(pending.operation.key)): void {
    if (pending.done) return;
    const { view, self } = this.context;
    const { query, operation } = pending;
    if (arc === undefined) return this.hold(pending);
    if (arc.primary === self) {
      const role = this.roleAt(arc.start);
      if (role) role.operations.submit(pending);
      else pending.fail('UNAVAILABLE', 'this node may not answer for the key at present');
      return;
    }
    const owner = view.member(arc.primary);
    if (!owner || owner.state === 'dead') {
      return pending.fail('UNAVAILABLE', `the owner of the key is down and no other node has a current copy`);
    }
    if (query.input.ringVersion > view.version && query.input.hops > 0) return this.hold(pending);
    query.misdirected = true;
    if (query.input.direct)
      return pending.fail('NOT_OWNER', `not the owner of the key at ring version ${view.version}`);
    const { hopsMax } = this.nextHop;
    if (query.input.hops >= hopsMax) return pending.fail('UNAVAILABLE', `given up after ${hopsMax} forwards`);
    const to = this.nextHop.towards(owner.id, operation.key);
    if (to === undefined) return this.hold(pending);
    const byHops = this.outbox.get(to) ?? new Map<number, PendingOperation[]>();
    this.outbox.set(to, byHops);
    const queue = byHops.get(query.input.hops);
    if (queue) queue.push(pending);
    else byHops.set(query.input.hops, [pending]);
  }

  private hold(operation: PendingOperation): void {
    if (this.held.length >= HELD_OPERATIONS_MAX) {
      return operation.fail('RESOURCE_EXHAUSTED', 'too many operations wait for their owner');
    }
    this.held.push(operation);
    this.retryAt = Math.min(this.retryAt, this.context.now + FORWARD_RETRY_MS);
    this.context.wakeAt(this.retryAt);
  }

  /** A newer ring: what waited for it goes on, and nothing waits for nodes that are down and replaced. */
  ringAdopted(): void {
    for (const forward of this.forwards.values()) {
      const member = this.context.view.member(forward.to);
      // One that has left and is forgotten has handed everything over in order: the writes that it was sent are answered.
      if (member === undefined) this.moveReads(forward);
      else if (member.state === 'dead') this.giveUpOnDead(forward);
    }
    this.routeHeld();
  }

  /**
   * Reads go another way. A write may have happened, and its answer will hardly come once others answer for its key: who
   * has called it should know now, not at the end of the deadline.
   */
  private giveUpOnDead(forward: Forward): void {
    this.moveReads(forward);
    for (const pending of forward.operations) {
      if (pending.done || !isWrite(pending.operation)) continue;
      if (this.context.view.arcOfKey(pending.operation.key)?.primary === forward.to) continue;
      pending.fail(
        'OUTCOME_UNKNOWN',
        'outcome unknown: the node that it was sent to was declared dead before it answered',
      );
    }
  }

  private moveReads(forward: Forward): void {
    this.forwardsToCheck = true;
    if (forward.readsMoved) return;
    forward.readsMoved = true;
    for (const pending of forward.operations)
      if (!pending.done && !isWrite(pending.operation)) this.route(pending);
  }

  /** Time for another try. */
  private routeHeld(): void {
    const operations = this.held;
    this.held = [];
    this.retryAt = Number.POSITIVE_INFINITY;
    for (const operation of operations) this.route(operation);
  }

  /** End of a step: one frame for all that goes to the same node, and an end to what nobody waits for. */
  flush(): void {
    if (this.forwardsToCheck) this.cancelForwards();
    if (this.outbox.size > 0) this.sendOutbox();
  }

  /** What was started at the other node goes on there, as it does here when a caller cancels. */
  private cancelForwards(): void {
    this.forwardsToCheck = false;
    for (const sent of this.forwards.values()) {
      if (sent.operations.some((operation) => isAwaited(sent, operation))) continue;
      this.forwards.delete(sent.number);
      this.context.emit({ kind: 'cancel-forward', forward: sent.number, to: sent.to });
    }
  }

  private sendOutbox(): void {
    const outbox = this.outbox;
    this.outbox = new Map();
    for (const [target, byHops] of outbox) {
      for (const [hops, operations] of byHops) {
        // One whose deadline passed in this step was answered "nothing was written": it must not leave.
        const open = operations.filter((operation) => !operation.done);
        for (const frame of frames(open)) this.forward(target, hops + 1, frame);
      }
    }
  }

  private forward(target: NodeId, hops: number, operations: readonly PendingOperation[]): void {
    const to = this.context.view.member(target);
    if (!to) return operations.forEach((operation) => this.hold(operation));
    const forward = ++this.lastForward;
    const whole = wholeQuery(operations);
    this.forwards.set(forward, { number: forward, to: target, readsMoved: false, operations, whole });
    let deadlineAtMs = 0;
    for (const operation of operations) {
      operation.started = true;
      deadlineAtMs = Math.max(deadlineAtMs, operation.query.input.deadlineAtMs);
    }
    this.context.emit({
      kind: 'forward',
      forward,
      to,
      operations: whole?.input.operations ?? operations.map((pending) => pending.operation),
      hops,
      deadlineAtMs,
      ringVersion: this.context.view.version,
    });
  }

  forwardAnswered(forward: number, results: readonly OperationResult[], hops: number): void {
    const sent = this.forwards.get(forward);
    if (!sent) return;
    this.forwards.delete(forward);
    this.nextHop.answered(sent.to);
    const { whole } = sent;
    if (whole?.untouched && !sent.readsMoved && results.length === sent.operations.length) {
      whole.hops = Math.max(whole.hops, hops);
      if (!results.some(isStray)) return whole.finish(results);
    }
    for (const [index, operation] of sent.operations.entries()) {
      if (!isAwaited(sent, operation)) continue;
      const result = results[index];
      operation.query.hops = Math.max(operation.query.hops, hops);
      if (!result) {
        operation.fail('INTERNAL', 'a node answered fewer operations than it was asked');
      } else if (isStray(result)) {
        operation.started = false;
        this.hold(operation);
      } else {
        operation.finish(result);
      }
    }
  }

  forwardFailed(forward: number, sent: boolean, text: string): void {
    const failed = this.forwards.get(forward);
    if (!failed) return;
    this.forwards.delete(forward);
    this.nextHop.failed(failed.to);
    for (const operation of failed.operations) {
      if (!isAwaited(failed, operation)) continue;
      if (sent && isWrite(operation.operation) && this.context.rules.unknownNotRepeated) {
        operation.fail(
          'OUTCOME_UNKNOWN',
          `outcome unknown: the node that it was sent to did not answer (${text})`,
        );
      } else {
        operation.started = false;
        this.routeAround(failed.to, operation);
      }
    }
  }

  /** Another way, if there can be one: round the owner itself there is none, and it is tried again later. */
  private routeAround(failed: NodeId, pending: PendingOperation): void {
    if (this.context.view.arcOfKey(pending.operation.key)?.primary === failed) this.hold(pending);
    else this.route(pending);
  }

  tick(): void {
    if (this.context.now >= this.expireAt) this.expire();
    else if (this.pending.size > 0) this.context.wakeAt(this.expireAt);
    if (this.context.now >= this.retryAt) this.routeHeld();
    else if (this.held.length > 0) this.context.wakeAt(this.retryAt);
  }

  /** Gives up what is past its deadline; looks at everything, hence only when some deadline has come. */
  private expire(): void {
    this.expireAt = Number.POSITIVE_INFINITY;
    this.forwardsToCheck = true;
    for (const query of this.pending.values()) {
      if (query.input.deadlineAtMs > this.context.now) this.expireBy(query.input.deadlineAtMs);
      else for (const operation of query.operations) if (!operation.done) operation.expire();
    }
  }

  private expireBy(deadlineAtMs: number): void {
    this.expireAt = Math.min(this.expireAt, deadlineAtMs);
    this.context.wakeAt(this.expireAt);
  }
}

/** What a forward's answer says of an operation still counts. */
function isAwaited({ readsMoved }: Forward, { done, operation }: PendingOperation): boolean {
  return !done && !(readsMoved && !isWrite(operation));
}

function isStray(result: OperationResult): boolean {
  return !result.ok && result.code === 'NOT_OWNER';
}

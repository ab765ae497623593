/**
 * What this node has passed on to other nodes: which operations travel in one frame, and what an answer, a failure, or
 * the death of the other node means for each operation.
 *
 * This is the one place that decides what may be tried again: an operation that was certainly not started, and any
 * read. A write that left this node and was not answered has an unknown outcome, and nothing repeats it. Reads need not
 * wait for that: when a node is declared dead they go another way, and its answers to them no longer count.
 */

import type { NodeId } from '@ringkeep/shared';
import type { OperationResult } from '@ringkeep/shared/operations';
import { isWrite } from '@ringkeep/shared/operations/operation';
import { NumberMap } from '@ringkeep/shared/ring/number-map';
import type { Outbox, RingKnowledge, RuleSettings } from '../context';
import { frames, wholeQuery } from '../routing/forward-frames';
import type { NextHop } from '../routing/next-hop';
import type { PendingOperation, PendingQuery } from './pending-operation';

interface Forward {
  readonly number: number;
  readonly to: NodeId;
  /** The node was declared dead: its reads have gone another way. */
  readsMoved: boolean;
  readonly operations: readonly PendingOperation[];
  /** The query whose operations these all are, in order, if they are: its frame is passed on as it came. */
  readonly whole: PendingQuery | undefined;
}

/** Where operations go that come back from a forward without having been started. */
export interface Router {
  /** At once. */
  route(operation: PendingOperation): void;
  /** With a newer ring, or in a moment. */
  hold(operation: PendingOperation): void;
}

export class Forwards {
  private readonly underWay = new NumberMap<Forward>();
  private lastNumber = 0;
  /** By target, then by the hops taken so far. */
  private outbox = new Map<NodeId, Map<number, PendingOperation[]>>();
  /** Operations may have ended in another way than by their forward's answer. */
  private checkWanted = false;

  constructor(
    private readonly context: RingKnowledge & Outbox & RuleSettings,
    private readonly nextHop: NextHop,
    private readonly router: Router,
  ) {}

  get size(): number {
    return this.underWay.size;
  }

  /** It goes at the end of the step, in one frame with others for the same node. */
  add(to: NodeId, pending: PendingOperation): void {
    const { hops } = pending.query.input;
    const byHops = this.outbox.get(to) ?? new Map<number, PendingOperation[]>();
    this.outbox.set(to, byHops);
    const queue = byHops.get(hops);
    if (queue) queue.push(pending);
    else byHops.set(hops, [pending]);
  }

  /** Operations have ended, were given up or cancelled: there may be forwards for which nobody waits. */
  someEnded(): void {
    this.checkWanted = true;
  }

  /** End of a step. */
  flush(): void {
    if (this.checkWanted) this.cancelUnawaited();
    if (this.outbox.size > 0) this.sendOutbox();
  }

  /** What was started at the other node goes on there, as it does here when a caller cancels. */
  private cancelUnawaited(): void {
    this.checkWanted = false;
    for (const sent of this.underWay.values()) {
      if (sent.operations.some((operation) => isAwaited(sent, operation))) continue;
      this.underWay.delete(sent.number);
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
        for (const frame of frames(open)) this.send(target, hops + 1, frame);
      }
    }
  }

  private send(target: NodeId, hops: number, operations: readonly PendingOperation[]): void {
    const to = this.context.view.member(target);
    if (!to) return operations.forEach((operation) => this.router.hold(operation));
    const forward = ++this.lastNumber;
    const whole = wholeQuery(operations);
    this.underWay.set(forward, { number: forward, to: target, readsMoved: false, operations, whole });
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

  // ---- what becomes of them ----

  answered(forward: number, results: readonly OperationResult[], hops: number): void {
    const sent = this.underWay.get(forward);
    if (!sent) return;
    this.underWay.delete(forward);
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
        this.router.hold(operation);
      } else {
        operation.finish(result);
      }
    }
  }

  failed(forward: number, sent: boolean, text: string): void {
    const failed = this.underWay.get(forward);
    if (!failed) return;
    this.underWay.delete(forward);
    this.nextHop.failed(failed.to);
    for (const operation of failed.operations) {
      if (!isAwaited(failed, operation)) continue;
      if (this.context.rules.hasUnknownOutcome(isWrite(operation.operation), sent)) {
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

  /** Takes another way if there is one. There is none round the owner itself, which is tried again later. */
  private routeAround(failed: NodeId, pending: PendingOperation): void {
    if (this.context.view.arcOfKey(pending.operation.key)?.primary === failed) this.router.hold(pending);
    else this.router.route(pending);
  }

  /** The ring says that nodes are down and replaced, or gone: nothing waits for them any more. */
  ringAdopted(): void {
    for (const forward of this.underWay.values()) {
      const member = this.context.view.member(forward.to);
      // One that has left and is forgotten has handed everything over in order: the writes that it was sent are answered.
      if (member === undefined) this.moveReads(forward);
      else if (member.state === 'dead') this.giveUpOnDead(forward);
    }
  }

  /**
   * Reads go another way. A write may have happened, and its answer is unlikely to come once others answer for its key.
   * Its caller should know that now, and not only at the end of the deadline.
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
    this.checkWanted = true;
    if (forward.readsMoved) return;
    forward.readsMoved = true;
    for (const pending of forward.operations)
      if (!pending.done && !isWrite(pending.operation)) this.router.route(pending);
  }
}

/** Whether a forward's answer still counts for an operation. */
function isAwaited({ readsMoved }: Forward, { done, operation }: PendingOperation): boolean {
  return !done && !(readsMoved && !isWrite(operation));
}

function isStray(result: OperationResult): boolean {
  return !result.ok && result.code === 'NOT_OWNER';
}

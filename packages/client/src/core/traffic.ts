/**
 * What is on its way to the nodes: frames that go out, and what replies, broken streams and deadlines mean for them.
 */

import type { Budget } from './budget';
import type { CallResult } from './call';
import type { Directory } from './directory';
import type { Call } from './call';
import { SILENT_LEASES } from './limits';
import type { Link } from './link';
import type { Outbox } from './outbox';
import type { RingWatch } from './ring-watch';
import type { ClientRules } from './rules';
import type { Settlement } from './settlement';
import { resultOnDeadline, verdictOnBreak, verdictOnReplacement, verdictOnResult } from './verdict';

export class Traffic {
  framesSent = 0;
  operationsSent = 0;
  /** The most forwards that an operation of the last answered frame took. */
  lastHops = 0;

  constructor(
    private readonly directory: Directory,
    private readonly budget: Budget,
    private readonly outbox: Outbox,
    private readonly settlement: Settlement,
    private readonly watch: Pick<RingWatch, 'suspect' | 'leaseMs'>,
    private readonly rules: ClientRules,
  ) {}

  /** Hands queued calls to the streams, as far as pace and limits allow. */
  pump(nowMs: number): void {
    const ringVersion = this.directory.ring.version;
    for (const link of this.directory.openInTurn()) {
      for (;;) {
        const frame = link.nextFrame(this.framesSent + 1, this.budget, nowMs);
        if (frame === undefined) break;
        this.framesSent++;
        this.operationsSent += frame.operations.length;
        this.budget.send(frame.operations.length, frame.bytes);
        const deadlineMs = Math.max(1, Math.ceil(frame.lastDeadlineAtMs - nowMs));
        this.outbox.push({ kind: 'send', address: link.address, frame, deadlineMs, ringVersion });
      }
    }
  }

  /** When a frame that waits for others to join it may go. */
  heldUntilMs(nowMs: number): number {
    let first = Infinity;
    for (const link of this.directory.open) first = Math.min(first, link.heldUntilMs(nowMs) ?? Infinity);
    return first;
  }

  /**
   * Takes the results of the next operations of a frame. A reply to a frame that was cancelled in the meantime is
   * ignored. Returns what is wrong with the reply, if anything.
   */
  answered(
    link: Link,
    number: number,
    results: readonly CallResult[],
    hops: number,
    nowMs: number,
  ): string | undefined {
    link.heard();
    const frame = link.frames.get(number);
    if (frame === undefined) return undefined;
    const first = frame.answered;
    const last = first + results.length;
    const { length } = frame.operations;
    if (results.length === 0 || last > length) return `the node answered ${last} of ${length} operations`;
    link.failures = 0;
    this.lastHops = hops;
    frame.answered = last;
    if (last === length) {
      const done = results.some(({ ok }) => ok);
      frame.lane.answered(frame, done, nowMs);
      this.settlement.forget(frame);
    }
    for (let i = 0; i < results.length; i++) {
      const call = frame.calls[first + i];
      if (call === undefined) continue;
      frame.release(call);
      const result = results[i] as CallResult;
      if (!result.ok && result.code === 'UNAVAILABLE') this.watch.suspect(link.address, nowMs);
      if (result.ok) this.settlement.settle(call, result);
      else this.settlement.carryOut(call, verdictOnResult(call, result), nowMs);
    }
    return undefined;
  }

  /** The stream is gone: each call that it did not answer is judged by itself. Returns the writes among them. */
  lost(link: Link, reason: string, nowMs: number): number {
    let writes = 0;
    for (const frame of link.frames.values()) {
      this.settlement.forget(frame);
      for (const call of frame.calls) {
        if (call === undefined) continue;
        frame.release(call);
        if (call.isWrite) writes++;
        this.settlement.carryOut(call, verdictOnBreak(call, link.address, reason, this.rules), nowMs);
      }
    }
    return writes;
  }

  /**
   * The nodes that this call has found to be silent. While they are, what they owe is looked at again: their reads are
   * asked of other nodes, and calls whose key has another owner by now do not wait for them.
   */
  findSilent(nowMs: number): Link[] {
    const found: Link[] = [];
    const silentMs = SILENT_LEASES * this.watch.leaseMs;
    for (const link of this.directory.open) {
      if (!link.isUnanswered(silentMs, nowMs)) continue;
      this.watch.suspect(link.address, nowMs);
      if (!link.silent) {
        link.fallSilent(nowMs);
        found.push(link);
      }
      this.callBack(link, (call, direct) => direct && this.isReplaced(call, link), nowMs);
      if (!this.hasOther(link)) continue;
      const since = nowMs - silentMs;
      this.callBack(link, (call) => !call.isWrite && (call.frame?.sentAtMs ?? nowMs) <= since, nowMs);
    }
    return found;
  }

  /** The node is taken for dead: settles whatever it owes, except what nobody else can answer either. */
  giveUpOnDead(link: Link, nowMs: number): void {
    this.callBack(link, (call, direct) => !call.isWrite || !direct || this.isReplaced(call, link), nowMs);
  }

  private isReplaced(call: Call, link: Link): boolean {
    const owner = this.directory.ownerOf(call.position);
    return owner !== undefined && owner !== link;
  }

  private hasOther(link: Link): boolean {
    return this.directory.usable().some((other) => other !== link && !other.silent);
  }

  /** `direct`: the call went to the node as to the owner of its key. */
  private callBack(link: Link, condition: (call: Call, direct: boolean) => boolean, nowMs: number): void {
    for (const call of link.callsInFlight()) {
      if (!call.retries && !call.isWrite) continue;
      if (!condition(call, call.frame?.direct === true)) continue;
      this.settlement.leave(call);
      this.settlement.carryOut(call, verdictOnReplacement(call, link.address, this.rules), nowMs);
    }
  }

  /** Ends the calls whose deadline has passed. */
  expire(nowMs: number): void {
    for (const link of this.directory.open) {
      for (const frame of link.frames.values()) {
        if (frame.firstDeadlineAtMs > nowMs) continue;
        for (const call of frame.calls) {
          if (call === undefined || call.deadlineAtMs > nowMs) continue;
          if (frame.open === 1) frame.lane.givenUp(frame, nowMs);
          this.settlement.settle(call, resultOnDeadline(call, link.address, undefined));
        }
      }
    }
  }
}

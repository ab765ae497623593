/**
 * Calls in the order of their arrival, from which frames are cut. A frame is closed at 256 operations or 256 KiB; a
 * larger operation travels alone. Settled calls are skipped, and swept out when the queue has doubled.
 */

import { FRAME_BYTES_TARGET, FRAME_OPERATIONS_MAX } from '@ringkeep/shared/ring/limits';
import type { Call } from './call';

/** Queue length at which settled calls are first swept out. */
const SWEEP_LENGTH = 1_024;

export class CallQueue {
  private calls: Call[] = [];
  private sweepLength = SWEEP_LENGTH;
  private head = 0;
  /** No less than the bytes of the calls in here: those of settled ones count until they are swept. */
  bytes = 0;
  /** No call in here gives up earlier. */
  private firstDeadlineAtMs = Infinity;

  get isEmpty(): boolean {
    while (this.head < this.calls.length && (this.calls[this.head] as Call).settled) this.head++;
    if (this.head === this.calls.length) this.clear();
    return this.calls.length === 0;
  }

  /** Calls in here; settled ones count until they are swept. */
  get length(): number {
    return this.calls.length - this.head;
  }

  /** A whole frame waits. */
  get fillsFrame(): boolean {
    return this.length >= FRAME_OPERATIONS_MAX || this.bytes >= FRAME_BYTES_TARGET;
  }

  push(call: Call): void {
    if (this.calls.length >= this.sweepLength) {
      this.remove(() => false);
      this.sweepLength = Math.max(SWEEP_LENGTH, 2 * this.calls.length);
    }
    this.calls.push(call);
    this.bytes += call.bytes;
    if (call.deadlineAtMs < this.firstDeadlineAtMs) this.firstDeadlineAtMs = call.deadlineAtMs;
  }

  /** Everything in it; the queue is empty afterwards. */
  drain(): Call[] {
    const calls: Call[] = [];
    for (let i = this.head; i < this.calls.length; i++) {
      const call = this.calls[i] as Call;
      if (!call.settled) calls.push(call);
    }
    this.clear();
    return calls;
  }

  /** The calls of the next frame: those that fit, at least one. None when the queue is empty. */
  cut(operationsMax: number, bytesMax: number): Call[] {
    const taken: Call[] = [];
    const operations = Math.min(operationsMax, FRAME_OPERATIONS_MAX);
    const bytesTarget = Math.min(bytesMax, FRAME_BYTES_TARGET);
    let bytes = 0;
    for (; this.head < this.calls.length && taken.length < operations; this.head++) {
      const call = this.calls[this.head] as Call;
      if (call.settled) continue;
      if (taken.length > 0 && bytes + call.bytes > bytesTarget) break;
      taken.push(call);
      bytes += call.bytes;
    }
    this.bytes -= bytes;
    if (this.head === this.calls.length) this.clear();
    return taken;
  }

  /** The calls whose deadline has passed, taken out, the settled ones swept. */
  expire(nowMs: number): Call[] {
    if (nowMs < this.firstDeadlineAtMs) return [];
    return this.remove((call) => call.deadlineAtMs <= nowMs);
  }

  /** Takes out the calls that meet a condition, in order, and sweeps the settled ones. */
  remove(condition: (call: Call) => boolean): Call[] {
    const removed: Call[] = [];
    const kept: Call[] = [];
    let first = Infinity;
    this.bytes = 0;
    for (let i = this.head; i < this.calls.length; i++) {
      const call = this.calls[i] as Call;
      if (call.settled) continue;
      if (condition(call)) {
        removed.push(call);
      } else {
        kept.push(call);
        this.bytes += call.bytes;
        first = Math.min(first, call.deadlineAtMs);
      }
    }
    this.calls = kept;
    this.head = 0;
    this.firstDeadlineAtMs = first;
    return removed;
  }

  private clear(): void {
    this.calls = [];
    this.head = 0;
    this.bytes = 0;
    this.firstDeadlineAtMs = Infinity;
  }
}

/**
 * Calls that travel together to one node, and the queue from which frames are cut.
 *
 * A frame is closed at 256 operations or 256 KiB; one larger operation travels alone. A call that is
 * settled while its frame travels leaves its slot empty: the reply is read past it.
 */

import { FRAME_BYTES_TARGET, FRAME_OPERATIONS_MAX, invariant, type Operation } from '@ringkeep/shared';
import type { Call } from './call';

export class Frame {
  readonly calls: (Call | undefined)[];
  /** What is sent, whatever becomes of the calls before it is. */
  readonly operations: readonly Operation[];
  /** Calls that still wait for this frame's reply. */
  open: number;
  /** Slots answered so far: a large reply comes in several messages, in the order of the calls. */
  answered = 0;
  readonly bytes: number;
  /** When the first call gives up; the last one's is what the node is told. */
  readonly firstDeadlineAtMs: number;
  readonly lastDeadlineAtMs: number;
  /** Whether the node should refuse keys that it does not own rather than forward them. */
  readonly direct: boolean;

  constructor(
    readonly number: number,
    /** The node that it travels to. */
    readonly address: string,
    calls: readonly Call[],
  ) {
    invariant(calls.length > 0, 'a frame has a call');
    this.calls = [...calls];
    this.operations = calls.map((call) => call.operation);
    this.open = calls.length;
    let bytes = 0;
    let first = Infinity;
    let last = 0;
    let direct = true;
    for (let slot = 0; slot < calls.length; slot++) {
      const call = calls[slot] as Call;
      invariant(call.frame === undefined && !call.settled, 'a call is in one place');
      call.frame = this;
      call.slot = slot;
      bytes += call.bytes;
      first = Math.min(first, call.deadlineAtMs);
      last = Math.max(last, call.deadlineAtMs);
      direct &&= call.direct;
    }
    this.bytes = bytes;
    this.firstDeadlineAtMs = first;
    this.lastDeadlineAtMs = last;
    this.direct = direct;
  }

  /** Takes a call out; its slot stays empty. */
  release(call: Call): void {
    invariant(this.calls[call.slot] === call, 'a call knows its slot');
    this.calls[call.slot] = undefined;
    call.frame = undefined;
    this.open--;
  }
}

/** Queue length at which settled calls are first swept out. */
const SWEEP_LENGTH = 1_024;

/** Calls in the order of their arrival. Settled ones are passed over, and swept when the queue has doubled. */
export class CallQueue {
  private calls: Call[] = [];
  private sweepLength = SWEEP_LENGTH;
  private head = 0;
  /** No call in here gives up earlier. */
  private firstDeadlineAtMs = Infinity;

  get isEmpty(): boolean {
    while (this.head < this.calls.length && (this.calls[this.head] as Call).settled) this.head++;
    if (this.head === this.calls.length) this.clear();
    return this.calls.length === 0;
  }

  push(call: Call): void {
    if (this.calls.length >= this.sweepLength) {
      this.remove(() => false);
      this.sweepLength = Math.max(SWEEP_LENGTH, 2 * this.calls.length);
    }
    this.calls.push(call);
    if (call.deadlineAtMs < this.firstDeadlineAtMs) this.firstDeadlineAtMs = call.deadlineAtMs;
  }

  /** Everything in it; the queue is empty afterwards. */
  drain(): Call[] {
    const calls = this.calls.slice(this.head).filter((call) => !call.settled);
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
    for (let i = this.head; i < this.calls.length; i++) {
      const call = this.calls[i] as Call;
      if (call.settled) continue;
      if (condition(call)) {
        removed.push(call);
      } else {
        kept.push(call);
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
    this.firstDeadlineAtMs = Infinity;
  }
}

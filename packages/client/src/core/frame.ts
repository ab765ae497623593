/**
 * Calls that travel together to one node. When a call is settled while its frame travels, its slot stays empty, and the
 * reply to that slot is skipped.
 */

import type { LocatedOperation } from '@ringkeep/shared/operations';
import { invariant } from '@ringkeep/shared/ring/errors';
import type { Call, CallFrame } from './call';
import type { Lane } from './lane';
import { loadOf } from './send-window';

export class Frame implements CallFrame {
  readonly calls: (Call | undefined)[];
  /** What is sent, whatever happens to the calls meanwhile. */
  readonly operations: readonly LocatedOperation[];
  open: number;
  /** Slots answered so far: a large reply comes in several messages, in the order of the calls. */
  answered = 0;
  readonly bytes: number;
  /** What it costs the node. */
  readonly load: number;
  /** What of its lane is on its way when it leaves, including itself. */
  readonly loadMet: number;
  /** When the first call gives up; the last one's is what the node is told. */
  readonly firstDeadlineAtMs: number;
  readonly lastDeadlineAtMs: number;
  readonly direct: boolean;

  constructor(
    readonly number: number,
    readonly address: string,
    /** Where it was cut from. */
    readonly lane: Lane,
    calls: readonly Call[],
    readonly sentAtMs: number,
  ) {
    invariant(calls.length > 0, 'a frame has a call');
    this.calls = calls.slice();
    this.operations = calls;
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
      if (call.deadlineAtMs < first) first = call.deadlineAtMs;
      if (call.deadlineAtMs > last) last = call.deadlineAtMs;
      direct &&= call.direct;
    }
    this.bytes = bytes;
    this.load = loadOf(calls.length, bytes);
    this.loadMet = lane.load + this.load;
    this.firstDeadlineAtMs = first;
    this.lastDeadlineAtMs = last;
    this.direct = direct;
  }

  release(call: Call): void {
    invariant(this.calls[call.slot] === call, 'a call knows its slot');
    this.calls[call.slot] = undefined;
    call.frame = undefined;
    this.open--;
  }
}

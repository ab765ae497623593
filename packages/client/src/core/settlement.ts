/**
 * Settles calls: each gets its result or is sent again. Every end of a call goes through here, so that its frame, the
 * budget and the caller hear of it once each.
 */

import type { Random } from '@ringkeep/shared';
import { invariant } from '@ringkeep/shared/ring/errors';
import { pauseMs } from './back-off';
import type { Budget } from './budget';
import type { Call, CallFrame, CallResult } from './call';
import { RESEND_PAUSE_MS } from './limits';
import type { Link } from './link';
import type { Outbox } from './outbox';
import type { Verdict } from './verdict';
import type { WaitingRoom } from './waiting-room';

export class Settlement {
  constructor(
    private readonly links: ReadonlyMap<string, Pick<Link, 'forget'>>,
    private readonly budget: Budget,
    private readonly outbox: Outbox,
    private readonly waiting: WaitingRoom,
    private readonly random: Random,
  ) {}

  settle(call: Call, result: CallResult): void {
    if (call.frame !== undefined) this.leave(call);
    call.settle(result);
    this.budget.leave(call.bytes);
    this.outbox.settle(call);
  }

  /** Ends a call that was never admitted. */
  refuse(call: Call, result: CallResult): void {
    call.settle(result);
    this.outbox.settle(call);
  }

  carryOut(call: Call, verdict: Verdict, nowMs: number): void {
    if (verdict.kind === 'settle') {
      this.settle(call, verdict.result);
      return;
    }
    call.attempts++;
    if (verdict.atOnce) this.waiting.arrivals.push(call);
    else this.waiting.pause(call, nowMs + pauseMs(RESEND_PAUSE_MS, call.attempts, this.random));
  }

  /** Takes a call out of its frame; a frame for which nobody waits is cancelled. */
  leave(call: Call): void {
    const frame = call.frame;
    invariant(frame !== undefined, 'only a call in flight can leave');
    frame.release(call);
    if (frame.open > 0) return;
    this.forget(frame);
    this.outbox.push({ kind: 'cancel', address: frame.address, frame: frame.number });
  }

  /** The frame no longer takes up room. */
  forget(frame: CallFrame): void {
    this.links.get(frame.address)?.forget(frame.number);
    this.budget.forget(frame.operations.length, frame.bytes);
  }
}

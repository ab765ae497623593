/** Calls that are in no link's queue and no frame: just arrived, without a reachable node, or pausing. */

import type { Call } from './call';
import { CallQueue } from './call-queue';

export class WaitingRoom {
  /** To be routed with the next flush. */
  readonly arrivals = new CallQueue();
  /** Wait for a node that can be reached, or for another ring. */
  private readonly stranded = new CallQueue();
  /** Wait for their pause to end. */
  private readonly paused = new CallQueue();

  arrive(calls: Iterable<Call>): void {
    for (const call of calls) this.arrivals.push(call);
  }

  strand(call: Call): void {
    this.stranded.push(call);
  }

  pause(call: Call, untilMs: number): void {
    call.retryAtMs = untilMs;
    this.paused.push(call);
  }

  /** What was stranded is routed again. */
  rescue(): void {
    this.arrive(this.stranded.drain());
  }

  /** Those whose pause is over are routed again. */
  resume(nowMs: number): void {
    this.arrive(this.paused.remove((call) => call.retryAtMs <= nowMs));
  }

  queues(): CallQueue[] {
    return [this.arrivals, this.stranded, this.paused];
  }
}

/**
 * How much may be on its way to one node, so that it is not answered much later than possible.
 *
 * What is on its way equals what a node answers in a second times how long an answer takes (Little's law). A node that
 * is given more than it can do does not answer more, only later. So a late answer tells how much would have been
 * answered in time, and no more than that is sent until answers in time make room again. The rest waits here, where it
 * can be refused at once, or given up with nothing started.
 *
 * Lateness is measured from the quickest answer of the last minutes, so that a long way to the node does not count.
 * Only answers to work that was done count, because an overloaded node refuses quickly. Each lane has a window of its
 * own: reads are not late because a disk is, nor one owner because another one is.
 */

import { OPERATION_LOAD_BYTES, QUEUEING_MS_MAX, QUICKEST_PERIOD_MS, WINDOW_BYTES_LEAST } from './limits';

/** The cost for a node, in bytes, of this many operations with this many bytes of keys and values. */
export function loadOf(operations: number, bytes: number): number {
  return bytes + operations * OPERATION_LOAD_BYTES;
}

/** What a window needs to know of a frame. */
export interface FrameLoad {
  readonly sentAtMs: number;
  readonly load: number;
  /** What is on its way when it leaves, itself included. */
  readonly loadMet: number;
}

export class SendWindow {
  /** What is on its way. */
  load = 0;
  /** Nothing was late yet. */
  private limit = Infinity;
  /** The quickest answer of the present period, and of the one before. */
  private quickestMs = Infinity;
  private quickestBeforeMs = Infinity;
  private periodEndsAtMs = -Infinity;

  /** No more may go. With nothing on its way something always may. */
  get isFull(): boolean {
    return this.load > 0 && this.exceededBy(this.load);
  }

  exceededBy(load: number): boolean {
    return load >= this.limit;
  }

  sent(frame: FrameLoad): void {
    this.load += frame.load;
  }

  forget(frame: FrameLoad): void {
    this.load -= frame.load;
  }

  /** The last part of its answer is there, and something was done. */
  answered(frame: FrameLoad, nowMs: number): void {
    const tookMs = nowMs - frame.sentAtMs;
    if (nowMs >= this.periodEndsAtMs) {
      this.periodEndsAtMs = nowMs + QUICKEST_PERIOD_MS;
      this.quickestBeforeMs = this.quickestMs;
      this.quickestMs = Infinity;
    }
    this.quickestMs = Math.min(this.quickestMs, tookMs);
    if (tookMs <= this.inTimeMs) this.limit += frame.load;
    else this.cut(frame, tookMs);
  }

  /** Nobody waits for its answer any more. If the answer came now, it would be late or in time. */
  givenUp(frame: FrameLoad, nowMs: number): void {
    const tookMs = nowMs - frame.sentAtMs;
    if (tookMs > this.inTimeMs) this.cut(frame, tookMs);
  }

  private get inTimeMs(): number {
    return Math.min(this.quickestMs, this.quickestBeforeMs) + QUEUEING_MS_MAX;
  }

  /** An answer that is late with little on its way is late for another reason. */
  private cut({ loadMet }: FrameLoad, tookMs: number): void {
    if (loadMet <= WINDOW_BYTES_LEAST) return;
    this.limit = Math.min(this.limit, Math.max(WINDOW_BYTES_LEAST, (loadMet * this.inTimeMs) / tookMs));
  }
}

/**
 * How much may be on its way to one node, so that it is not answered much later than it could be.
 *
 * What is on its way is what a node answers in a second times how long an answer takes (Little's law). A node that is
 * given more than it can do answers no more for it, only later; each late answer therefore tells what would have
 * been in time, and no more than that is sent until answers in time make room again. What is not sent waits here,
 * where it can be refused at once, or given up with nothing started.
 *
 * Late is measured from the quickest answer of the last minutes, so that a long way to the node counts for nothing.
 * Only answers that something was done count: a node that is overloaded refuses quickly. Each lane has a window of its
 * own: reads are not late because a disk is, nor one owner because another one is.
 */

import { OPERATION_LOAD_BYTES, QUEUEING_MS_MAX, QUICKEST_PERIOD_MS, WINDOW_BYTES_LEAST } from './limits';

/** What so many operations with so many bytes of keys and values mean for a node, in bytes. */
export function loadOf(operations: number, bytes: number): number {
  return bytes + operations * OPERATION_LOAD_BYTES;
}

/** What a window goes by, of a frame. */
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

  /** Nobody waits for its answer any more: if it came now, it would be late or not. */
  givenUp(frame: FrameLoad, nowMs: number): void {
    const tookMs = nowMs - frame.sentAtMs;
    if (tookMs > this.inTimeMs) this.cut(frame, tookMs);
  }

  private get inTimeMs(): number {
    return Math.min(this.quickestMs, this.quickestBeforeMs) + QUEUEING_MS_MAX;
  }

  /** What is late with little on its way is late for another reason. */
  private cut({ loadMet }: FrameLoad, tookMs: number): void {
    if (loadMet <= WINDOW_BYTES_LEAST) return;
    this.limit = Math.min(this.limit, Math.max(WINDOW_BYTES_LEAST, (loadMet * this.inTimeMs) / tookMs));
  }
}

/**
 * How much may be on its way to one node, so that it is not answered much later than it could be.
 *
 * What is on its way is what a node answers in a second times how long an answer takes (Little's law). A node that is
 * given more than it can do answers no more for it, only later; each late answer therefore tells what would have
 * been in time, and no more than that is sent until answers in time make room again. What is not sent waits here,
 * where it can be refused at once, or given up with nothing started.
 *
 * Late is measured from the quickest answer, so that a long way to the node counts for nothing. Reads and writes have
 * a window each: reads are not late because a disk is.
 */

import type { Frame } from './frame';
import { OPERATION_LOAD_BYTES, QUEUEING_MS_MAX, WINDOW_BYTES_LEAST } from './limits';

/** What so many operations with so many bytes of keys and values mean for a node, in bytes. */
export function loadOf(operations: number, bytes: number): number {
  return bytes + operations * OPERATION_LOAD_BYTES;
}

export class SendWindow {
  /** What is on its way. */
  load = 0;
  /** Nothing was late yet. */
  private limit = Infinity;
  private quickestMs = Infinity;

  /** No more may go. With nothing on its way something always may. */
  get isFull(): boolean {
    return this.load > 0 && this.exceededBy(this.load);
  }

  exceededBy(load: number): boolean {
    return load >= this.limit;
  }

  sent(frame: Frame): void {
    this.load += frame.load;
  }

  forget(frame: Frame): void {
    this.load -= frame.load;
  }

  /** The last part of its answer is there. */
  answered(frame: Frame, nowMs: number): void {
    const tookMs = nowMs - frame.sentAtMs;
    this.quickestMs = Math.min(this.quickestMs, tookMs);
    const inTimeMs = this.quickestMs + QUEUEING_MS_MAX;
    if (tookMs <= inTimeMs) this.limit += frame.load;
    else this.limit = Math.min(this.limit, Math.max(WINDOW_BYTES_LEAST, (frame.loadMet * inTimeMs) / tookMs));
  }

  /** A new connection, perhaps by another way. */
  reset(): void {
    this.limit = Infinity;
    this.quickestMs = Infinity;
  }
}

/**
 * What waits for one node and may travel together, and when its next frame may go.
 *
 * A frame costs as much as some forty operations, so while one is unanswered the next one waits until it
 * is worth its cost, an answer comes or a moment has passed. Without that, a caller with 64 operations
 * outstanding ends up with some twenty frames of three; with it frames grow with the load, and a caller
 * that sends little never waits. The moment is what keeps a frame that nobody answers, or a long way to the
 * node, from holding back what is new. Reads have a lane of their own, so that none waits for a disk to sync.
 */

import { CallQueue } from './call-queue';
import type { Frame } from './frame';
import { FRAME_HOLD_MS, FRAME_OPERATIONS_WORTH } from './limits';

export class Lane {
  readonly queue = new CallQueue();
  /** Operations in frames that are not answered. */
  private unanswered = 0;
  private lastSentAtMs = -Infinity;

  /** When the next frame may go: Infinity while nothing waits, long ago when it may at once. */
  get dueAtMs(): number {
    const { queue } = this;
    if (queue.isEmpty) return Infinity;
    if (this.unanswered === 0 || queue.length >= FRAME_OPERATIONS_WORTH || queue.fillsFrame) return -Infinity;
    return this.lastSentAtMs + FRAME_HOLD_MS;
  }

  sent(frame: Frame): void {
    this.unanswered += frame.operations.length;
    this.lastSentAtMs = frame.sentAtMs;
  }

  /** The frame was answered, cancelled or lost. */
  forget(frame: Frame): void {
    this.unanswered -= frame.operations.length;
  }
}

/**
 * What waits for one node and may travel together, and when its next frame may go.
 *
 * A frame costs as much as some forty operations. So while one is unanswered, the next one waits until it is worth its
 * cost, an answer comes, or as much time has passed as answers take. Without that, a caller with 64 operations
 * outstanding ends up with some twenty frames of three. With it, frames grow with the load, and a caller that sends
 * little never waits.
 *
 * When there is enough for two frames, one takes at most half of what is outstanding. Client and node then work at the
 * same time, each on its half, where a single frame would leave one of them idle. Half of what is on its way is also
 * enough for a frame. If as much were required, the halves would have to be equal, and a half that fell short would
 * wait for the other.
 *
 * The wait is bounded, so that neither a frame that nobody answers nor a long way to the node holds back what is new.
 * Reads have a lane of their own, so that none waits for a disk to sync.
 */

import { CallQueue } from './call-queue';
import { FRAME_HOLD_MS, FRAME_OPERATIONS_WORTH, ROUND_TRIP_WEIGHT } from './limits';
import { loadOf, SendWindow, type FrameLoad } from './send-window';

/** What a lane needs to know of a frame. */
interface LaneFrame extends FrameLoad {
  readonly operations: { readonly length: number };
}

export class Lane {
  readonly queue = new CallQueue();
  private readonly window = new SendWindow();
  /** Operations in frames that are not answered. */
  private unanswered = 0;
  private lastSentAtMs = -Infinity;
  /** From sending a frame to the last part of its answer, smoothed. */
  private roundTripMs: number = FRAME_HOLD_MS.least;

  /** `frameLeast`: see FRAME_OPERATIONS_LEAST. */
  constructor(private readonly frameLeast: number) {}

  /** When the next frame may go: Infinity while nothing waits, long ago when it may at once. */
  get dueAtMs(): number {
    const { queue } = this;
    if (queue.isEmpty) return Infinity;
    const worth = Math.min(FRAME_OPERATIONS_WORTH, Math.max(this.frameLeast, this.unanswered / 2));
    if (this.unanswered === 0 || queue.length >= worth || queue.fillsFrame) return -Infinity;
    const { least, most } = FRAME_HOLD_MS;
    return this.lastSentAtMs + Math.min(most, Math.max(least, this.roundTripMs));
  }

  /** Operations that the next frame may take. */
  get frameOperationsMax(): number {
    const outstanding = this.unanswered + this.queue.length;
    return outstanding < 2 * this.frameLeast ? outstanding : Math.ceil(outstanding / 2);
  }

  sent(frame: LaneFrame): void {
    this.window.sent(frame);
    this.unanswered += frame.operations.length;
    this.lastSentAtMs = frame.sentAtMs;
  }

  /** What is on its way, see send-window.ts. */
  get load(): number {
    return this.window.load;
  }

  /** No more may be on its way at present. */
  get isFull(): boolean {
    return this.window.isFull;
  }

  /** As much waits as may be on its way; anything that joins it would be answered late. */
  get isCrowded(): boolean {
    return this.window.exceededBy(loadOf(this.queue.length, this.queue.bytes));
  }

  /** The last part of the answer has come; `done` if the node carried out any of it. */
  answered(frame: LaneFrame, done: boolean, nowMs: number): void {
    if (done) this.window.answered(frame, nowMs);
    this.roundTripMs += ROUND_TRIP_WEIGHT * (nowMs - frame.sentAtMs - this.roundTripMs);
  }

  /** The deadline of its last operation has passed before its answer. */
  givenUp(frame: LaneFrame, nowMs: number): void {
    this.window.givenUp(frame, nowMs);
  }

  /** The frame was answered, cancelled or lost. */
  forget(frame: LaneFrame): void {
    this.window.forget(frame);
    this.unanswered -= frame.operations.length;
  }
}

/**
 * One node as a session sees it: whether it can be reached, what waits for it, what it has not answered.
 *
 * Calls enter the queue only while the stream is open; whatever becomes of the stream, they are taken
 * out again and routed anew, so that no call waits for a node that may never come.
 */

import type { Random } from '@ringkeep/shared';
import { pauseMs, type Pauses } from './back-off';
import type { Budget } from './budget';
import type { Call } from './call';
import { CallQueue, Frame } from './frame';

export type LinkPhase =
  | { readonly kind: 'idle' }
  | { readonly kind: 'connecting' }
  /** `writable` is false while the stream asks to wait. */
  | { readonly kind: 'open'; writable: boolean }
  /** The node is about to stop: what is in flight is awaited, nothing more is sent. */
  | { readonly kind: 'closing' }
  | { readonly kind: 'broken'; readonly retryAtMs: number };

export class Link {
  phase: LinkPhase = { kind: 'idle' };
  readonly queue = new CallQueue();
  /** Frames that were handed to the stream and not answered, by number. */
  readonly frames = new Map<number, Frame>();
  operationsInFlight = 0;
  bytesInFlight = 0;
  /** Failures in a row; a reply ends the row. */
  failures = 0;
  /** What went wrong last, while it has not been reached again. */
  obstacle: string | undefined = undefined;

  constructor(
    readonly address: string,
    /** Named by the application: it is kept whatever the ring says. */
    readonly isSeed: boolean,
  ) {}

  get isOpen(): boolean {
    return this.phase.kind === 'open';
  }

  /** Whether a connection may be tried now. */
  mayConnect(nowMs: number): boolean {
    return this.phase.kind === 'idle' || (this.phase.kind === 'broken' && this.phase.retryAtMs <= nowMs);
  }

  openUp(): void {
    this.phase = { kind: 'open', writable: true };
    this.obstacle = undefined;
  }

  /** Takes the link out of use until its pause is over. */
  break(reason: string, pauses: Pauses, nowMs: number, random: Random): void {
    this.failures++;
    this.obstacle = reason;
    this.phase = { kind: 'broken', retryAtMs: nowMs + pauseMs(pauses, this.failures, random) };
  }

  /**
   * The next frame, when the stream takes one and the budget leaves room, for this node and for all. A node
   * without anything in flight always takes one.
   */
  nextFrame(number: number, budget: Budget): Frame | undefined {
    if (this.phase.kind !== 'open' || !this.phase.writable) return undefined;
    const { limits } = budget;
    const operations = Math.min(limits.nodeOperationsMax - this.operationsInFlight, budget.operationsLeft);
    const bytes = Math.min(limits.nodeBytesMax - this.bytesInFlight, budget.bytesLeft);
    if (operations <= 0 || (bytes <= 0 && this.frames.size > 0)) return undefined;
    const calls = this.queue.cut(operations, bytes);
    if (calls.length === 0) return undefined;
    const frame = new Frame(number, this.address, calls);
    this.frames.set(number, frame);
    this.operationsInFlight += frame.operations.length;
    this.bytesInFlight += frame.bytes;
    return frame;
  }

  /** Forgets a frame: answered, cancelled or lost. */
  forget(frame: Frame): void {
    if (!this.frames.delete(frame.number)) return;
    this.operationsInFlight -= frame.operations.length;
    this.bytesInFlight -= frame.bytes;
  }

  /** The calls in flight, in the order in which they were sent. */
  callsInFlight(): Call[] {
    const calls: Call[] = [];
    for (const frame of this.frames.values()) {
      for (const call of frame.calls) if (call !== undefined) calls.push(call);
    }
    return calls;
  }
}

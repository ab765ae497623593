/**
 * One node as a session sees it: whether it can be reached, what waits for it, and what it has not answered.
 *
 * Calls enter a lane only while the stream is open. When the stream ends, they are taken out and routed anew, so that
 * no call waits for a node that may never come.
 *
 * Calls that the node is to forward travel together, because larger frames are better. Only when there is enough for
 * frames of one owner each do such calls get a lane of their own: frames of one owner are passed on as they are.
 */

import type { Random } from '@ringkeep/shared';
import { NumberMap } from '@ringkeep/shared/ring/number-map';
import { pauseMs, type Pauses } from './back-off';
import type { Budget } from './budget';
import type { Call } from './call';
import type { CallQueue } from './call-queue';
import { Frame } from './frame';
import { Lane } from './lane';
import { FORWARD_LANES_MAX, FRAME_OPERATIONS_LEAST, FRAME_OPERATIONS_WORTH, SILENT_TRY_MS } from './limits';

export type LinkPhase =
  | { readonly kind: 'idle' }
  | { readonly kind: 'connecting'; readonly sinceMs: number }
  /** `writable` is false while the stream asks to wait. */
  | { readonly kind: 'open'; writable: boolean }
  /** The node is about to stop: what is in flight is awaited, nothing more is sent. */
  | { readonly kind: 'closing' }
  | { readonly kind: 'broken'; readonly retryAtMs: number };

interface Lanes {
  readonly reads: Lane;
  readonly writes: Lane;
}

export class Link {
  phase: LinkPhase = { kind: 'idle' };
  /** Frames that were handed to the stream and not answered, by number. */
  readonly frames = new NumberMap<Frame>();
  operationsInFlight = 0;
  bytesInFlight = 0;
  /** Failures in a row; a reply ends the row. */
  failures = 0;
  /** What went wrong last, while it has not been reached again. */
  obstacle: string | undefined = undefined;
  /**
   * It has been asked, and has answered nothing for too long. Until it answers, what waits for it stays here, where it
   * has certainly not left, except for one operation now and then.
   */
  silent = false;
  /** Since when it has been asked without an answer; undefined when it has answered since. */
  private unansweredSinceMs: number | undefined = undefined;
  private lastSentAtMs = -Infinity;
  private own = newLanes();
  private forwarded = new Map<Link, Lanes>();
  /** All of them. */
  private lanes: Lane[] = [this.own.reads, this.own.writes];
  private turn = 0;

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
    this.own = newLanes();
    this.forgetForwarded();
    this.obstacle = undefined;
    this.heard();
  }

  /** The node has sent something. */
  heard(): void {
    this.silent = false;
    this.unansweredSinceMs = undefined;
  }

  /** This much of the time, this process itself stood still. */
  excuse(ms: number): void {
    if (this.unansweredSinceMs !== undefined) this.unansweredSinceMs += ms;
  }

  fallSilent(nowMs: number): void {
    this.silent = true;
    this.lastSentAtMs = nowMs;
  }

  /** It is silent, owes no answer, and was not asked for a while. */
  isWorthAnotherTry(nowMs: number): boolean {
    return this.silent && this.frames.size === 0 && nowMs - this.lastSentAtMs >= SILENT_TRY_MS;
  }

  /**
   * It has been asked for this long without an answer. Operations that nobody waits for any more count for a while
   * only.
   */
  isUnanswered(forMs: number, nowMs: number): boolean {
    const { unansweredSinceMs } = this;
    if (unansweredSinceMs === undefined) return false;
    if (this.silent) return true;
    if (this.frames.size === 0 && nowMs - this.lastSentAtMs >= forMs / 2) {
      this.heard();
      return false;
    }
    return nowMs - unansweredSinceMs >= forMs;
  }

  /** Takes the link out of use until its pause is over. */
  break(reason: string, pauses: Pauses, nowMs: number, random: Random): void {
    this.failures++;
    this.obstacle = reason;
    this.phase = { kind: 'broken', retryAtMs: nowMs + pauseMs(pauses, this.failures, random) };
  }

  /**
   * Takes a call for the node itself, or for others to which it is to be forwarded. Returns false for a call that would
   * rather be refused than wait where much waits already.
   */
  enqueue(call: Call): boolean {
    return put(call, this.own);
  }

  /** Takes calls that are to be forwarded to one owner. Returns those that would rather be refused. */
  enqueueFor(owner: Link, calls: readonly Call[]): Call[] {
    const lanes = calls.length >= FRAME_OPERATIONS_WORTH ? this.lanesTo(owner) : this.own;
    return calls.filter((call) => !put(call, lanes));
  }

  get queues(): CallQueue[] {
    return this.lanes.map((lane) => lane.queue);
  }

  get hasQueued(): boolean {
    return this.lanes.some((lane) => !lane.queue.isEmpty);
  }

  /** Takes out everything that waits. */
  drain(): Call[] {
    const calls = this.lanes.flatMap((lane) => lane.queue.drain());
    this.forgetForwarded();
    return calls;
  }

  private forgetForwarded(): void {
    this.forwarded = new Map();
    this.lanes = [this.own.reads, this.own.writes];
  }

  /** When a frame that waits for others to join it may go; undefined when none does. */
  heldUntilMs(nowMs: number): number | undefined {
    let first = Infinity;
    for (const { dueAtMs } of this.lanes) if (dueAtMs > nowMs && dueAtMs < first) first = dueAtMs;
    return first === Infinity ? undefined : first;
  }

  /**
   * The next frame, when one may go, the stream takes one and the budget leaves room, for this node and for
   * all. A node without anything in flight always takes one.
   */
  nextFrame(number: number, budget: Budget, nowMs: number): Frame | undefined {
    if (this.phase.kind !== 'open' || !this.phase.writable) return undefined;
    const { limits } = budget;
    if (this.silent && !this.isWorthAnotherTry(nowMs)) return undefined;
    const operationsMax = this.silent ? 1 : limits.nodeOperationsMax - this.operationsInFlight;
    const operations = Math.min(operationsMax, budget.operationsLeft);
    const bytes = Math.min(limits.nodeBytesMax - this.bytesInFlight, budget.bytesLeft);
    if (operations <= 0 || (bytes <= 0 && this.frames.size > 0)) return undefined;
    const lane = this.nextLane(nowMs);
    if (lane === undefined) return undefined;
    const frame = new Frame(
      number,
      this.address,
      lane,
      lane.queue.cut(Math.min(operations, lane.frameOperationsMax), bytes),
      nowMs,
    );
    lane.sent(frame);
    this.unansweredSinceMs ??= nowMs;
    this.lastSentAtMs = nowMs;
    this.frames.set(number, frame);
    this.operationsInFlight += frame.operations.length;
    this.bytesInFlight += frame.bytes;
    return frame;
  }

  /** Forgets a frame: answered, cancelled or lost. */
  forget(number: number): void {
    const frame = this.frames.get(number);
    if (frame === undefined) return;
    this.frames.delete(number);
    frame.lane.forget(frame);
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

  /** Starts with another one each time, so that the bounds starve none. */
  private nextLane(nowMs: number): Lane | undefined {
    const { lanes } = this;
    for (let i = 0; i < lanes.length; i++) {
      this.turn = (this.turn + 1) % lanes.length;
      const lane = lanes[this.turn] as Lane;
      if (lane.dueAtMs <= nowMs && !lane.isFull) return lane;
    }
    return undefined;
  }

  private lanesTo(owner: Link): Lanes {
    const known = this.forwarded.get(owner);
    if (known !== undefined) return known;
    if (this.forwarded.size >= FORWARD_LANES_MAX) return this.own;
    const lanes = newLanes();
    this.forwarded.set(owner, lanes);
    this.lanes.push(lanes.reads, lanes.writes);
    return lanes;
  }
}

function newLanes(): Lanes {
  return { reads: new Lane(FRAME_OPERATIONS_LEAST.reads), writes: new Lane(FRAME_OPERATIONS_LEAST.writes) };
}

function put(call: Call, { reads, writes }: Lanes): boolean {
  const lane = call.isWrite ? writes : reads;
  if (!call.retries && lane.isCrowded) return false;
  lane.queue.push(call);
  return true;
}

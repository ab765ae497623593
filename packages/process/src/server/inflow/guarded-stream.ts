/**
 * One call as seen from below gRPC: the bytes that came in on it and were not answered, and those that wait to be read
 * by the caller. Its handler adds what it holds beyond that.
 */

import type { ServerHttp2Stream } from 'node:http2';
import type { ByteBudget, Held, Holding } from './byte-budget';
import { MessageMeter, type PieceKeeper } from './message-meter';
import { cutOff, reset, type Refusal } from './refusal';

/** How long an ended call may take to go away before it is given up. */
const ENDING_MS_MAX = 1_000;

/** What a handler tells of its call. */
export interface CallBytes {
  /** The handler itself holds this much now. */
  hold(held: Held): void;
  /** The caller has read something. */
  moved(): void;
  /** Why no more is accepted for the time being, for the caller. */
  readonly obstacle: string | undefined;
}

export class GuardedStream implements CallBytes {
  private readonly meter: MessageMeter;
  private readonly holding: Holding;
  private extra: Held = { here: 0, there: 0 };
  private incompleteSinceMs = Infinity;
  private endedAtMs = Infinity;

  /** `oneRequest`: its bytes are held until the call is over. */
  constructor(
    private readonly stream: ServerHttp2Stream,
    private readonly oneRequest: boolean,
    private readonly budget: ByteBudget,
    keeper: PieceKeeper,
    private readonly now: () => number,
    ended: (refusal: Refusal) => void,
    gone: () => void,
  ) {
    this.meter = new MessageMeter(keeper);
    const refusal: Refusal = {
      code: 'RESOURCE_EXHAUSTED',
      text: 'too many bytes wait for their caller here, and this one reads or sends too slowly',
    };
    this.holding = budget.open(() => {
      if (this.isEnded) return;
      ended(refusal);
      this.end(refusal);
      this.holding.close();
    });
    stream.on('data', (piece: Uint8Array) => this.received(piece));
    stream.once('close', () => {
      this.holding.close();
      this.meter.forget();
      gone();
    });
  }

  get isEnded(): boolean {
    return this.endedAtMs !== Infinity;
  }

  get obstacle(): string | undefined {
    return this.budget.isFull ? 'too many bytes of requests and answers are under way' : undefined;
  }

  hold(held: Held): void {
    this.extra = held;
    this.look();
  }

  moved(): void {
    this.holding.moved(this.now());
  }

  /** The message that is being sent has been incomplete for this long. */
  incompleteMs(nowMs: number): number {
    return nowMs - this.incompleteSinceMs;
  }

  end(refusal: Refusal): void {
    if (this.isEnded) return;
    this.endedAtMs = this.now();
    // Of what had come in whole nobody knows how far it got.
    const begun = this.oneRequest && this.meter.complete > 0;
    cutOff(this.stream, begun ? { code: 'OUTCOME_UNKNOWN', text: refusal.text } : refusal);
  }

  /** Called now and then: accounts for what has been read meanwhile, and for what does not go away by itself. */
  look(): void {
    const nowMs = this.now();
    if (this.isEnded) {
      if (nowMs - this.endedAtMs > ENDING_MS_MAX) reset(this.stream);
      return;
    }
    const { meter, stream } = this;
    const request = this.oneRequest ? meter.completeBytes : 0;
    const here = this.extra.here + request + stream.readableLength;
    const there = this.extra.there + meter.incompleteBytes + stream.writableLength;
    this.holding.set({ here, there }, nowMs);
  }

  private received(piece: Uint8Array): void {
    if (this.isEnded) return;
    const { meter } = this;
    const before = meter.complete;
    meter.take(piece);
    const nowMs = this.now();
    if (!meter.hasIncomplete) this.incompleteSinceMs = Infinity;
    else if (meter.complete > before || this.incompleteSinceMs === Infinity) this.incompleteSinceMs = nowMs;
    // Most messages come in whole, and then nothing has changed.
    if (!meter.hasIncomplete && !this.oneRequest) return;
    this.look();
    if (this.budget.isFull) this.budget.relieve(nowMs);
  }
}

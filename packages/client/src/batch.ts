/**
 * Many operations of one request, fed to the session piece by piece.
 *
 * All of them at once could exceed what the session holds. So only a window of them is outstanding, each result lets
 * the next one in, and an operation for which there is no room waits. An operation that breaks a rule fails alone.
 */

import { RingError } from '@ringkeep/shared/ring/errors';
import type { SessionHost } from './adapters/session-host';
import { awaitAbort, forgetAbort, type Cancellable } from './cancellations';
import { BatchCall, type BatchListener, type ItemResult, type Request, type Terms } from './pending-calls';

/** Operations of one request that are outstanding at once: a few full frames for each of several nodes. */
const WINDOW_OPERATIONS = 8_192;

export class Batch<Item> implements BatchListener, Cancellable {
  private readonly results: (ItemResult | undefined)[] = [];
  private readonly calls = new Map<number, BatchCall>();
  /** Found no room yet. */
  private waiting: BatchCall | undefined;
  private exhausted = false;
  private feeding = false;

  private constructor(
    private readonly host: SessionHost,
    private readonly items: Iterator<Item>,
    private readonly requestOf: (item: Item) => Request,
    private readonly terms: Terms,
    private readonly done: (results: ItemResult[]) => void,
    private readonly failed: (error: unknown) => void,
  ) {}

  /**
   * Carries out the operations that the items ask for; `requestOf` may throw a RingError for its own item. Whatever
   * else the caller's items throw is thrown to the caller, and what has been issued by then is given up.
   */
  static run<Item>(
    host: SessionHost,
    items: Iterable<Item>,
    requestOf: (item: Item) => Request,
    terms: Terms,
  ): Promise<ItemResult[]> {
    return new Promise((resolve, reject) => {
      const batch = new Batch(host, items[Symbol.iterator](), requestOf, terms, resolve, reject);
      if (terms.signal !== undefined) awaitAbort(terms.signal, batch);
      batch.feed();
    });
  }

  delivered(index: number, result: ItemResult): void {
    this.results[index] = result;
    this.calls.delete(index);
    this.feed();
  }

  cancelled(): void {
    for (const call of this.calls.values()) this.host.abort(call);
    if (this.waiting !== undefined)
      this.results[this.waiting.index] = { ok: false, error: this.cancellation() };
    this.waiting = undefined;
    this.feed();
  }

  private feed(): void {
    if (this.feeding) return;
    this.feeding = true;
    while (this.calls.size < WINDOW_OPERATIONS) {
      const call = this.nextOrFail();
      if (call === undefined) break;
      if (this.mustWait(call)) {
        this.waiting = call;
        break;
      }
      this.waiting = undefined;
      this.calls.set(call.index, call);
      this.host.submit(call);
    }
    this.feeding = false;
    if (this.exhausted && this.calls.size === 0 && this.waiting === undefined) {
      this.end();
      this.done(this.results as ItemResult[]);
    }
  }

  private end(): void {
    if (this.terms.signal !== undefined) forgetAbort(this.terms.signal, this);
  }

  /** The items are the caller's code: an error of theirs must reach the caller and nobody else. */
  private nextOrFail(): BatchCall | undefined {
    try {
      return this.next();
    } catch (error) {
      this.exhausted = true;
      this.end();
      this.failed(error);
      for (const call of this.calls.values()) this.host.abort(call);
      return undefined;
    }
  }

  /**
   * Waits for room, which its own results make, or those of others. An operation that would not fit an empty session is
   * refused by the session.
   */
  private mustWait(call: BatchCall): boolean {
    if (this.host.hasRoomFor(call.bytes) || this.host.counts.operations === 0) return false;
    if (this.calls.size === 0) void this.host.room(call.bytes).then(() => this.feed());
    return true;
  }

  /** The call of the next item that breaks no rule; undefined when there is none. */
  private next(): BatchCall | undefined {
    if (this.waiting !== undefined) return this.waiting;
    while (!this.exhausted) {
      const next = this.items.next();
      if (next.done === true) {
        this.exhausted = true;
        break;
      }
      const index = this.results.push(undefined) - 1;
      try {
        return this.callOf(next.value, index);
      } catch (error) {
        if (!(error instanceof RingError)) throw error;
        this.results[index] = { ok: false, error };
      }
    }
    return undefined;
  }

  private cancellation(): RingError {
    return new RingError('CANCELLED', undefined, { cause: this.terms.signal?.reason });
  }

  private callOf(item: Item, index: number): BatchCall {
    if (this.terms.signal?.aborted) throw this.cancellation();
    return new BatchCall(this.requestOf(item), this.terms, this, index);
  }
}

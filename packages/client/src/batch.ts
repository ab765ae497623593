/**
 * Many operations of one request, fed to the session piece by piece.
 *
 * All of them at once could exceed what the session holds, so only a window is outstanding and each
 * result lets the next one in. An operation that breaks a rule fails alone.
 */

import { RingError } from '@ringkeep/shared';
import type { SessionHost } from './adapters/session-host';
import { BatchCall, type BatchListener, type ItemResult, type Request, type Terms } from './pending-calls';

/** Operations of one request that are outstanding at once: a few full frames for each of several nodes. */
const WINDOW_OPERATIONS = 8_192;

export class Batch<Item> implements BatchListener {
  private readonly results: (ItemResult | undefined)[] = [];
  private readonly calls = new Map<number, BatchCall>();
  private exhausted = false;
  private feeding = false;

  private constructor(
    private readonly host: SessionHost,
    private readonly items: Iterator<Item>,
    private readonly requestOf: (item: Item) => Request,
    private readonly terms: Terms,
    private readonly done: (results: ItemResult[]) => void,
  ) {}

  /** Carries out the operations that the items ask for; `requestOf` may throw a RingError for its own item. */
  static run<Item>(
    host: SessionHost,
    items: Iterable<Item>,
    requestOf: (item: Item) => Request,
    terms: Terms,
  ): Promise<ItemResult[]> {
    return new Promise((resolve) => {
      const { signal } = terms;
      const batch = new Batch(host, items[Symbol.iterator](), requestOf, terms, (results) => {
        signal?.removeEventListener('abort', abort);
        resolve(results);
      });
      const abort = (): void => batch.abort();
      signal?.addEventListener('abort', abort, { once: true });
      batch.feed();
    });
  }

  delivered(index: number, result: ItemResult): void {
    this.results[index] = result;
    this.calls.delete(index);
    this.feed();
  }

  private abort(): void {
    for (const call of this.calls.values()) this.host.abort(call);
  }

  private feed(): void {
    if (this.feeding) return;
    this.feeding = true;
    while (!this.exhausted && this.calls.size < WINDOW_OPERATIONS) {
      // Without room it waits for its own results; with none outstanding the session refuses, item by item.
      if (this.calls.size > 0 && !this.host.hasRoomFor(0)) break;
      const next = this.items.next();
      if (next.done === true) this.exhausted = true;
      else this.issue(next.value);
    }
    this.feeding = false;
    if (this.exhausted && this.calls.size === 0) this.done(this.results as ItemResult[]);
  }

  private issue(item: Item): void {
    const index = this.results.push(undefined) - 1;
    const { signal } = this.terms;
    try {
      if (signal?.aborted) throw new RingError('CANCELLED', undefined, { cause: signal.reason });
      const call = new BatchCall(this.requestOf(item), this.terms, this, index);
      this.calls.set(index, call);
      this.host.submit(call);
    } catch (error) {
      if (!(error instanceof RingError)) throw error;
      this.results[index] = { ok: false, error };
    }
  }
}

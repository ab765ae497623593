/**
 * Many operations of one request, fed to the session piece by piece.
 *
 * All of them at once could exceed what the session holds, so only a window is outstanding and each
 * result lets the next one in. An operation that breaks a rule fails alone.
 */

import { RingError, type Operation } from '@ringkeep/shared';
import type { SessionHost } from './adapters/session-host';
import { BatchCall, type BatchListener, type ItemResult } from './pending-calls';

/** Operations of one request that are outstanding at once: a few full frames for each of several nodes. */
const WINDOW_OPERATIONS = 8_192;

export interface BatchTerms {
  readonly deadlineAtMs: number;
  readonly retries: boolean;
  readonly signal: AbortSignal | undefined;
}

export class Batch implements BatchListener {
  private readonly results: (ItemResult | undefined)[] = [];
  private readonly outstanding = new Map<number, BatchCall>();
  private exhausted = false;
  private feeding = false;

  private constructor(
    private readonly host: SessionHost,
    private readonly operations: Iterator<() => Operation>,
    private readonly terms: BatchTerms,
    private readonly done: (results: ItemResult[]) => void,
  ) {}

  /** Carries out all operations. `operations` yields makers, which may throw a RingError for their own item. */
  static run(
    host: SessionHost,
    operations: Iterable<() => Operation>,
    terms: BatchTerms,
  ): Promise<ItemResult[]> {
    return new Promise((resolve) => {
      const { signal } = terms;
      const batch = new Batch(host, operations[Symbol.iterator](), terms, (results) => {
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
    this.outstanding.delete(index);
    this.feed();
  }

  private abort(): void {
    for (const call of this.outstanding.values()) this.host.abort(call);
  }

  private feed(): void {
    if (this.feeding) return;
    this.feeding = true;
    while (!this.exhausted && this.outstanding.size < WINDOW_OPERATIONS) {
      // Without room it waits for its own results; with none outstanding the session refuses, item by item.
      if (this.outstanding.size > 0 && !this.host.hasRoomFor(0)) break;
      const next = this.operations.next();
      if (next.done === true) this.exhausted = true;
      else this.issue(next.value);
    }
    this.feeding = false;
    if (this.exhausted && this.outstanding.size === 0) this.done(this.results as ItemResult[]);
  }

  private issue(make: () => Operation): void {
    const index = this.results.push(undefined) - 1;
    const { deadlineAtMs, retries, signal } = this.terms;
    try {
      if (signal?.aborted) throw new RingError('CANCELLED', undefined, { cause: signal.reason });
      const call = new BatchCall(make(), deadlineAtMs, retries, this, index, signal);
      this.outstanding.set(index, call);
      this.host.submit(call);
    } catch (error) {
      if (!(error instanceof RingError)) throw error;
      this.results[index] = { ok: false, error };
    }
  }
}

/** Everybody that wants to hear of newer rings: listeners, iterators, and callers that wait for the first one. */

import { RingError, type Ring } from '@ringkeep/shared';
import { awaitAbort, forgetAbort } from './cancellations';
import { callSafely } from './uncaught';

type Listener = (ring: Ring) => void;

/** What somebody says who waits for the first ring. */
export interface FirstRing {
  readonly deadlineMs: number;
  /** For how long addresses that all fail are tried again. */
  readonly waitMs: number;
  readonly signal: AbortSignal | undefined;
  readonly late: () => RingError;
  /** Why no source will tell us the ring as things are; undefined while one may. */
  readonly refused: () => RingError | undefined;
}

export class RingListeners {
  private readonly listeners = new Set<Listener>();
  private readonly onClose = new Set<() => void>();
  private readonly waiting = new Set<() => void>();
  private closed = false;

  tell(ring: Ring): void {
    for (const listener of [...this.listeners]) callSafely(listener, ring);
  }

  /** Something failed. Callers that wait for the first ring may not want to wait any longer. */
  reconsider(): void {
    for (const look of [...this.waiting]) look();
  }

  add(listener: Listener, known: Ring): () => void {
    // An entry of its own: the same function may be given twice.
    const own: Listener = (ring) => listener(ring);
    this.listeners.add(own);
    if (known.version > 0) callSafely(own, known);
    return () => this.listeners.delete(own);
  }

  /**
   * The next ring. Throws `late()` after the deadline, what `refused()` says once `waitMs` have passed, CANCELLED when
   * the signal says so or the client closes.
   */
  next({ deadlineMs, waitMs, signal, late, refused }: FirstRing): Promise<Ring> {
    return new Promise((resolve, reject) => {
      const finish = (conclude: () => void): void => {
        clearTimeout(timer);
        clearTimeout(patience);
        this.listeners.delete(told);
        this.onClose.delete(closed);
        this.waiting.delete(look);
        if (signal !== undefined) forgetAbort(signal, aborted);
        conclude();
      };
      const told: Listener = (ring) => finish(() => resolve(ring));
      const closed = (): void => finish(() => reject(new RingError('CANCELLED', 'the client is closed')));
      const aborted = {
        cancelled: () =>
          finish(() => reject(new RingError('CANCELLED', undefined, { cause: signal?.reason }))),
      };
      let insists = true;
      const look = (): void => {
        const error = insists ? undefined : refused();
        if (error !== undefined) finish(() => reject(error));
      };
      const relent = (): void => {
        insists = false;
        look();
      };
      const timer = setTimeout(() => finish(() => reject(late())), Math.max(deadlineMs, waitMs));
      const patience = setTimeout(relent, waitMs);
      this.listeners.add(told);
      this.onClose.add(closed);
      this.waiting.add(look);
      if (this.closed) return closed();
      if (signal?.aborted) return aborted.cancelled();
      if (signal !== undefined) awaitAbort(signal, aborted);
      if (waitMs === 0) relent();
    });
  }

  /** Only the newest ring is kept for a slow reader. */
  iterate(known: Ring): AsyncIterableIterator<Ring> {
    let newest: Ring | undefined = known.version > 0 ? known : undefined;
    let over = this.closed;
    const waiting: ((result: IteratorResult<Ring>) => void)[] = [];
    const told: Listener = (ring) => {
      const reader = waiting.shift();
      if (reader === undefined) newest = ring;
      else reader({ done: false, value: ring });
    };
    const end = (): void => {
      over = true;
      this.listeners.delete(told);
      this.onClose.delete(end);
      for (const reader of waiting.splice(0)) reader({ done: true, value: undefined });
    };
    if (!over) {
      this.listeners.add(told);
      this.onClose.add(end);
    }
    return {
      next: () => {
        if (newest !== undefined) {
          const value = newest;
          newest = undefined;
          return Promise.resolve({ done: false, value });
        }
        if (over) return Promise.resolve({ done: true, value: undefined });
        return new Promise((resolve) => waiting.push(resolve));
      },
      return: () => {
        end();
        return Promise.resolve({ done: true, value: undefined });
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  close(): void {
    this.closed = true;
    for (const end of [...this.onClose]) end();
    this.listeners.clear();
  }
}

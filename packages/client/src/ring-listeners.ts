/** Whoever wants to hear of newer rings: listeners, iterators, and those that wait for the first one. */

import { RingError, type Ring } from '@ringkeep/shared';

type Listener = (ring: Ring) => void;

export class RingListeners {
  private readonly listeners = new Set<Listener>();
  private readonly onClose = new Set<() => void>();
  private closed = false;

  /** A listener's own error is nobody's but the process's: it must not stop the client. */
  tell(ring: Ring): void {
    for (const listener of [...this.listeners]) {
      try {
        listener(ring);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }

  add(listener: Listener, known: Ring): () => void {
    if (known.version > 0) listener(known);
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** The next ring. Throws `late()` after the deadline, CANCELLED when the signal says so or the client closes. */
  next(deadlineMs: number, signal: AbortSignal | undefined, late: () => RingError): Promise<Ring> {
    return new Promise((resolve, reject) => {
      const finish = (conclude: () => void): void => {
        clearTimeout(timer);
        this.listeners.delete(told);
        this.onClose.delete(closed);
        signal?.removeEventListener('abort', aborted);
        conclude();
      };
      const told: Listener = (ring) => finish(() => resolve(ring));
      const closed = (): void => finish(() => reject(new RingError('CANCELLED', 'the client is closed')));
      const aborted = (): void =>
        finish(() => reject(new RingError('CANCELLED', undefined, { cause: signal?.reason })));
      const timer = setTimeout(() => finish(() => reject(late())), deadlineMs);
      this.listeners.add(told);
      this.onClose.add(closed);
      signal?.addEventListener('abort', aborted, { once: true });
      if (this.closed) closed();
      else if (signal?.aborted) aborted();
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

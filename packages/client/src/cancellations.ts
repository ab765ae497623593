/**
 * What ends when a signal is aborted.
 *
 * There is one listener for each signal, however many calls, batches and clients share it. An AbortSignal finds a
 * listener by walking through all of them, and Node.js takes many listeners for a leak; a batch of thousands of calls
 * with one signal is common.
 */

/** Something that a signal may end. */
export interface Cancellable {
  cancelled(): void;
}

interface Watched {
  readonly waiting: Set<Cancellable>;
  readonly listener: () => void;
}

const signals = new WeakMap<AbortSignal, Watched>();

/** Tells it when the signal is aborted, once. */
export function awaitAbort(signal: AbortSignal, cancellable: Cancellable): void {
  let watched = signals.get(signal);
  if (watched === undefined) {
    const waiting = new Set<Cancellable>();
    watched = { waiting, listener: () => waiting.forEach((each) => each.cancelled()) };
    signals.set(signal, watched);
    signal.addEventListener('abort', watched.listener, { once: true });
  }
  watched.waiting.add(cancellable);
}

/** It is over and need not be told. */
export function forgetAbort(signal: AbortSignal, cancellable: Cancellable): void {
  const watched = signals.get(signal);
  if (watched === undefined || !watched.waiting.delete(cancellable) || watched.waiting.size > 0) return;
  signals.delete(signal);
  signal.removeEventListener('abort', watched.listener);
}

/**
 * Which calls end when a signal is aborted.
 *
 * One listener a signal, however many calls share it: an AbortSignal finds a listener by walking through all
 * of them, and a batch of thousands of calls with one signal is common.
 */

import type { Call } from './core';

interface Watched {
  readonly calls: Set<Call>;
  readonly listener: () => void;
}

export class Cancellations {
  private readonly signals = new Map<AbortSignal, Watched>();

  constructor(private readonly abort: (call: Call) => void) {}

  add(signal: AbortSignal, call: Call): void {
    let watched = this.signals.get(signal);
    if (watched === undefined) {
      const calls = new Set<Call>();
      watched = { calls, listener: () => calls.forEach((waiting) => this.abort(waiting)) };
      this.signals.set(signal, watched);
      signal.addEventListener('abort', watched.listener, { once: true });
    }
    watched.calls.add(call);
  }

  remove(signal: AbortSignal, call: Call): void {
    const watched = this.signals.get(signal);
    if (watched === undefined || !watched.calls.delete(call) || watched.calls.size > 0) return;
    this.signals.delete(signal);
    signal.removeEventListener('abort', watched.listener);
  }
}

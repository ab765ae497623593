/** Where a registry's state survives it, and the store for tests and for rings that may be forgotten. */

import type { RegistryState } from '../core';

export interface RingStore {
  /** What was saved last; undefined when nothing was. Throws a RingError when it is damaged. */
  load(): RegistryState | undefined;
  /** Resolves once the state would survive a crash of the machine. One call at a time. */
  save(state: RegistryState): Promise<void>;
  /** Idempotent. */
  close(): Promise<void>;
}

export class MemoryRingStore implements RingStore {
  private state: RegistryState | undefined;

  load(): RegistryState | undefined {
    return this.state;
  }

  save(state: RegistryState): Promise<void> {
    this.state = state;
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

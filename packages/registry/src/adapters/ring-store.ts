/**
 * The port to the place where a registry's state survives it, and the store for tests and for rings that may be
 * forgotten.
 */

import type { DiskRoom, RegistryState } from '../core';

export interface RingStore {
  /** What was saved last; undefined when nothing was. Throws a RingError when it is damaged. */
  load(): RegistryState | undefined;
  /** What may be saved at present. */
  room(): Promise<DiskRoom>;
  /**
   * Resolves once the state would survive a crash of the machine. One call at a time. Throws RESOURCE_EXHAUSTED when
   * there was no room and nothing was saved. After any other failure it is not known what was saved.
   */
  save(state: RegistryState): Promise<void>;
  /** Idempotent. */
  close(): Promise<void>;
}

export class MemoryRingStore implements RingStore {
  private state: RegistryState | undefined;

  load(): RegistryState | undefined {
    return this.state;
  }

  room(): Promise<DiskRoom> {
    return Promise.resolve({ allows: 'everything' });
  }

  save(state: RegistryState): Promise<void> {
    this.state = state;
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** What a session is started with, and what it counts. */

import type { SessionLimits } from './limits';
import type { ClientRules } from './rules';

export interface SessionConfig {
  /** Addresses of nodes, spelled as the ring spells them. */
  readonly nodes: readonly string[];
  readonly registry: string | undefined;
  readonly limits: SessionLimits;
  /** The right ones, but where a simulator leaves one out. */
  readonly rules?: ClientRules;
}

/** What is outstanding, and what was done, for observers. */
export interface SessionCounts {
  readonly operations: number;
  readonly operationsInFlight: number;
  readonly framesSent: number;
  readonly operationsSent: number;
  /** The most forwards that an operation of the last answered frame took. */
  readonly lastHops: number;
}

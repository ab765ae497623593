/** A system under test: its server processes on this machine, in a temporary folder, and how to reach it. */

import type { TargetSpec } from '../targets/target';

export interface System {
  /** As people call it, e.g. "Redis 7.0.15". */
  readonly label: string;
  /** What an acknowledged write has survived, in words, e.g. "fdatasync before the answer". */
  readonly durability: string;
  /** 0 when it keeps nothing. */
  readonly copies: number;
  readonly nodes: number;
  /** Processes whose CPU time counts as the server's. */
  readonly pids: readonly number[];
  /** Where Redis clients reach it, if they do. */
  readonly redisPort?: number;
  /** The ways in which clients reach it, by name. */
  target(way?: string): TargetSpec;
  stop(): Promise<void>;
}

/** Its server is not installed; the message says how to install it. */
export class NotInstalled extends Error {}

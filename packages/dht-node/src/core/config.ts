/** What a node's core is made with: what its host found on the disk and drew, and what a simulator has otherwise. */

import type { TransferSizes } from './limits';
import type { ProtocolRules } from './rules';

export interface NodeSettings {
  /** Raised on the disk before the core is made. */
  readonly incarnation: number;
  /** The disk has no identity: no process before this one has been a member. */
  readonly newcomer: boolean;
  /** Random: tells this process from one on a copy of its data folder. */
  readonly process: bigint;
  /** When the process started, ms: it may have granted a lease a moment before. */
  readonly startedAt: number;
  /** Longest lease that the process before this one may have granted, ms. */
  readonly leaseBeforeMs: number;
  /** By how much two clocks may get apart in a time, as a part of it; what NTP slews at most unless it is given. */
  readonly clockDriftMax?: number;
  /** The right ones, but where a simulator leaves one out. */
  readonly rules?: ProtocolRules;
  /** Those that every node has, but where a simulator has few keys. */
  readonly transferSizes?: TransferSizes;
  /** How much of what was committed last is kept for watchers; HISTORY_BYTES by default. */
  readonly historyBytes?: number;
  /** Watches served at a time; WATCHES_MAX by default. */
  readonly watchesMax?: number;
}

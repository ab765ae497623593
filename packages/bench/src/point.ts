/** A point of a contest: one setting, at which its contestants are measured side by side. */

import type { LoopSpec } from './load/generator-protocol';
import type { WorkloadSpec } from './load/workload';

export interface Point {
  readonly workload: WorkloadSpec;
  readonly loop: LoopSpec;
  /** Names of those that take part; all when absent. */
  readonly only?: readonly string[] | undefined;
}

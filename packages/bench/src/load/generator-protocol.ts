/** What the benchmark and a load generator say to each other, as plain records over the channel between processes. */

import type { TargetSpec } from '../targets/target';
import type { ReadAllRun } from './reading-all';
import type { Outcomes } from './recorder';
import type { StampedList } from './stamped-times';
import type { WorkloadSpec } from './workload';

export type LoopSpec =
  | { readonly kind: 'closed'; readonly concurrency: number }
  | { readonly kind: 'open'; readonly ratePerSecond: number };

export interface RunSpec {
  readonly workload: WorkloadSpec;
  readonly loop: LoopSpec;
  readonly warmUpMs: number;
  readonly measureMs: number;
  readonly seed: number;
  /** Processes whose CPU time counts as the server's. */
  readonly serverPids: readonly number[];
}

/** One run of one window. */
export interface Sample extends Outcomes {
  /** CPU time during the window; the server's is absent where the system does not tell. */
  readonly clientCpuUs: number;
  readonly serverCpuUs: number | undefined;
  /** HDR histograms, compressed, in base64. */
  readonly latencies: string;
  readonly failureLatencies: string;
  /** When writes were acknowledged whose values say when they were made. */
  readonly writtenAt?: StampedList;
}

export type GeneratorQuestion =
  | { readonly ask: 'open'; readonly target: TargetSpec }
  /** Writes all keys that a workload takes to be there. */
  | { readonly ask: 'load'; readonly workload: WorkloadSpec }
  | { readonly ask: 'run'; readonly run: RunSpec }
  /** An open loop of inserts, each acknowledged one read back afterwards. */
  | { readonly ask: 'run-and-verify'; readonly run: RunSpec }
  | { readonly ask: 'read-all'; readonly run: ReadAllRun }
  /** Answered when no event of theirs is missed any more. */
  | { readonly ask: 'watch'; readonly prefixes: readonly string[] }
  | { readonly ask: 'count-events' }
  | { readonly ask: 'end-watches' }
  | { readonly ask: 'watched-from' }
  | { readonly ask: 'catch-up'; readonly since: string; readonly events: number }
  | { readonly ask: 'close' };

export interface VerifiedSample extends Sample {
  readonly acknowledged: number;
  readonly lost: number;
}

export type GeneratorAnswer =
  | { readonly id: number; readonly ok: true; readonly answer: unknown }
  | { readonly id: number; readonly ok: false; readonly error: string };

/** Progress of the question that is being answered, in operations. */
export interface GeneratorProgress {
  readonly progress: number;
}

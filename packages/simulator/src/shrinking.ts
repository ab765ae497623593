/**
 * Finds the shortest story of a failure: kinds of faults are turned off, and clients and time taken away, as long as
 * the same checker still fails. It is greedy and repeats, since what is left decides what can go next.
 */

import type { Rule } from './left-out';
import { drawScenario, type Adjustments, type Scenario } from './scenario';
import { simulate, type RunResult } from './simulation';

export interface ShrunkFailure {
  readonly adjustments: Adjustments;
  readonly result: RunResult;
}

/** Runs spent on one failure. */
const RUNS_MAX = 120;

export async function shrink(
  seed: number,
  checker: string,
  start: Adjustments = {},
  leftOut?: Rule,
): Promise<ShrunkFailure> {
  const attempt = async (adjustments: Adjustments): Promise<RunResult | undefined> => {
    const result = await simulate(drawScenario(seed, adjustments), { leftOut });
    return result.failure?.checker === checker ? result : undefined;
  };
  let best = start;
  for (let tried = 0, changed = true; changed;) {
    changed = false;
    for (const smaller of STEPS) {
      for (let next = smaller(drawScenario(seed, best), best); next && tried < RUNS_MAX; tried++) {
        const [candidate, ...others] = next;
        if (candidate === undefined) break;
        next = others;
        if (!(await attempt(candidate))) continue;
        best = candidate;
        changed = true;
        next = smaller(drawScenario(seed, best), best);
      }
    }
  }
  const result = await simulate(drawScenario(seed, best), { keepTrace: true, leftOut });
  return { adjustments: best, result };
}

/** Ways to make a scenario smaller: each names what to try next, the boldest first. */
const STEPS: readonly ((scenario: Scenario, best: Adjustments) => Adjustments[])[] = [
  ({ safetyMs }, best) =>
    [0.3, 0.6, 0.85]
      .filter((part) => safetyMs * part > 300)
      .map((part) => ({ ...best, safetyMs: Math.round(safetyMs * part) })),
  ({ faults }, best) => faults.map((kind) => ({ ...best, without: [...(best.without ?? []), kind] })),
  ({ machinesLater }, best) => (machinesLater > 0 ? [{ ...best, machinesLater: machinesLater - 1 }] : []),
  ({ clients }, best) => (clients > 1 ? [{ ...best, clients: clients - 1 }] : []),
];

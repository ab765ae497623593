/** The search for a seed whose run notices a planted bug (planted-bugs.ts). */

import type { PlantedBug } from './planted-bugs';
import { drawScenario, type Scenario } from './scenario';
import { simulate, type RunResult } from './simulation';

export interface Find {
  readonly scenario: Scenario;
  readonly result: RunResult;
}

/** The first seed, of so many from `from` on, whose run notices that the rule is left out. */
export async function findPlanted(
  { rule, focus, within }: PlantedBug,
  from: number,
): Promise<Find | undefined> {
  for (let seed = from; seed < from + within; seed++) {
    const scenario = drawScenario(seed, { focus });
    const result = await simulate(scenario, { leftOut: rule });
    if (result.failure) return { scenario, result };
  }
  return undefined;
}

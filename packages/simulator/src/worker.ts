/** A worker process of a campaign: runs the seeds that it is sent and reports on each. */

import type { SeedRange, SeedReport } from './campaign';
import { drawScenario } from './scenario';
import { shrink } from './shrinking';
import { simulate } from './simulation';
import { failureLine } from './story';

/** A campaign that was ended leaves its workers in the middle of a seed: they end with it, and say nothing. */
function report(told: SeedReport): void {
  if (!process.connected) process.exit(0);
  process.send?.(told);
}

async function run({ from, count, adjustments, leftOut }: SeedRange): Promise<void> {
  for (let seed = from; seed < from + count; seed++) {
    const scenario = drawScenario(seed, adjustments);
    const { failure, recoveredAfterMs, history } = await simulate(scenario, { leftOut });
    const told: SeedReport = { seed, recoveredAfterMs, operations: history.length };
    if (!failure) report(told);
    else {
      const shrunk = await shrink(seed, failure.checker, adjustments, leftOut);
      report({ ...told, failure: failureLine(seed, shrunk.adjustments, shrunk.result, leftOut) });
    }
  }
}

// A run that throws ends the worker, and the campaign with it.
process.on('message', (range: SeedRange) => void run(range));
process.once('disconnect', () => process.exit(0));

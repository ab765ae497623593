/** A worker process of a campaign: runs the seeds that it is sent and reports on each. */

import type { SeedRange, SeedReport } from './campaign';
import { drawScenario } from './scenario';
import { shrink } from './shrinking';
import { simulate } from './simulation';
import { failureLine } from './story';

process.on('message', ({ from, count, adjustments, leftOut }: SeedRange) => {
  for (let seed = from; seed < from + count; seed++) {
    const { failure, recoveredAfterMs, history } = simulate(drawScenario(seed, adjustments), { leftOut });
    const report: SeedReport = { seed, recoveredAfterMs, operations: history.length };
    if (!failure) process.send?.(report);
    else {
      const shrunk = shrink(seed, failure.checker, adjustments, leftOut);
      process.send?.({ ...report, failure: failureLine(seed, shrunk.adjustments, shrunk.result, leftOut) });
    }
  }
});

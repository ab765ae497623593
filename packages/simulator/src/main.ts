/** `npm run simulate`: many seeds, or the story of one. Exit code 1 when a rule was broken. */

import { createProgress, HelpShown, surviveLoss } from '@ringkeep/process/command-line';
import { runCampaign } from './campaign';
import { readOptions, type SimulatorOptions } from './config';
import { PLANTED_BUGS } from './planted-bugs';
import { findPlanted } from './planted-search';
import { drawScenario } from './scenario';
import { shrink } from './shrinking';
import { simulate } from './simulation';
import { failureLine, plantedLine, shortTrace } from './story';
import { formatLine } from './world/trace';

async function runOne(seed: number, options: SimulatorOptions): Promise<boolean> {
  let { adjustments } = options;
  const { leftOut } = options;
  const scenario = drawScenario(seed, adjustments);
  console.log(JSON.stringify(scenario));
  let result = await simulate(scenario, { keepTrace: true, leftOut });
  if (options.shrink && result.failure) {
    ({ adjustments, result } = await shrink(seed, result.failure.checker, adjustments, leftOut));
  }
  if (options.trace) for (const line of result.lines) console.log(formatLine(line));
  else if (result.failure) for (const line of shortTrace(result)) console.log(line);
  if (result.failure) console.log(failureLine(seed, adjustments, result, leftOut));
  else
    console.log(
      `seed ${seed}: all rules kept; ${result.history.length} operations, recovered after ${result.recoveredAfterMs} ms`,
    );
  console.log(`trace ${result.digest}`);
  return result.failure === undefined;
}

async function runMany({ from, seeds, workers, adjustments, leftOut }: SimulatorOptions): Promise<boolean> {
  const progress = createProgress({ label: 'simulating', unit: 'seeds', total: seeds });
  const failures: string[] = [];
  let done = 0;
  let operations = 0;
  let slowestMs = 0;
  const startedMs = performance.now();
  await runCampaign({
    from,
    count: seeds,
    adjustments,
    leftOut,
    workers,
    onReport: (report) => {
      progress.update(++done);
      operations += report.operations;
      slowestMs = Math.max(slowestMs, report.recoveredAfterMs);
      if (report.failure === undefined) return;
      failures.push(report.failure);
      console.log(report.failure);
    },
  });
  progress.finish();
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  console.log(
    `${seeds} seeds from ${from}, ${operations} operations, ${seconds} s: ${failures.length} failed; ` +
      `slowest recovery ${slowestMs} ms after the faults`,
  );
  return failures.length === 0;
}

/** A find counts when the same run passes with the rule: it is the rule whose absence was found. */
async function searchPlanted(from: number): Promise<boolean> {
  let all = true;
  for (const bug of PLANTED_BUGS) {
    const find = await findPlanted(bug, from);
    console.log(plantedLine(bug, find));
    if (!find) {
      all = false;
      continue;
    }
    const kept = await simulate(find.scenario, { keepTrace: true });
    if (!kept.failure) continue;
    const line = failureLine(find.scenario.seed, { focus: bug.focus }, kept);
    console.log(`with every rule kept, too: ${line}`);
    all = false;
  }
  return all;
}

async function main(): Promise<void> {
  surviveLoss(process.stdout);
  surviveLoss(process.stderr);
  const options = readOptions(process.argv.slice(2));
  const { seed, planted, from } = options;
  const run = (): Promise<boolean> => (seed === undefined ? runMany(options) : runOne(seed, options));
  const good = await (planted ? searchPlanted(from) : run());
  process.exitCode = good ? 0 : 1;
}

main().catch((error: unknown) => {
  if (error instanceof HelpShown) return;
  console.error(`ringkeep-simulate: ${(error as Error).message}`);
  process.exitCode = 1;
});

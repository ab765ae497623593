/**
 * The routing laboratory as a program: runs one experiment, prints its tables, writes its figures and
 * pictures.
 */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Random, RingError } from '@ringkeep/shared';
import { createProgress, HelpShown, surviveLoss } from '@ringkeep/process/command-line';
import { SCHEME_NAMES } from '../scheme';
import { readOptions, type LabOptions } from './config';
import { balance } from './experiments/balance';
import { decisions } from './experiments/decisions';
import { ePastry } from './experiments/e-pastry';
import { failures } from './experiments/failures';
import { growth } from './experiments/growth';
import { oneRing } from './experiments/one-ring';
import { formatTable, type ExperimentOutcome, type Setting } from './outcome';
import { schemePicture } from './pictures/scheme-picture';

function run(options: LabOptions): ExperimentOutcome {
  const { nodes, seed, lookups, placement } = options;
  const setting: Setting = {
    seed,
    lookups,
    task: (label, unit, total) => createProgress({ label, unit, total }),
  };
  switch (options.experiment) {
    case 'ring': {
      const schemes = options.scheme === 'all' ? SCHEME_NAMES : [options.scheme];
      return oneRing({ ...setting, nodes, schemes, placement, deadShare: options.dead });
    }
    case 'growth':
      return growth({ ...setting, nodes, placement });
    case 'balance':
      return balance({ ...setting, nodes });
    case 'failures':
      return failures({ ...setting, nodes, placement });
    case 'decisions':
      return decisions({ ...setting, nodes });
    case 'e-pastry':
      return ePastry({ ...setting, nodes, keys: lookups, deadShare: options.dead, crowd: options.crowd });
    case 'picture':
      return {
        tables: [],
        figures: { seed },
        pictures: { 'routing-schemes': schemePicture(new Random(seed)) },
      };
  }
}

function write(outcome: ExperimentOutcome, options: LabOptions): void {
  mkdirSync(options.out, { recursive: true });
  const figuresPath = join(options.out, `routing-${options.experiment}.json`);
  const figures = { options, figures: outcome.figures };
  writeFileSync(figuresPath, `${JSON.stringify(figures, undefined, 2)}\n`);
  const paths = [figuresPath];
  for (const [name, svg] of Object.entries(outcome.pictures)) {
    const path = join(options.out, `${name}.svg`);
    writeFileSync(path, svg);
    paths.push(path);
  }
  console.log(`written: ${paths.join(', ')}`);
}

function main(): void {
  surviveLoss(process.stdout);
  surviveLoss(process.stderr);
  const startedMs = performance.now();
  const options = readOptions(process.argv.slice(2), process.env);
  const outcome = run(options);
  for (const table of outcome.tables) console.log(`${formatTable(table)}\n`);
  write(outcome, options);
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  const peakMb = (process.resourceUsage().maxRSS / 1024).toFixed(0);
  console.log(`${seconds} s, at most ${peakMb} MB of memory`);
}

try {
  main();
} catch (error) {
  if (!(error instanceof HelpShown)) {
    const wrongInput = error instanceof RingError && error.code === 'INVALID_ARGUMENT';
    console.error(wrongInput ? `error: ${error.message}` : error);
    process.exitCode = wrongInput ? 2 : 1;
  }
}

#!/usr/bin/env node
/**
 * check-history: is a recorded history linearizable?
 *
 * The exit code is the verdict: 0 linearizable, 1 not linearizable, 2 undecided, 3 if it could not be judged.
 */

import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { surviveLoss } from '@ringkeep/process/command-line';
import { RingError } from '@ringkeep/shared';
import { readHistory, readHistoryFile } from './adapters/history-file';
import {
  checkHistory,
  DEFAULT_LIMITS,
  describeFailure,
  failurePage,
  versionFault,
  type HistoryVerdict,
} from './core';

const EXIT_CODES = { linearizable: 0, 'not-linearizable': 1, undecided: 2 } as const;
const EXIT_NOT_JUDGED = 3;

const HELP = `Usage: check-history FILE [--html OUT] [--steps N]

Judges a history of get, set, delete and compare-and-set: is it linearizable, key by key?

  FILE         the history, one JSON object a line; - for standard input
  --html OUT   draw the keys that fail as a page at OUT
  --steps N    give a key up as undecided after N steps of the search (${DEFAULT_LIMITS.stepsMax})
  --help       this text

A line: {"client":3,"key":"city","op":"set","value":"Porto","callMs":12.5,"returnMs":13,"outcome":"ok"}
  op         get (value: what was read, null for none) · set (value; previous: what it replaced) ·
             delete (previous) · cas (expected, value; swapped: true or false; previous)
  condition  of a set or a delete, with held: true or false: {"is":"absent"}, {"is":"present"},
             {"is":"version","version":7} or {"is":"value","value":"text"}
  version    of get, set, delete: a number that each write raises; 0 for none
  outcome    ok · fail: it never took effect · unknown: it took effect once, at any time after its call, or never
  returnMs   null when there was no answer; times are only compared

Exit code: 0 linearizable, 1 not linearizable, 2 undecided, 3 bad input.`;

async function main(): Promise<number> {
  surviveLoss(process.stdout);
  surviveLoss(process.stderr);
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { html: { type: 'string' }, steps: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
  });
  if (values.help === true) {
    console.log(HELP);
    return 0;
  }
  const [path, ...others] = positionals;
  if (path === undefined || others.length > 0)
    throw new RingError('INVALID_ARGUMENT', 'name one FILE; see --help');
  const stepsMax = values.steps === undefined ? DEFAULT_LIMITS.stepsMax : Number(values.steps);
  if (!Number.isSafeInteger(stepsMax) || stepsMax < 1) {
    throw new RingError('INVALID_ARGUMENT', `--steps must be an integer from 1, got ${values.steps}`);
  }
  const history = await (path === '-' ? readHistory(process.stdin, 'standard input') : readHistoryFile(path));
  const startedMs = performance.now();
  const verdict = checkHistory(history, { limits: { stepsMax } });
  report(verdict, performance.now() - startedMs);
  const fault = versionFault(history);
  if (fault !== undefined) console.log(`its versions cannot be: ${fault}`);
  if (values.html !== undefined && verdict.failures.length > 0) {
    await writeFile(values.html, failurePage(verdict.failures));
    console.log(`drawn in ${values.html}`);
  }
  return fault === undefined ? EXIT_CODES[verdict.verdict] : EXIT_CODES['not-linearizable'];
}

function report(verdict: HistoryVerdict, tookMs: number): void {
  const { operations, keys, failures, undecided } = verdict;
  const name = verdict.verdict.replace('-', ' ');
  console.log(`${name}: ${operations} operations on ${keys} keys, ${(tookMs / 1000).toFixed(2)} s`);
  for (const failure of failures) console.log(describeFailure(failure));
  for (const { key, operations: count, reason } of undecided) {
    console.log(`key ${JSON.stringify(key)}: undecided, ${count} operations (out of ${reason})`);
  }
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = EXIT_NOT_JUDGED;
  },
);

/**
 * What every script has in common: its command line, its exit code, an orderly end, and output that nobody needs to
 * read.
 */

import { RingError } from '@ringkeep/shared';
import { surviveLoss } from './lost-output';
import { HelpShown, parseProgram, type OptionSpecs, type OptionValues } from './options';

/** The code with which a shell reports that ^C ended a program. */
export const EXIT_INTERRUPTED = 130;

export interface Script<Specs extends OptionSpecs> {
  /** As it is called, e.g. `npm run mass-join --`. */
  readonly name: string;
  readonly text: string;
  readonly specs: Specs;
  readonly operands?: readonly { readonly name: string; readonly text: string }[];
}

/** Runs a script: its result is the exit code; an error is printed and gives 1, a wrong command line 2. */
export function runScript<Specs extends OptionSpecs>(
  script: Script<Specs>,
  body: (options: OptionValues<Specs>, operands: string[]) => Promise<number>,
  args: readonly string[] = process.argv.slice(2),
): void {
  surviveLoss(process.stdout);
  surviveLoss(process.stderr);
  Promise.resolve()
    .then(() => parseProgram({ ...script, env: process.env }, args))
    .then(({ options, operands }) => body(options, operands))
    .then(
      (code) => process.exit(code),
      (error: unknown) => {
        if (error instanceof HelpShown) process.exit(0);
        process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
        process.exit(error instanceof RingError && error.code === 'INVALID_ARGUMENT' ? 2 : 1);
      },
    );
}

/** Resolves at the first SIGINT or SIGTERM; the second one ends the process at once. */
export function untilInterrupted(): Promise<void> {
  return new Promise((resolve) => {
    let asked = false;
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => {
        if (asked) process.exit(EXIT_INTERRUPTED);
        asked = true;
        resolve();
      });
    }
  });
}

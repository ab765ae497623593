/** A benchmark as a subcommand of `npm run bench`: its options, and what it does until it is interrupted. */

import {
  type OptionSpecs,
  type OptionValues,
  EXIT_INTERRUPTED,
  runScript,
  untilInterrupted,
} from '@ringkeep/process/command-line';

export interface BenchCommand {
  readonly name: string;
  readonly text: string;
  start(args: readonly string[]): void;
}

export function benchCommand<Specs extends OptionSpecs>(
  name: string,
  text: string,
  specs: Specs,
  body: (options: OptionValues<Specs>, abort: AbortSignal) => Promise<number>,
): BenchCommand {
  const run = async (options: OptionValues<Specs>): Promise<number> => {
    const interrupted = new AbortController();
    void untilInterrupted().then(() => interrupted.abort(new Error('interrupted')));
    try {
      return await body(options, interrupted.signal);
    } catch (error) {
      if (interrupted.signal.aborted) return EXIT_INTERRUPTED;
      throw error;
    }
  };
  return {
    name,
    text,
    start: (args) => runScript({ name: `npm run bench -- ${name}`, text, specs }, run, args),
  };
}

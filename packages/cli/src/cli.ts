/** The command line as a function: arguments and a terminal in, an exit code out. */

import { readCommandLine } from './command-line';
import { guarded, runCommand, type Terminal } from './command-runner';
import type { ConnectionOptions } from './config';
import type { ExitCode } from './failure';
import { Prompt } from './prompt/prompt';
import { RingAccess } from './ring-access';

/** Runs one command, or the prompt when there is none. Never throws. */
export function runCli(args: readonly string[], terminal: Terminal, signal: AbortSignal): Promise<ExitCode> {
  return guarded(terminal, async () => {
    const line = readCommandLine(args, {
      env: terminal.env,
      place: 'shell',
      writeHelp: (text) => terminal.stdout.write(text),
    });
    const ring = await RingAccess.create(line.connection as ConnectionOptions);
    try {
      if (line.command === undefined) return await new Prompt(terminal, ring, line.form, signal).run();
      return await runCommand(line.command, line.form, ring, terminal, signal);
    } finally {
      await ring.close();
    }
  });
}

/** Runs one command line and turns its result into output and an exit code. */

import type { Readable } from 'node:stream';
import { HelpShown } from '@ringkeep/process/command-line';
import type { ChosenCommand } from './command-line';
import type { CommandContext } from './commands/command';
import type { FormOptions } from './config';
import { ExitCode, exitCodeOf } from './failure';
import { Output, type OutputStreams } from './output';
import type { RingAccess } from './ring-access';

export interface Terminal extends OutputStreams {
  readonly stdin: Readable;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export async function runCommand(
  chosen: ChosenCommand,
  form: FormOptions,
  ring: RingAccess,
  terminal: Terminal,
  signal: AbortSignal,
  place: CommandContext['place'],
): Promise<ExitCode> {
  const output = new Output(terminal, form.json);
  const context = { ring, output, encoding: form.encoding, stdin: terminal.stdin, place, signal };
  return guarded(terminal, () => chosen.spec.run(context, chosen.operands, chosen.options));
}

/** What is thrown is printed and becomes the exit code. */
export async function guarded(terminal: Terminal, act: () => Promise<ExitCode>): Promise<ExitCode> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof HelpShown) return ExitCode.Ok;
    new Output(terminal, false).error(error);
    return exitCodeOf(error);
  }
}

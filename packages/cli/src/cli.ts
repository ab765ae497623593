/** The command line as a function: arguments and a terminal in, an exit code out. */

import { flushed, surviveLoss, type OutputLoss } from '@ringkeep/process/command-line';
import { PLAIN_NAME, type CalledAs } from './called-as';
import { readCommandLine } from './command-line';
import { guarded, runCommand, type Terminal } from './command-runner';
import type { ConnectionOptions } from './config';
import { ExitCode } from './failure';
import { Output } from './output';
import { Prompt } from './prompt/prompt';
import { RingAccess } from './ring-access';

/** Runs one command, or the prompt when there is none. Never throws. */
export async function runCli(
  args: readonly string[],
  terminal: Terminal,
  signal: AbortSignal,
  calledAs: CalledAs = PLAIN_NAME,
): Promise<ExitCode> {
  surviveLoss(terminal.stderr);
  const loss = surviveLoss(terminal.stdout);
  const survivor: Terminal = { ...terminal, lost: loss.signal };
  const code = await guarded(survivor, () => runLine(args, survivor, signal, loss, calledAs));
  await flushed(terminal.stdout);
  if (loss.error === undefined) return code;
  new Output(terminal, false).error(`the answer could not be written: ${loss.error.message}`);
  return code === ExitCode.Ok ? ExitCode.NotWritten : code;
}

async function runLine(
  args: readonly string[],
  terminal: Terminal,
  signal: AbortSignal,
  loss: OutputLoss,
  calledAs: CalledAs,
): Promise<ExitCode> {
  const line = readCommandLine(args, {
    env: terminal.env,
    place: 'shell',
    calledAs,
    writeHelp: (text) => terminal.stdout.write(text),
  });
  const ring = await RingAccess.create(line.connection as ConnectionOptions);
  try {
    if (line.command === undefined) return await new Prompt(terminal, ring, line.form, signal, loss).run();
    return await runCommand(line.command, line.form, ring, terminal, signal, 'shell');
  } finally {
    await ring.close();
  }
}

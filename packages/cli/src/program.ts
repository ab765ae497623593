/**
 * The command line as a program: hands its terminal to a command or the prompt, and exits with its code. `npm run cli`
 * and `ringkeep` both run it.
 */

import { runCli } from './cli';
import type { CalledAs } from './called-as';

export type { CalledAs } from './called-as';

export function runCommandLine(calledAs: CalledAs, args: readonly string[]): void {
  const enough = new AbortController();
  process.once('SIGINT', () => enough.abort(new Error('interrupted')));
  process.once('SIGTERM', () => enough.abort(new Error('terminated')));
  const { stdin, stdout, stderr, env } = process;
  void runCli(args, { stdin, stdout, stderr, env }, enough.signal, calledAs).then((code) => {
    process.exitCode = code;
    // A pipe that was not read to its end would keep the process.
    stdin.destroy();
  });
}

/** A terminal for tests: input from a text, output kept. */

import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { runCli } from '../src/cli';

export interface CommandOutcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export async function run(
  args: readonly string[],
  input: string | Buffer = '',
  env: Readonly<Record<string, string>> = {},
): Promise<CommandOutcome> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const written = [text(stdout), text(stderr)];
  const stdin = Readable.from([Buffer.from(input)]);
  const code = await runCli(args, { stdin, stdout, stderr, env }, new AbortController().signal);
  stdout.end();
  stderr.end();
  const [out, err] = (await Promise.all(written)) as [string, string];
  return { code, stdout: out, stderr: err };
}

/** Runs a program while a lock is held. */

import { spawn } from 'node:child_process';
import type { RingLock } from '@ringkeep/client';
import { option, optionValues, type OptionValues } from '@ringkeep/process/command-line';
import { bytesTyped } from '../encoding';
import { ExitCode } from '../failure';
import type { CommandContext, CommandSpec } from './command';

/** The program finds the fencing token there. */
const TOKEN_VARIABLE = 'RINGKEEP_LOCK_TOKEN';
const DAY_MS = 24 * 3_600_000;

const options = {
  ttl: option({
    flag: '--ttl <duration>',
    text: 'how long others wait for a holder that is gone',
    read: optionValues.durationMs(1, DAY_MS),
    default: 30_000,
    defaultText: '30s',
  }),
  within: option({
    flag: '--within <duration>',
    text: 'how long to wait for the lock; 0 tries once (default: as long as it takes)',
    read: optionValues.durationMs(0, DAY_MS),
  }),
};

export const lockCommand: CommandSpec = {
  name: 'lock',
  text: `run a program while nobody else holds the lock; its exit code is this one’s, and ${TOKEN_VARIABLE} its token`,
  operands: [
    { name: '<name>', text: 'the name of the lock: a key' },
    { name: '<command...>', text: 'the program and its arguments, behind --' },
  ],
  options,
  examples: ['lock deploy -- ./deploy.sh', 'lock nightly --within 0s --ttl 60s -- node report.js'],
  async run(context, [name = '', ...command], given) {
    const { ttl: ttlMs, within: waitMs } = given as OptionValues<typeof options>;
    const key = bytesTyped(name, context.encoding, 'name');
    const { signal } = context;
    const client = await context.ring.client(signal);
    await using lock = await client.lock(key, { ttlMs, signal, ...(waitMs !== undefined && { waitMs }) });
    return runWhile(context, lock, command);
  },
};

/** A program that can no longer rely on the lock is told to end. */
function runWhile(
  { output, signal }: CommandContext,
  lock: RingLock,
  [program = '', ...args]: readonly string[],
): Promise<ExitCode> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, [TOKEN_VARIABLE]: String(lock.token) };
    const child = spawn(program, args, { stdio: 'inherit', env });
    const end = (): void => void child.kill('SIGTERM');
    const lost = (): void => {
      output.note((lock.lost.reason as Error).message);
      end();
    };
    lock.lost.addEventListener('abort', lost);
    signal.addEventListener('abort', end);
    const over = (): void => {
      lock.lost.removeEventListener('abort', lost);
      signal.removeEventListener('abort', end);
    };
    child.once('error', (error) => {
      over();
      reject(error);
    });
    child.once('exit', (code) => {
      over();
      // Whatever the program says it is.
      resolve((lock.lost.aborted ? ExitCode.Error : (code ?? ExitCode.Error)) as ExitCode);
    });
  });
}

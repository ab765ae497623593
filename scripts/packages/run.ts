/** Programs that are run for what they say and how they end: npm, compilers, samples, installed commands. */

import { spawn } from 'node:child_process';
import { delimiter, dirname } from 'node:path';

/** No program here takes that long unless it hangs. */
const DEADLINE_MS = 300_000;

export interface Place {
  readonly cwd: string;
  /** The Node.js that `#!` lines and `npm` find; that of this process when absent. */
  readonly node?: string;
}

/** Resolves with what it printed; throws with all that it said when it does not end with 0. */
export async function run(command: string, args: readonly string[], place: Place): Promise<string> {
  const child = spawn(command, args, {
    cwd: place.cwd,
    env: environmentOf(place),
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: DEADLINE_MS,
    killSignal: 'SIGKILL',
  });
  const printed: Buffer[] = [];
  const said: Buffer[] = [];
  child.stdout.on('data', (bytes: Buffer) => printed.push(bytes) && said.push(bytes));
  child.stderr.on('data', (bytes: Buffer) => said.push(bytes));
  const code = await new Promise<number | NodeJS.Signals>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (exit, signal) => resolve(exit ?? signal ?? 1));
  });
  if (code === 0) return Buffer.concat(printed).toString();
  const what = `${command} ${args.join(' ')} in ${place.cwd}, with ${place.node ?? 'this Node.js'}`;
  throw new Error(`${what}, ended with ${code}:\n${Buffer.concat(said).toString()}`);
}

/** Without what npm tells the scripts that it runs: the programs would take themselves for one of them. */
export function environmentOf({ node = process.execPath }: Omit<Place, 'cwd'>): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !name.toLowerCase().startsWith('npm_'));
  return {
    ...Object.fromEntries(own),
    PATH: `${dirname(node)}${delimiter}${process.env['PATH'] ?? ''}`,
  };
}

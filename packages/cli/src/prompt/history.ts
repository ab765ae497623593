/** The lines typed at the prompt, kept in a file from one session to the next. */

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Environment } from '../config';

export const HISTORY_LINES_MAX = 1_000;

/** Where it is kept: in the XDG state folder when there is one, otherwise in the home folder. */
export function historyPath(env: Environment): string {
  const state = env['XDG_STATE_HOME'];
  if (state !== undefined && state !== '') return join(state, 'ringkeep', 'history');
  return join(env['HOME'] || homedir(), '.ringkeep_history');
}

/** The newest line first. Without a file the history is empty. */
export async function readHistory(path: string): Promise<string[]> {
  const text = await readFile(path, 'utf8').catch(() => '');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .slice(-HISTORY_LINES_MAX)
    .reverse();
}

/** Makes the file readable for the user alone: keys and values may be private. */
export async function writeHistory(path: string, newestFirst: readonly string[]): Promise<void> {
  const lines = newestFirst.slice(0, HISTORY_LINES_MAX).reverse();
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, lines.map((line) => `${line}\n`).join(''), { mode: 0o600 });
}

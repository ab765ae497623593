/** Other versions of Node.js, from npm's package `node`; and Bun where it is installed. */

import { spawnSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './run';

/** The path of the newest Node.js of a major version, which is installed into the folder. */
export async function installNode(major: number, folder: string): Promise<string> {
  const place = join(folder, `node-${major}`);
  await mkdir(place, { recursive: true });
  await writeFile(join(place, 'package.json'), JSON.stringify({ name: 'other-node', private: true }));
  // The package puts the program there by a script of its own.
  const args = ['install', '--no-audit', '--no-fund', '--loglevel', 'error', `node@${major}`];
  await run('npm', args, { cwd: place });
  const path = join(place, 'node_modules/node/bin/node');
  const version = (await run(path, ['--version'], { cwd: place })).trim();
  if (!version.startsWith(`v${major}.`)) throw new Error(`npm's node@${major} is ${version}`);
  return path;
}

/** The path of Bun; undefined when there is none. */
export function findBun(): string | undefined {
  const { status } = spawnSync('bun', ['--version']);
  return status === 0 ? 'bun' : undefined;
}

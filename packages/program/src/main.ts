#!/usr/bin/env node
/**
 * `ringkeep`: one program for everything that is run.
 *
 * `start`, `registry` and `node` are servers; every other word is a command of the command line, with or without `cli`
 * before it. Each part is loaded only when it is run, so that `ringkeep get KEY` loads neither LMDB nor the log.
 */

import type { Programs } from '@ringkeep/local-ring';

const SERVERS = [
  { name: 'start', text: 'a registry and some nodes on this machine, to try a ring' },
  { name: 'registry', text: 'the registry of a ring' },
  { name: 'node', text: 'one node of a ring' },
];

/** npm runs `npx ringkeep` so; the name alone would then be found by no shell. */
const NAME = process.env['npm_command'] === 'exec' ? 'npx ringkeep' : 'ringkeep';

const PROGRAMS: Programs = { registry: [__filename, 'registry'], node: [__filename, 'node'] };

async function run([word, ...rest]: readonly string[]): Promise<void> {
  if (word === 'start') {
    const { start } = await import('./start/start.js');
    start({ name: `${NAME} start`, commands: { cli: NAME, node: `${NAME} node` }, programs: PROGRAMS }, rest);
  } else if (word === 'registry') {
    const { runRegistry } = await import('@ringkeep/registry/program');
    runRegistry(`${NAME} registry`, rest);
  } else if (word === 'node') {
    const { runNode } = await import('@ringkeep/dht-node/program');
    runNode(`${NAME} node`, rest);
  } else {
    const { runCommandLine } = await import('@ringkeep/cli/program');
    if (word === 'cli') return runCommandLine({ name: `${NAME} cli` }, rest);
    const args = word === undefined ? ['--help'] : [word, ...rest];
    runCommandLine({ name: NAME, others: SERVERS }, args);
  }
}

void run(process.argv.slice(2));

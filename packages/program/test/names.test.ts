/** Each part of the program speaks of itself by the name under which it was called, from a checkout or installed. */

import { spawnSync } from 'node:child_process';
import { compiled } from '@ringkeep/local-ring';

const PROGRAM = 'packages/program/dist/main.js';

function say(program: string, args: readonly string[], env: Record<string, string> = {}): string {
  const { stdout, stderr } = spawnSync(process.execPath, [compiled(program), ...args], {
    encoding: 'utf8',
    env: { ...process.env, npm_command: '', ...env },
  });
  return stdout + stderr;
}

test.each([
  [PROGRAM, ['start', '--help'], 'Usage: ringkeep start [options]'],
  [PROGRAM, ['registry', '--help'], 'Usage: ringkeep registry [options]'],
  [PROGRAM, ['node'], 'the port is missing: ringkeep node PORT'],
  [PROGRAM, ['help', 'get'], '  ringkeep get city'],
  [PROGRAM, [], '  ringkeep start  '],
  ['packages/program/dist/npm-start.js', ['--help'], 'Usage: npm start -- [options]'],
  ['packages/registry/dist/main.js', ['--help'], 'Usage: npm run registry -- [options]'],
  ['packages/dht-node/dist/main.js', [], 'the port is missing: npm run dht -- PORT'],
  ['packages/cli/dist/main.js', ['help', 'get'], '  npm run cli -- get city'],
])('%s %j says "%s"', (program, args, words) => {
  expect(say(program, args)).toContain(words);
});

test('by npx, the help has npx in it, because a shell finds the name alone nowhere', () => {
  expect(say(PROGRAM, ['node', '--help'], { npm_command: 'exec' })).toContain('Usage: npx ringkeep node');
});

test('a misspelt server is told from the commands', () => {
  expect(say(PROGRAM, ['strat'])).toContain('unknown command "strat"; did you mean start');
});

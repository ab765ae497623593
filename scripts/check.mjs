/**
 * `npm run check`: format and lint in one row, generated code, build and types in another, side by side.
 *
 * Each of them uses one processor, and neither row reads what the other writes. The output of a step is shown when it has
 * ended, so that two never mix. A row ends at its first fault, and the other one goes on.
 */

import { Buffer } from 'node:buffer';
import { spawn } from 'node:child_process';
import process from 'node:process';

const ROWS = [
  ['npm run --silent format:check', 'npm run --silent lint'],
  [
    'bash scripts/generate.sh --check',
    'npm run --silent build',
    'npx --no-install tsc -p tsconfig.tests.json',
  ],
];

/** @returns whether it went well */
function run(command) {
  return new Promise((resolve) => {
    const step = spawn(command, { shell: true, stdio: ['ignore', 'pipe', 'pipe'] });
    const said = [];
    step.stdout.on('data', (bytes) => said.push(bytes));
    step.stderr.on('data', (bytes) => said.push(bytes));
    step.on('close', (code) => {
      process.stdout.write(Buffer.concat(said));
      if (code !== 0) process.stderr.write(`failed: ${command}\n`);
      resolve(code === 0);
    });
  });
}

async function runRow(commands) {
  for (const command of commands) if (!(await run(command))) return false;
  return true;
}

const outcomes = await Promise.all(ROWS.map(runRow));
if (outcomes.includes(false)) process.exitCode = 1;

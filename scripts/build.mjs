/**
 * Runs `tsc --build` for the given projects and makes the client's bundle, one process at a time.
 *
 * A registry and nodes are started side by side, each by a command that first builds what it needs. Two builds at once
 * would read each other's half-written files ("has no exported member"). So each waits for the one before it, and then
 * finds its work done.
 *
 * The lock is a file that holds a process number, made whole by a link. A lock whose process is gone is
 * removed. It only helps people at one machine: nothing is lost if two build at once after all.
 */

import { spawn } from 'node:child_process';
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { clearTimeout, setTimeout } from 'node:timers';
import { setTimeout as pause } from 'node:timers/promises';
import { bundleClient, isBundleStale } from './client-bundle.mjs';

const FOLDER = join('node_modules', '.cache', 'ringkeep');
const LOCK = join(FOLDER, 'build.lock');
const OWN = join(FOLDER, `build-${process.pid}`);
const LOOK_MS = 100;
/** Somebody who waits that long is told for what. */
const PATIENCE_MS = 300;

/** The process that builds; undefined when none does, or one that is gone. */
function holder() {
  try {
    const pid = Number(readFileSync(LOCK, 'utf8'));
    process.kill(pid, 0);
    return pid;
  } catch (error) {
    return error.code === 'EPERM' ? 'another user’s' : undefined;
  }
}

function take() {
  try {
    linkSync(OWN, LOCK);
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    return false;
  }
}

/** Its process is gone. Renamed, so that of two who see that only one takes it away. */
function takeAway() {
  try {
    renameSync(LOCK, `${OWN}-old`);
    rmSync(`${OWN}-old`);
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
}

async function lock() {
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(OWN, String(process.pid));
  const since = performance.now();
  let told = false;
  while (!take()) {
    const pid = holder();
    if (pid === undefined) {
      takeAway();
      continue;
    }
    if (!told && performance.now() - since > PATIENCE_MS) {
      process.stderr.write(`waiting for the build of process ${pid}\n`);
      told = true;
    }
    await pause(LOOK_MS);
  }
  process.on('exit', () => {
    rmSync(LOCK, { force: true });
    rmSync(OWN, { force: true });
  });
}

/** Resolves with the exit code. */
function compile(projects) {
  const require = createRequire(import.meta.url);
  // The compiler tells its own path to nobody; beside it stands an older one, for the linter.
  const compiler = join(dirname(require.resolve('@typescript/native/package.json')), 'bin/tsc');
  // One project after the other: side by side, 7.0.2 reads declarations that another one is about to replace.
  const args = [compiler, '--build', '--builders', '1', ...projects];
  const running = spawn(process.execPath, args, { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => running.kill(signal));
  return new Promise((resolve) => running.on('exit', (code) => resolve(code ?? 1)));
}

await lock();
const projects = process.argv.slice(2);
const told = setTimeout(
  () => process.stderr.write(`building what has changed in ${projects.join(', ') || 'all packages'}\n`),
  PATIENCE_MS,
);
const code = await compile(projects);
if (code === 0 && isBundleStale()) await bundleClient();
clearTimeout(told);
process.exit(code);

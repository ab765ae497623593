/**
 * A point at which a process under test ends as by kill -9. What would be done at that point is held back for a moment,
 * so that anything that does not wait for it, such as an answer, gets ahead. Then the process ends. Only preload.ts
 * gives a process any points; the programs themselves know neither points nor these variables.
 *
 * A point is named by when, what and where: "before sync log/SEGMENT", "after commit table". Where is the path in the
 * data folder, without what differs from run to run.
 */

import { appendFileSync } from 'node:fs';
import { basename, dirname, relative, resolve } from 'node:path';

/** Where to end; nowhere when it is not set. */
export const FAILPOINT_ENV = 'RINGKEEP_TEST_FAILPOINT';
/** A file that takes the names of the points that are passed, each once. */
export const PASSED_ENV = 'RINGKEEP_TEST_FAILPOINTS_PASSED';

const endAt = process.env[FAILPOINT_ENV];
const passedFile = process.env[PASSED_ENV];
const folder = resolve(process.argv[process.argv.indexOf('--data-dir') + 1] ?? '.');
/** An answer takes less to leave. */
const HELD_BACK_MS = 100;
const passed = new Set<string>();

/** True when the process ends here: then nothing may follow. */
export function endsAt(name: string): boolean {
  if (!passed.has(name) && passedFile !== undefined) {
    passed.add(name);
    appendFileSync(passedFile, `${name}\n`);
  }
  if (name !== endAt) return false;
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), HELD_BACK_MS);
  return true;
}

/** Does not go on where the process ends. */
export function pass(name: string): Promise<void> {
  return endsAt(name) ? new Promise(() => undefined) : Promise.resolve();
}

/** What to call a path; undefined when it is none of the data folder. */
export function placeOf(path: string): string | undefined {
  const whole = resolve(path);
  if (whole === dirname(folder)) return 'the folder above';
  const name = relative(folder, whole);
  if (name === '') return 'the data folder';
  if (name.startsWith('..') || basename(name).includes('lock-')) return undefined;
  return name.replace(/\d{10}(?=\.log)/, 'SEGMENT');
}

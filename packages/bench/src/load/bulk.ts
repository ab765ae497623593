/** Writes all keys of a workload, or reads keys back, with a limited number outstanding. */

import { setTimeout as pause } from 'node:timers/promises';
import type { Target } from '../targets/target';
import type { Workload } from './workload';

const OUTSTANDING = 512;
const ATTEMPTS = 100;
const ATTEMPT_PAUSE_MS = 100;

/** Throws what the first failing operation throws. */
export async function writeAll(
  target: Target,
  workload: Workload,
  progress: (done: number) => void,
): Promise<void> {
  await each(workload.initialKeys(), (key, index) => target.set(key, workload.value(index)), progress);
}

/** How many of these keys are missing. */
export async function countAbsent(
  target: Target,
  keys: readonly string[],
  progress: (done: number) => void,
): Promise<number> {
  let absent = 0;
  await each(
    keys,
    async (key) => {
      const value = await readFor(target, key);
      if (value === null || value === undefined) absent++;
    },
    progress,
  );
  return absent;
}

/** A ring that was just overloaded may refuse for a while. Throws what the last attempt threw. */
async function readFor(target: Target, key: string): Promise<unknown> {
  for (let attempts = 1; ; attempts++) {
    try {
      return await target.get(key);
    } catch (error) {
      if (attempts === ATTEMPTS) throw error;
      await pause(ATTEMPT_PAUSE_MS);
    }
  }
}

async function each(
  keys: readonly string[],
  work: (key: string, index: number) => Promise<unknown>,
  progress: (done: number) => void,
): Promise<void> {
  let at = 0;
  const slot = async (): Promise<void> => {
    while (at < keys.length) {
      const index = at++;
      await work(keys[index] as string, index);
      if (index % OUTSTANDING === 0) progress(index);
    }
  };
  await Promise.all(Array.from({ length: OUTSTANDING }, slot));
  progress(keys.length);
}

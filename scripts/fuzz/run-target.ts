/** Feeds a target its inputs, a batch at a time: no crash, no hang, and memory that stays level. */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import type { FuzzTarget } from './fuzz-case';

/** Inputs of one batch; each batch has a seed of its own, which is told when it fails. */
const BATCH = 10_000;
/** What parsers may leave behind, whatever they were fed: compiled code, and what is kept of strings. */
const GROWTH_BYTES_MAX = 32 * 1024 * 1024;

export interface FuzzRun {
  readonly inputs: number;
  readonly seed: number;
  readonly told: (line: string) => void;
}

/** @returns whether everything held; otherwise it has told what did not */
export function runTarget({ cases }: FuzzTarget, { inputs, seed, told }: FuzzRun): boolean {
  const share = Math.ceil(inputs / cases.length);
  for (const [index, { name, property }] of cases.entries()) {
    let levelBytes: number | undefined;
    for (let fed = 0; fed < share; fed += BATCH) {
      const numRuns = Math.min(BATCH, share - fed);
      const outcome = fc.check(property, {
        seed: seed + index * 1_000_003 + fed,
        numRuns,
        endOnFailure: false,
      });
      if (outcome.failed) {
        told(`${name}: ${fc.defaultReportMessage(outcome) ?? 'failed'}`);
        return false;
      }
      levelBytes ??= heldBytes();
    }
    const grownBytes = heldBytes() - (levelBytes ?? 0);
    if (grownBytes > GROWTH_BYTES_MAX) {
      told(`${name}: ${grownBytes} bytes more are held than after the first ${BATCH} inputs`);
      return false;
    }
    told(`${name}: ${share} inputs, ${Math.round(Math.max(0, grownBytes) / 1024)} KiB more than at first`);
  }
  return true;
}

/** After a collection. */
function heldBytes(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

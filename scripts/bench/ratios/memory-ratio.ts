/** How much memory a key costs: the growth of a node's resident memory by a million keys, everything included. */

import { setTimeout as pause } from 'node:timers/promises';
import { createProgress } from '@ringkeep/shared/runtime';
import { residentBytes } from '../load/process-cpu';
import { withRing } from '../systems/with-ring';
import { plainWorkload } from '../workloads';
import type { Ratio } from './ratio';

const KEY_BYTES = 24;
const VALUE_BYTES = 100;
const BYTES_MOST = 350;
/** The node collects its garbage some time after the load has ended. */
const SETTLE_MS = 3_000;

export async function memoryRatio(keys: number, abort: AbortSignal): Promise<Ratio> {
  return withRing({ nodes: 1, copies: 1, storage: 'memory' }, async (system, generator) => {
    const pid = system.ring.places[0]?.process?.pid as number;
    const before = residentBytes(pid);
    const progress = createProgress({ label: 'memory: filling', unit: 'keys', total: keys });
    const workload = plainWorkload('set', { keys, keyBytes: KEY_BYTES, valueBytes: VALUE_BYTES });
    await generator.load(workload, (done) => progress.update(done));
    progress.finish();
    await pause(SETTLE_MS, undefined, { signal: abort });
    const after = residentBytes(pid);
    const each = before === undefined || after === undefined ? undefined : (after - before) / keys;
    return {
      work: `memory a key of ${KEY_BYTES} + ${VALUE_BYTES} bytes, ${keys.toLocaleString('en')} keys, memory storage`,
      against: '–',
      floor: `≤ ${BYTES_MOST} bytes`,
      measured: each === undefined ? '–' : `${each.toFixed(0)} bytes`,
      behind:
        each === undefined
          ? 'this system does not tell'
          : `resident ${mebibytes(before as number)} MiB before, ${mebibytes(after as number)} MiB after`,
      met: each === undefined ? undefined : each <= BYTES_MOST,
    };
  });
}

function mebibytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(0);
}

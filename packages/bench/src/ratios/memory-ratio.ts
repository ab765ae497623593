/**
 * How much memory a key costs: the growth of a node's resident memory by a million keys, everything included, after a
 * full garbage collection. The resident memory before that collection is shown beside it.
 */

import { setTimeout as pause } from 'node:timers/promises';
import { createProgress } from '@ringkeep/process/command-line';
import { type NodePlace, residentBytes } from '@ringkeep/local-ring';
import { withRing } from '../systems/with-ring';
import { plainWorkload } from '../workloads';
import type { Ratio } from './ratio';

const KEY_BYTES = 24;
const VALUE_BYTES = 100;
const BYTES_MOST = 350;
/** A collection of a large heap takes less; then pages are given back to the system. */
const COLLECT_MS = 3_000;

export async function memoryRatio(keys: number, abort: AbortSignal): Promise<Ratio> {
  const ring = { nodes: 1, copies: 1, storage: 'memory', collectable: true } as const;
  return withRing(ring, async (system, generator) => {
    const [place] = system.ring.places as [NodePlace];
    const before = await collected(place, abort);
    const progress = createProgress({ label: 'memory: filling', unit: 'keys', total: keys });
    const workload = plainWorkload('set', { keys, keyBytes: KEY_BYTES, valueBytes: VALUE_BYTES });
    await generator.load(workload, (done) => progress.update(done));
    progress.finish();
    const uncollected = resident(place);
    const after = await collected(place, abort);
    const row = {
      work: `memory a key of ${KEY_BYTES} + ${VALUE_BYTES} bytes, ${keys.toLocaleString('en')} keys, memory storage`,
      against: '–',
      floor: `≤ ${BYTES_MOST} bytes`,
    };
    if (before === undefined || uncollected === undefined || after === undefined) {
      return { ...row, measured: '–', behind: 'this system does not tell', met: undefined };
    }
    const each = (after - before) / keys;
    const behind = `resident ${mebibytes(before)} MiB before, ${mebibytes(after)} MiB after; ${mebibytes(uncollected)} MiB until collected`;
    return { ...row, measured: `${each.toFixed(0)} bytes`, behind, met: each <= BYTES_MOST };
  });
}

async function collected(place: NodePlace, abort: AbortSignal): Promise<number | undefined> {
  place.process?.signal('SIGUSR2');
  await pause(COLLECT_MS, undefined, { signal: abort });
  return resident(place);
}

function resident({ process }: NodePlace): number | undefined {
  return process && residentBytes(process.pid);
}

function mebibytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(0);
}

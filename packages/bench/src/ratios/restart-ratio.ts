/** How long a node with a million keys takes from being started, after kill -9, to its first answer. */

import { setTimeout as pause } from 'node:timers/promises';
import { createProgress } from '@ringkeep/process/command-line';
import { addressOf, type NodePlace } from '@ringkeep/local-ring';
import { keyText } from '../load/workload';
import { spreadOf } from '../report/spread';
import { withRing } from '../systems/with-ring';
import { openRingQuery } from '../targets/ring-query-target';
import { KEY_BYTES, plainWorkload } from '../workloads';
import type { Ratio } from './ratio';

const SECONDS_MOST = 5;
const POLL_MS = 10;

export async function restartRatio(keys: number, rounds: number, abort: AbortSignal): Promise<Ratio> {
  return withRing({ nodes: 1, copies: 1, storage: 'disk' }, async (system, generator) => {
    const progress = createProgress({ label: 'restart: filling', unit: 'keys', total: keys });
    const workload = plainWorkload('set', { keys });
    await generator.load(workload, (done) => progress.update(done));
    progress.finish();
    const [place] = system.ring.places as [NodePlace];
    const seconds: number[] = [];
    for (let round = 0; round < rounds; round++) {
      abort.throwIfAborted();
      await system.ring.killNodes([place]);
      const startedAtMs = performance.now();
      await system.ring.startNode(place);
      await firstAnswer(place, keyText(keys - 1, KEY_BYTES), abort);
      seconds.push((performance.now() - startedAtMs) / 1_000);
    }
    const { median, least, most } = spreadOf(seconds);
    return {
      work: `restart after kill -9 with ${keys.toLocaleString('en')} keys in log and LMDB, to the first answer`,
      against: '–',
      floor: `≤ ${SECONDS_MOST} s`,
      measured: `${median.toFixed(2)} s (${least.toFixed(2)}–${most.toFixed(2)})`,
      behind: 'process start, recovery, registration, waiting out the old lease, one GET',
      met: median <= SECONDS_MOST,
    };
  });
}

async function firstAnswer(place: NodePlace, key: string, abort: AbortSignal): Promise<void> {
  const target = openRingQuery(addressOf(place));
  try {
    for (;;) {
      const value = await target.get(key).catch(() => undefined);
      if (value !== undefined) return;
      await pause(POLL_MS, undefined, { signal: abort });
    }
  } finally {
    await target.close();
  }
}

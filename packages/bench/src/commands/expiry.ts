/**
 * `npm run bench -- expiry`: how long reads take while very many keys end within one second, and how long it takes until
 * all of them have ended.
 *
 * The reads come at a given rate from a process of their own (open loop) and are of other keys, so that a node that
 * stands still shows in every read that it delays.
 */

import { setTimeout as pause } from 'node:timers/promises';
import { decodeFromCompressedBase64 } from 'hdr-histogram-js';
import { RingClient } from '@ringkeep/client';
import { createProgress, option, optionValues } from '@ringkeep/process/command-line';
import { describeNode, ownedKeys } from '@ringkeep/local-ring';
import { PACE_OPTIONS, SETTING_OPTIONS } from '../bench-options';
import { benchCommand } from '../command';
import { count, sizeText } from '../report/figure-table';
import { thisMachine } from '../report/machine';
import { publish } from '../report/results';
import { withRing } from '../systems/with-ring';
import { plainWorkload, VALUE_BYTES } from '../workloads';

const KEYS = 1_000_000;
/** Keys that are read, and that do not end. */
const LASTING_KEYS = 10_000;
/** Within this time all keys end. */
const END_MS = 1_000;
/** Reads are counted from so long before. */
const LEAD_MS = 1_000;
/** How fast keys are written is measured on these. */
const TRIAL_KEYS = 20_000;
const OUTSTANDING = 512;
const LOOK_MS = 250;
/** A ttl that nothing reaches. */
const LONG_MS = 86_400_000;
const MICROSECONDS = 1_000;

const specs = {
  keys: option({
    flag: '--keys <count>',
    text: 'keys that end',
    read: optionValues.integer(1_000, 10_000_000),
    default: KEYS,
  }),
  rate: option({
    flag: '--rate <count>',
    text: 'reads a second',
    read: optionValues.integer(1, 1_000_000),
    default: 2_000,
  }),
  forSeconds: option({
    flag: '--for <seconds>',
    text: 'how long reads are counted; the keys should have ended by then',
    read: optionValues.integer(1, 3_600),
    default: 30,
  }),
  nodes: SETTING_OPTIONS.nodes,
  copies: SETTING_OPTIONS.copies,
  output: PACE_OPTIONS.output,
};

export const expiry = benchCommand(
  'expiry',
  'Reads while a million keys end within one second (open loop), and how long the ending takes.',
  specs,
  async ({ keys, rate, forSeconds, nodes, copies, output }, abort) => {
    const ring = { nodes: Math.max(nodes, copies), copies, storage: 'disk' } as const;
    const workload = {
      ...plainWorkload('get', { keys: LASTING_KEYS, valueBytes: VALUE_BYTES }),
      name: 'get',
    };
    const result = await withRing(ring, async (system, generator) => {
      await generator.load(workload, () => undefined);
      const { addresses } = system.ring;
      const endsAtMs = await writeEnding(addresses, keys, abort);
      await pause(Math.max(0, endsAtMs - LEAD_MS - Date.now()), undefined, { signal: abort });
      const measureMs = forSeconds * 1_000;
      const loop = { kind: 'open', ratePerSecond: rate } as const;
      const run = generator.run({ workload, loop, warmUpMs: 0, measureMs, seed: 1, serverPids: system.pids });
      const endedAfterMs = await untilEnded(addresses, endsAtMs, measureMs, abort);
      return { endedAfterMs, sample: await run };
    });
    const { sample, endedAfterMs } = result;
    const latencies = decodeFromCompressedBase64(sample.latencies);
    const at = (percentile: number): string =>
      (latencies.getValueAtPercentile(percentile) / MICROSECONDS).toFixed(2);
    const ended = endedAfterMs === undefined ? 'later' : `${(endedAfterMs / 1_000).toFixed(1)} s`;
    const failed = Object.values(sample.failures).reduce((sum, failures) => sum + failures, 0);
    await publish(
      {
        name: 'expiry',
        machine: thisMachine(),
        tables: [
          {
            head: ['ending keys', 'all ended after', 'reads', 'failed', 'p50', 'p99', 'p99.9', 'max, ms'],
            rows: [
              [
                count(keys),
                ended,
                count(latencies.totalCount),
                String(failed),
                at(50),
                at(99),
                at(99.9),
                (latencies.maxValue / MICROSECONDS).toFixed(1),
              ],
            ],
          },
        ],
        verdicts: [`${sizeText(ring.nodes)}, R = ${copies}, ${rate} reads a second of other keys`],
        data: { ring, keys, rate, endedAfterMs, sample },
        plots: {},
      },
      output,
    );
    return 0;
  },
);

/** @returns when the last of them ends, ms since 1970 */
async function writeEnding(nodes: readonly string[], keys: number, abort: AbortSignal): Promise<number> {
  const client = await RingClient.connect({ nodes });
  const value = Buffer.alloc(VALUE_BYTES, 'v');
  const progress = createProgress({ label: 'writing keys that end', unit: 'keys', total: keys });
  const write = async (many: number, ttlMs: () => number): Promise<void> => {
    let next = 0;
    const work = async (): Promise<void> => {
      while (next < many) {
        const index = next++;
        await client.set(`ending-${index}`, value, { ttlMs: ttlMs(), deadlineMs: 60_000, signal: abort });
        if (index % TRIAL_KEYS === 0) progress.update(index);
      }
    };
    await Promise.all(Array.from({ length: OUTSTANDING }, work));
  };
  try {
    const trial = Math.min(keys, TRIAL_KEYS);
    const beganAtMs = Date.now();
    await write(trial, () => LONG_MS);
    const msForAll = ((Date.now() - beganAtMs) / trial) * keys;
    const endsAtMs = Date.now() + 2 * msForAll + 10 * LEAD_MS;
    await write(keys, () => Math.max(1, endsAtMs - Date.now() - Math.random() * END_MS));
    progress.finish();
    if (Date.now() > endsAtMs - END_MS) throw new Error('the keys were written too slowly: ask for fewer');
    return endsAtMs;
  } finally {
    await client.close();
  }
}

/** @returns how long after that time; undefined if some are still there after `forMs` */
async function untilEnded(
  addresses: readonly string[],
  endsAtMs: number,
  forMs: number,
  abort: AbortSignal,
): Promise<number | undefined> {
  while (Date.now() < endsAtMs + forMs) {
    await pause(LOOK_MS, undefined, { signal: abort });
    const described = await Promise.all(addresses.map(describeNode));
    const there = described.filter((description) => description !== undefined);
    if (there.length === addresses.length && ownedKeys(there) <= LASTING_KEYS) return Date.now() - endsAtMs;
  }
  return undefined;
}

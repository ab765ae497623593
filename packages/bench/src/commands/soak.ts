/** `npm run bench -- soak`: does a node's memory stay what it is while it works? Half reads, half writes, for minutes. */

import { setTimeout as pause } from 'node:timers/promises';
import { lineChart, PALETTE } from '@ringkeep/shared/pictures';
import { createProgress, option, optionValues } from '@ringkeep/process/command-line';
import { PACE_OPTIONS, SETTING_OPTIONS } from '../bench-options';
import { benchCommand } from '../command';
import { residentBytes } from '@ringkeep/local-ring';
import { count, sizeText } from '../report/figure-table';
import { judgeMemory, type MemorySample } from '../report/flat-memory';
import { thisMachine } from '../report/machine';
import { publish } from '../report/results';
import { withRing } from '../systems/with-ring';
import { plainWorkload } from '../workloads';

const SAMPLE_MS = 2_000;

const specs = {
  minutes: option({
    flag: '--minutes <count>',
    text: 'how long',
    read: optionValues.integer(1, 24 * 60),
    default: 10,
  }),
  nodes: SETTING_OPTIONS.nodes,
  copies: SETTING_OPTIONS.copies,
  concurrency: option({
    flag: '--concurrency <count>',
    text: 'operations outstanding',
    read: optionValues.integer(1, 100_000),
    default: 256,
  }),
  output: PACE_OPTIONS.output,
};

export const soak = benchCommand(
  'soak',
  'Memory of each node over minutes of half reads, half writes (closed loop).',
  specs,
  async ({ minutes, nodes, copies, concurrency, output }, abort) => {
    const machine = thisMachine();
    const workload = { ...plainWorkload('set'), name: '50/50', mix: { get: 0.5, set: 0.5 } };
    const ring = { nodes: Math.max(nodes, copies), copies, storage: 'disk' } as const;
    const { samples, operations } = await withRing(ring, async (system, generator) => {
      await generator.load(workload, () => undefined);
      const loop = { kind: 'closed', concurrency } as const;
      const measureMs = minutes * 60_000;
      const pids = system.ring.places.map(({ process }) => process?.pid as number);
      let running = true;
      const run = generator
        .run({ workload, loop, warmUpMs: 0, measureMs, seed: 1, serverPids: system.pids })
        .finally(() => (running = false));
      // When the watching is interrupted nobody waits for the run.
      run.catch(() => undefined);
      const taken = await watchMemory(pids, measureMs, () => running, abort);
      return { samples: taken, operations: (await run).completed };
    });
    const verdict = judgeMemory(samples);
    const rows = verdict.minutes.map(({ minute, node, mebibytes }) => [
      String(minute),
      `node ${node}`,
      mebibytes.toFixed(0),
    ]);
    const setting = `${sizeText(ring.nodes)}, R = ${copies}, fdatasync before the answer, C = ${concurrency}`;
    await publish(
      {
        name: 'soak',
        machine,
        tables: [{ head: ['minute', 'node', 'resident, MiB (median)'], rows }],
        verdicts: [`${setting}: ${count(operations)} operations, half of them writes`, verdict.text],
        data: { ring, operations, samples },
        plots: { memory: plot(samples, ring.nodes) },
      },
      output,
    );
    return 0;
  },
);

async function watchMemory(
  pids: readonly number[],
  forMs: number,
  running: () => boolean,
  abort: AbortSignal,
): Promise<MemorySample[]> {
  const samples: MemorySample[] = [];
  const startedAtMs = performance.now();
  const progress = createProgress({ label: 'soaking', unit: 'seconds', total: Math.round(forMs / 1_000) });
  for (;;) {
    const seconds = (performance.now() - startedAtMs) / 1_000;
    if (!running() || seconds * 1_000 >= forMs) break;
    for (const [index, pid] of pids.entries()) {
      const bytes = residentBytes(pid);
      if (bytes !== undefined) samples.push({ node: index + 1, seconds, bytes });
    }
    progress.update(Math.round(seconds));
    await pause(SAMPLE_MS, undefined, { signal: abort });
  }
  progress.finish();
  return samples;
}

function plot(samples: readonly MemorySample[], nodes: number): string {
  const colours = Object.values(PALETTE);
  const most = Math.max(...samples.map(({ bytes }) => bytes)) / 2 ** 20;
  return lineChart({
    title: 'Resident memory of a node under half reads, half writes',
    x: { label: 'minutes', scale: 'linear', from: 0, to: (samples.at(-1)?.seconds ?? 60) / 60 },
    y: { label: 'MiB', scale: 'linear', from: 0, to: most * 1.1 },
    series: Array.from({ length: nodes }, (_, index) => ({
      name: `node ${index + 1}`,
      colour: colours[index % colours.length] as string,
      dash: 0,
      points: samples
        .filter(({ node }) => node === index + 1)
        .map(({ seconds, bytes }) => [seconds / 60, bytes / 2 ** 20] as const),
    })),
  });
}

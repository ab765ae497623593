/** `npm run bench -- throughput`: how many operations a second, in a closed loop, over the number outstanding. */

import { option, optionValues } from '@ringkeep/process/command-line';
import { integers, LOAD_OPTIONS, names, PACE_OPTIONS, paceOf, SETTING_OPTIONS } from '../bench-options';
import { benchCommand } from '../command';
import { Contest } from '../contest';
import { CONTESTANTS, contestants } from '../contestants';
import type { Figure } from '../report/figure';
import { figureTable } from '../report/figure-table';
import { thisMachine } from '../report/machine';
import { throughputPlots } from '../report/plots';
import { publish } from '../report/results';
import { KEY_BYTES, keysThatFit, offeredBy, plainWorkload } from '../workloads';

const specs = {
  targets: option({
    flag: '--targets <names>',
    text: `what to measure: some of ${CONTESTANTS.join(', ')}`,
    read: names(...CONTESTANTS),
    default: ['ringkeep', 'redis', 'etcd', 'echo-stream'] as (typeof CONTESTANTS)[number][],
    defaultText: 'ringkeep,redis,etcd,echo-stream',
  }),
  concurrency: option({
    flag: '--concurrency <counts>',
    text: 'operations outstanding',
    read: integers(1, 100_000),
    default: [1, 64, 256, 1_024],
    defaultText: '1,64,256,1024',
  }),
  valueBytes: option({
    flag: '--value-bytes <counts>',
    text: 'sizes of values',
    read: integers(1, 1 << 20),
    default: [100],
    defaultText: '100',
  }),
  replication: option({
    flag: '--replication <counts>',
    text: 'copies of each key; there are as many nodes unless --nodes says more',
    read: integers(1, 7),
    default: [1],
    defaultText: '1',
  }),
  nodes: SETTING_OPTIONS.nodes,
  memory: option({
    flag: '--memory',
    text: 'no durability: the ring keeps everything in memory, Redis has no append-only file',
    read: optionValues.yesOrNo,
    default: false,
  }),
  ...LOAD_OPTIONS,
  ...PACE_OPTIONS,
};

export const throughput = benchCommand(
  'throughput',
  'Operations a second, CPU time and latency over the number of operations outstanding (closed loop).',
  specs,
  async (options, abort) => {
    const machine = thisMachine();
    const figures: Figure[] = [];
    const plots: Record<string, string> = {};
    for (const copies of options.replication) {
      for (const valueBytes of options.valueBytes) {
        const nodes = Math.max(options.nodes, copies);
        const setting = { nodes, copies, durable: !options.memory, valueBytes };
        const contest = await Contest.open(contestants(options.targets, setting), abort);
        try {
          const base = { keys: keysThatFit(options.keys, KEY_BYTES, valueBytes), valueBytes };
          await contest.load(plainWorkload('set', base), abort);
          const points = options.operations.flatMap((kind) =>
            options.concurrency.map((concurrency) => ({
              workload: plainWorkload(kind, base),
              loop: { kind: 'closed', concurrency } as const,
              only: offeredBy(kind),
            })),
          );
          const measured = await contest.measure(points, paceOf(options), abort);
          figures.push(...measured);
          Object.assign(plots, throughputPlots(measured, copies, machine));
        } finally {
          await contest.close();
        }
      }
    }
    await publish(
      { name: 'throughput', machine, tables: [figureTable(figures)], data: { figures }, plots },
      options.output,
    );
    return 0;
  },
);

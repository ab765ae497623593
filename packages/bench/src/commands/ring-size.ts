/** `npm run bench -- ring-size`: throughput over the number of nodes, all on this machine. */

import { createProgress, option, optionValues } from '@ringkeep/process/command-line';
import { integers, PACE_OPTIONS, paceOf } from '../bench-options';
import { benchCommand } from '../command';
import { Contest } from '../contest';
import { contestants } from '../contestants';
import { figureOfAll, type Figure } from '../report/figure';
import { figureTable } from '../report/figure-table';
import { thisMachine } from '../report/machine';
import { throughputPlot } from '../report/plots';
import { publish } from '../report/results';
import { plainWorkload, VALUE_BYTES } from '../workloads';

const KEYS = 20_000;

const specs = {
  sizes: option({
    flag: '--sizes <counts>',
    text: 'nodes of the ring',
    read: integers(1, 64),
    default: [1, 2, 3, 4, 5, 6, 7, 8],
    defaultText: '1,2,3,4,5,6,7,8',
  }),
  copies: option({
    flag: '--replication <count>',
    text: 'copies of each key, at most one a node',
    read: optionValues.integer(1, 7),
    default: 1,
  }),
  concurrency: option({
    flag: '--concurrency <count>',
    text: 'operations outstanding',
    read: optionValues.integer(1, 100_000),
    default: 1_024,
  }),
  ...PACE_OPTIONS,
};

export const ringSize = benchCommand(
  'ring-size',
  'Throughput over the number of nodes, which share the cores of this machine (closed loop).',
  specs,
  async (options, abort) => {
    const machine = thisMachine();
    const { rounds, ...once } = paceOf(options);
    const workloads = (['get', 'set'] as const).map((kind) => plainWorkload(kind, { keys: KEYS }));
    const loop = { kind: 'closed', concurrency: options.concurrency } as const;
    const found: Figure[] = [];
    const progress = createProgress({ label: 'rings', unit: 'rings', total: rounds * options.sizes.length });
    // A ring of its own for each size in each round: rings that wait would take time from the one that works.
    for (let round = 0; round < rounds; round++) {
      for (const [index, nodes] of options.sizes.entries()) {
        const copies = Math.min(options.copies, nodes);
        const setting = { nodes, copies, durable: true, valueBytes: VALUE_BYTES };
        const contest = await Contest.open(contestants(['ringkeep'], setting), abort);
        try {
          await contest.load(workloads[0] as (typeof workloads)[number], abort);
          const points = workloads.map((workload) => ({ workload, loop }));
          found.push(...(await contest.measure(points, { ...once, rounds: 1 }, abort)));
        } finally {
          await contest.close();
        }
        progress.update(round * options.sizes.length + index + 1);
      }
    }
    progress.finish();
    const figures = workloads.flatMap(({ name }) =>
      options.sizes.map((nodes) =>
        figureOfAll(found.filter((figure) => figure.workload === name && figure.nodes === nodes)),
      ),
    );
    const named = figures.map((figure) => ({ ...figure, name: figure.workload }));
    const plot = throughputPlot(
      `Throughput over the size of the ring, R = ${options.copies}, C = ${options.concurrency}, ${machine.cores} cores for all`,
      named,
      machine,
      { label: 'nodes', scale: 'linear', of: ({ nodes }) => nodes },
    );
    await publish(
      {
        name: 'ring-size',
        machine,
        tables: [figureTable(figures)],
        data: { figures },
        plots: { throughput: plot },
      },
      options.output,
    );
    return 0;
  },
);

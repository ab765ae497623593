/** `npm run bench -- clusters`: the mixes, sizes and popularities of production caches. */

import { option, optionValues } from '@ringkeep/process/command-line';
import { integers, PACE_OPTIONS, paceOf, SETTING_OPTIONS } from '../bench-options';
import { benchCommand } from '../command';
import { clusterWorkload } from '../load/cluster-workload';
import { closedLoops, measureWorkloads } from '../measure-workloads';
import { cacheClusters } from '../recorded-data';
import { figureTable } from '../report/figure-table';
import { thisMachine } from '../report/machine';
import { publish } from '../report/results';

/** Chosen to differ: read-only and hot, write-heavy and flat, with deletes, with small, large and very large values. */
const CHOSEN = [4, 12, 14, 17, 19, 23, 37, 52];
const specs = {
  clusters: option({
    flag: '--clusters <numbers>',
    text: 'which of the 54 clusters',
    read: integers(1, 54),
    default: CHOSEN,
    defaultText: CHOSEN.join(','),
  }),
  keys: option({
    flag: '--keys <count>',
    text: 'keys of a cluster at most; fewer where values are large',
    read: optionValues.integer(1, 10_000_000),
    default: 20_000,
  }),
  ...SETTING_OPTIONS,
  ...PACE_OPTIONS,
};

export const clusters = benchCommand(
  'clusters',
  'Operation mixes, sizes and popularities of production cache clusters, as Twitter measured them (closed loop).',
  specs,
  async (options, abort) => {
    const known = cacheClusters();
    if (!known) return 0;
    const machine = thisMachine();
    const workloads = known
      .filter(({ cluster }) => options.clusters.includes(cluster))
      .map((cluster) => clusterWorkload(cluster, options.keys))
      .filter((workload) => workload !== undefined);
    const setting = { ...options, loops: closedLoops(options.concurrency) };
    const figures = await measureWorkloads(workloads, setting, paceOf(options), abort);
    await publish(
      { name: 'clusters', machine, tables: [figureTable(figures)], data: { figures } },
      options.output,
    );
    return 0;
  },
);

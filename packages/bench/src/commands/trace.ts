/** `npm run bench -- trace`: the real reads of a web shop, in their order. */

import { PACE_OPTIONS, paceOf, SETTING_OPTIONS } from '../bench-options';
import { benchCommand } from '../command';
import { closedLoops, measureWorkloads } from '../measure-workloads';
import { webShopReads } from '../recorded-data';
import { figureTable } from '../report/figure-table';
import { thisMachine } from '../report/machine';
import { publish } from '../report/results';
import { plainWorkload } from '../workloads';

export const trace = benchCommand(
  'trace',
  'Reads recorded at a web shop, in their order (closed loop).',
  { ...SETTING_OPTIONS, ...PACE_OPTIONS },
  async (options, abort) => {
    const reads = webShopReads();
    if (!reads) return 0;
    const machine = thisMachine();
    const indexOf = new Map<number, number>();
    const indices = reads.map((key) => {
      const known = indexOf.get(key) ?? indexOf.size;
      indexOf.set(key, known);
      return known;
    });
    const workload = plainWorkload('get', {
      name: 'web shop',
      keys: indexOf.size,
      popularity: { kind: 'sequence', indices },
    });
    const setting = { ...options, loops: closedLoops(options.concurrency) };
    const figures = await measureWorkloads([workload], setting, paceOf(options), abort);
    await publish(
      { name: 'trace', machine, tables: [figureTable(figures)], data: { figures } },
      options.output,
    );
    return 0;
  },
);

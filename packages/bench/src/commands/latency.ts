/** `npm run bench -- latency`: latencies at given rates, in an open loop, so that no stall goes unnoticed. */

import { option, optionValues } from '@ringkeep/process/command-line';
import { integers, LOAD_OPTIONS, PACE_OPTIONS, paceOf, SETTING_OPTIONS } from '../bench-options';
import { benchCommand } from '../command';
import { measureWorkloads } from '../measure-workloads';
import { figureTable } from '../report/figure-table';
import { thisMachine } from '../report/machine';
import { latencyPlots } from '../report/plots';
import { publish } from '../report/results';
import { KEY_BYTES, KEYS, keysThatFit, plainWorkload, VALUE_BYTES } from '../workloads';

const { nodes, copies, targets } = SETTING_OPTIONS;

const specs = {
  rates: option({
    flag: '--rates <counts>',
    text: 'operations a second that are offered',
    read: integers(1, 10_000_000),
    default: [2_000],
    defaultText: '2000',
  }),
  operations: LOAD_OPTIONS.operations,
  keys: { ...LOAD_OPTIONS.keys, default: KEYS / 5 },
  valueBytes: option({
    flag: '--value-bytes <count>',
    text: 'bytes of a value',
    read: optionValues.integer(1, 1 << 20),
    default: VALUE_BYTES,
  }),
  ...{ nodes, copies, targets },
  ...PACE_OPTIONS,
};

export const latency = benchCommand(
  'latency',
  'Latency percentiles at given rates (open loop: counted from when an operation was due).',
  specs,
  async (options, abort) => {
    const machine = thisMachine();
    const { valueBytes } = options;
    const base = { keys: keysThatFit(options.keys, KEY_BYTES, valueBytes), valueBytes };
    const workloads = options.operations.map((kind) => plainWorkload(kind, base));
    const loops = options.rates.map((ratePerSecond) => ({ kind: 'open', ratePerSecond }) as const);
    const figures = await measureWorkloads(workloads, { ...options, loops }, paceOf(options), abort);
    await publish(
      {
        name: 'latency',
        machine,
        tables: [figureTable(figures)],
        data: { figures },
        plots: latencyPlots(figures, machine),
      },
      options.output,
    );
    return 0;
  },
);

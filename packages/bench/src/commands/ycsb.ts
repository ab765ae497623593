/** `npm run bench -- ycsb`: the core workloads of the Yahoo! Cloud Serving Benchmark, with its distributions. */

import { option, optionValues } from '@ringkeep/process/command-line';
import { names, PACE_OPTIONS, paceOf, SETTING_OPTIONS } from '../bench-options';
import { benchCommand } from '../command';
import type { WorkloadSpec } from '../load/workload';
import { closedLoops, measureWorkloads } from '../measure-workloads';
import { figureTable } from '../report/figure-table';
import type { Figure } from '../report/figure';
import { thisMachine } from '../report/machine';
import { publish } from '../report/results';

/** A YCSB record: ten fields of 100 bytes, here one value; its keys are `user` and up to 20 digits. */
const RECORD_BYTES = 1_000;
const KEY_BYTES = 24;

const ALL = ['a', 'b', 'c', 'd', 'e', 'f'] as const;
const CORE: Readonly<Record<(typeof ALL)[number], Pick<WorkloadSpec, 'name' | 'mix' | 'popularity'>>> = {
  a: { name: 'YCSB A', mix: { get: 0.5, set: 0.5 }, popularity: { kind: 'scrambled-zipfian' } },
  b: { name: 'YCSB B', mix: { get: 0.95, set: 0.05 }, popularity: { kind: 'scrambled-zipfian' } },
  c: { name: 'YCSB C', mix: { get: 1 }, popularity: { kind: 'scrambled-zipfian' } },
  d: { name: 'YCSB D', mix: { get: 0.95, insert: 0.05 }, popularity: { kind: 'latest' } },
  e: { name: 'YCSB E', mix: { range: 0.95, insert: 0.05 }, popularity: { kind: 'scrambled-zipfian' } },
  f: { name: 'YCSB F', mix: { get: 0.5, modify: 0.5 }, popularity: { kind: 'scrambled-zipfian' } },
};

const specs = {
  workloads: option({
    flag: '--workloads <letters>',
    text: `some of ${ALL.join(', ')}`,
    read: names(...ALL),
    default: [...ALL],
    defaultText: ALL.join(','),
  }),
  keys: option({
    flag: '--keys <count>',
    text: 'records',
    read: optionValues.integer(1_000, 10_000_000),
    default: 20_000,
  }),
  valueBytes: option({
    flag: '--value-bytes <count>',
    text: 'bytes of a record',
    read: optionValues.integer(1, 1 << 20),
    default: RECORD_BYTES,
  }),
  ...SETTING_OPTIONS,
  ...PACE_OPTIONS,
};

export const ycsb = benchCommand('ycsb', 'YCSB A to F (closed loop).', specs, async (options, abort) => {
  const machine = thisMachine();
  const { keys, valueBytes } = options;
  const workloads = ALL.filter((letter) => options.workloads.includes(letter)).map((letter) => ({
    ...CORE[letter],
    ...{ keys, keyBytes: KEY_BYTES, keyPrefix: `user-${letter}`, valueBytes },
  }));
  const setting = { ...options, loops: closedLoops(options.concurrency) };
  const figures: Figure[] = [];
  for (const [group, keyIndex] of [
    [workloads.filter(({ mix }) => mix.range === undefined), false],
    [workloads.filter(({ mix }) => mix.range !== undefined), true],
  ] as const)
    figures.push(...(await measureWorkloads(group, { ...setting, keyIndex }, paceOf(options), abort)));
  await publish({ name: 'ycsb', machine, tables: [figureTable(figures)], data: { figures } }, options.output);
  return 0;
});

/**
 * `npm run bench -- scans`: how many entries a second one client reads of all that there are, in the cheapest order, in
 * the order of the keys, and of one tag; and how soon the first of them come.
 *
 * etcd has one order, that of the keys. Redis has no order: its SCAN tells keys, whose values are asked for page by page.
 */

import { option, optionValues } from '@ringkeep/process/command-line';
import { names, PACE_OPTIONS, paceOf, SETTING_OPTIONS } from '../bench-options';
import { benchCommand } from '../command';
import { Contest, type Contestant } from '../contest';
import { contestants } from '../contestants';
import type { ReadAllSample } from '../load/reading-all';
import type { WorkloadSpec } from '../load/workload';
import { mergedLatencies } from '../report/figure';
import { count, milliseconds, sizeText, spreadText } from '../report/figure-table';
import { thisMachine } from '../report/machine';
import { publish } from '../report/results';
import { spreadOf } from '../report/spread';
import { TAG, type ReadOrder } from '../targets/target';
import { KEY_BYTES, plainWorkload, VALUE_BYTES } from '../workloads';

const KEYS = 200_000;
/** Of them, so many have the tag. */
const TAGGED_PART = 1 / 4;
const FIRSTS = 100;
const US_PER_MS = 1_000;

const ORDERS = ['scan', 'range', 'tag'] as const;
const TEXTS: Readonly<Record<ReadOrder, string>> = {
  scan: 'all entries',
  range: 'all entries in the order of their keys',
  tag: 'the entries of one tag in the order of their keys',
};
const OFFERED_BY: Readonly<Record<ReadOrder, readonly string[]>> = {
  scan: ['Ringkeep', 'ioredis', 'etcd3'],
  range: ['Ringkeep', 'etcd3'],
  tag: ['Ringkeep', 'etcd3'],
};

const specs = {
  orders: option({
    flag: '--orders <names>',
    text: `some of ${ORDERS.join(', ')}`,
    read: names(...ORDERS),
    default: [...ORDERS],
    defaultText: ORDERS.join(','),
  }),
  keys: option({
    flag: '--keys <count>',
    text: 'entries; a quarter of them have one tag',
    read: optionValues.integer(100, 10_000_000),
    default: KEYS,
  }),
  valueBytes: option({
    flag: '--value-bytes <count>',
    text: 'bytes of a value',
    read: optionValues.integer(1, 1 << 20),
    default: VALUE_BYTES,
  }),
  nodes: SETTING_OPTIONS.nodes,
  copies: SETTING_OPTIONS.copies,
  targets: SETTING_OPTIONS.targets,
  ...PACE_OPTIONS,
};

export const scans = benchCommand(
  'scans',
  'Entries a second of scans and ranges, and the time until the first entry.',
  specs,
  async (options, abort) => {
    const machine = thisMachine();
    const { keys, valueBytes, orders, nodes, copies } = options;
    const pace = paceOf(options);
    const setting = { nodes: Math.max(nodes, copies), copies, durable: true, valueBytes, keyIndex: true };
    const contest = await Contest.open(contestants(options.targets, setting), abort);
    const tagged = Math.floor(keys * TAGGED_PART);
    const rows: string[][] = [];
    const figures: object[] = [];
    try {
      await contest.load(entriesOf('k', keys - tagged, valueBytes), abort);
      await contest.load(entriesOf(TAG, tagged, valueBytes), abort);
      for (const order of orders) {
        const read = ({ generator, system }: Contestant): Promise<ReadAllSample> =>
          generator.readAll({
            order,
            entries: order === 'tag' ? tagged : keys,
            measureMs: pace.measureMs,
            firsts: FIRSTS,
            serverPids: system.pids,
          });
        for (const { contestant, results } of await contest.inTurn(
          pace.rounds,
          OFFERED_BY[order],
          read,
          abort,
        )) {
          const { spec, system } = contestant;
          rows.push([TEXTS[order], spec.name, ...cellsOf(results)]);
          figures.push({ order, name: spec.name, label: system.label, samples: results });
        }
      }
    } finally {
      await contest.close();
    }
    const head = [
      'read',
      'by',
      'entries a second',
      'spread',
      'client, µs',
      'server, µs',
      'first entry p50, ms',
      'p99',
    ];
    await publish(
      {
        name: 'scans',
        machine,
        tables: [{ head, rows }],
        verdicts: [
          `${count(keys)} entries of ${valueBytes} bytes, ${sizeText(setting.nodes)}, R = ${copies}`,
        ],
        data: { keys, valueBytes, figures },
      },
      options.output,
    );
    return 0;
  },
);

function entriesOf(keyPrefix: string, keys: number, valueBytes: number): WorkloadSpec {
  return plainWorkload('get', { keyPrefix, keys, keyBytes: KEY_BYTES, valueBytes });
}

function cellsOf(samples: readonly ReadAllSample[]): string[] {
  const rates = spreadOf(samples.map(({ entries, seconds }) => entries / seconds));
  const client = spreadOf(samples.map(({ clientCpuUs, entries }) => clientCpuUs / entries));
  const server = spreadOf(samples.map(({ serverCpuUs = Number.NaN, entries }) => serverCpuUs / entries));
  const firsts = mergedLatencies(samples.map(({ firsts: latencies }) => ({ latencies })));
  return [
    count(rates.median),
    spreadText(rates),
    client.median.toFixed(2),
    server.median.toFixed(2),
    ...[50, 99].map((at) => milliseconds(firsts.getValueAtPercentile(at) / US_PER_MS)),
  ];
}

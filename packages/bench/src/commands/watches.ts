/**
 * `npm run bench -- watches`: how fast one watcher is told what it has missed, and how long after its write an event is
 * there, by the number of watchers.
 *
 * The writes come at a given rate from a process of their own (open loop), each with the time at which its value was
 * made. All watchers of a system are in another process. Each watches a part of the keys, so that every write is one
 * event. The lag runs from the acknowledgement of the write to its event, and is 0 where the event came first. What the
 * write itself took stands beside it.
 *
 * Redis has nothing that is told what it has missed. For the lags its writer also publishes what it writes, which is told
 * at most once.
 */

import { setTimeout as pause } from 'node:timers/promises';
import { encodeIntoCompressedBase64 } from 'hdr-histogram-js';
import { option, optionValues } from '@ringkeep/process/command-line';
import { integers, PACE_OPTIONS, paceOf, SETTING_OPTIONS } from '../bench-options';
import { benchCommand } from '../command';
import { Contest, type Contestant, type Pace } from '../contest';
import { contestants, PUBLISHING_REDIS } from '../contestants';
import { GeneratorProcess } from '../load/generator-process';
import type { Sample } from '../load/generator-protocol';
import { newHistogram } from '../load/recorder';
import { delaysBetween, type StampedList } from '../load/stamped-times';
import { keyText, type WorkloadSpec } from '../load/workload';
import { mergedLatencies } from '../report/figure';
import { count, milliseconds, sizeText, spreadText } from '../report/figure-table';
import { thisMachine } from '../report/machine';
import { publish, type TableData } from '../report/results';
import { spreadOf } from '../report/spread';
import { KEY_BYTES, plainWorkload, VALUE_BYTES } from '../workloads';

/** A power of ten: the keys of each watcher then have a prefix of their own. */
const KEYS = 100_000;
const MISSED_EVENTS = 200_000;
/** Room for what is missed, with what a node counts for each. */
const HISTORY_MIB = 128;
/** How long after the last write events are waited for. */
const SETTLE_MS = 500;
const US_PER_MS = 1_000;
/** Those that keep what a watcher has missed. */
const KEPT_BY = ['Ringkeep', 'etcd3'];
const TOLD_BY = [...KEPT_BY, PUBLISHING_REDIS];

const specs = {
  watchers: option({
    flag: '--watchers <counts>',
    text: 'watchers: powers of ten',
    read: integers(1, 10_000),
    default: [1, 100, 1_000],
    defaultText: '1,100,1000',
  }),
  rates: option({
    flag: '--rates <counts>',
    text: 'writes a second',
    read: integers(1, 1_000_000),
    default: [1_000, 10_000],
    defaultText: '1000,10000',
  }),
  missed: option({
    flag: '--missed <count>',
    text: 'events that one watcher has missed and is told then',
    read: optionValues.integer(100, 10_000_000),
    default: MISSED_EVENTS,
  }),
  nodes: SETTING_OPTIONS.nodes,
  copies: SETTING_OPTIONS.copies,
  targets: SETTING_OPTIONS.targets,
  ...PACE_OPTIONS,
};

export const watches = benchCommand(
  'watches',
  'Events a second to one watcher, and their lag by the number of watchers (open loop).',
  specs,
  async (options, abort) => {
    const machine = thisMachine();
    const { nodes, copies, missed, watchers, rates } = options;
    const pace = paceOf(options);
    const setting = {
      ...{ nodes: Math.max(nodes, copies), copies, durable: true, valueBytes: VALUE_BYTES },
      watchHistoryMib: HISTORY_MIB,
      publishes: true,
    };
    const contest = await Contest.open(contestants(options.targets, setting), abort);
    try {
      const behind = await measureBehind(contest, missed, pace, abort);
      const lags: Lags[] = [];
      for (const rate of rates)
        for (const watching of watchers)
          lags.push(...(await measureLags(contest, watching, rate, pace, abort)));
      await publish(
        {
          name: 'watches',
          machine,
          tables: [behindTable(behind, missed), lagTable(lags)],
          verdicts: [`${sizeText(setting.nodes)}, R = ${copies}, values of ${VALUE_BYTES} bytes`],
          data: { missed, behind, lags },
        },
        options.output,
      );
    } finally {
      await contest.close();
    }
    return 0;
  },
);

interface Behind {
  readonly name: string;
  readonly perSecond: readonly number[];
}

async function measureBehind(
  contest: Contest,
  missed: number,
  pace: Pace,
  abort: AbortSignal,
): Promise<Behind[]> {
  const workload = plainWorkload('set', { keyPrefix: 'm', keys: missed });
  const all = await contest.inTurn(
    1,
    KEPT_BY,
    async ({ generator }: Contestant) => {
      const since = await generator.watchedFrom();
      await generator.load(workload, () => undefined);
      await generator.catchUp(since, missed);
      const perSecond: number[] = [];
      for (let round = 0; round < pace.rounds; round++)
        perSecond.push(missed / (await generator.catchUp(since, missed)));
      return perSecond;
    },
    abort,
  );
  return all.map(({ contestant, results }) => ({ name: contestant.spec.name, perSecond: results.flat() }));
}

function behindTable(behind: readonly Behind[], missed: number): TableData {
  return {
    head: ['one watcher is told what it has missed, by', 'events', 'events a second', 'spread'],
    rows: behind.map(({ name, perSecond }) => {
      const rate = spreadOf(perSecond);
      return [name, count(missed), count(rate.median), spreadText(rate)];
    }),
  };
}

interface Lags {
  readonly name: string;
  readonly watchers: number;
  readonly rate: number;
  readonly samples: readonly LagSample[];
}

interface LagSample {
  readonly written: Sample;
  readonly events: number;
  /** HDR histograms, compressed, in base64, µs: from the acknowledgement of a write to its event … */
  readonly lags: string;
  /** … and from the making of its value. */
  readonly sinceMade: string;
}

async function measureLags(
  contest: Contest,
  watchers: number,
  ratePerSecond: number,
  pace: Pace,
  abort: AbortSignal,
): Promise<Lags[]> {
  const workload: WorkloadSpec = { ...plainWorkload('set', { keys: KEYS }), stamped: true };
  const run = async ({ generator, system, spec }: Contestant) => {
    const watching = await GeneratorProcess.start(system.target(spec.way));
    try {
      await watching.watch(prefixes(watchers));
      const loop = { kind: 'open', ratePerSecond } as const;
      const writing = generator.run({ ...pace, workload, loop, seed: 1, serverPids: system.pids });
      await pause(pace.warmUpMs, undefined, { signal: abort });
      await watching.countEvents();
      const { writtenAt = [], ...written } = await writing;
      await pause(SETTLE_MS, undefined, { signal: abort });
      return lagSample(written, writtenAt, (await watching.endWatches()).told);
    } finally {
      await watching.stop();
    }
  };
  const all = await contest.inTurn(pace.rounds, TOLD_BY, run, abort);
  return all.map(({ contestant, results }) => ({
    name: contestant.spec.name,
    watchers,
    rate: ratePerSecond,
    samples: results,
  }));
}

function lagSample(written: Sample, writtenAt: StampedList, told: StampedList): LagSample {
  const made = told.map((ms, i) => (i % 2 === 0 ? ms : (told[i - 1] as number)));
  return {
    written,
    events: told.length / 2,
    lags: histogramOf(delaysBetween(writtenAt, told)),
    sinceMade: histogramOf(delaysBetween(made, told)),
  };
}

function histogramOf(delaysMs: readonly number[]): string {
  const histogram = newHistogram();
  for (const ms of delaysMs) histogram.recordValue(Math.max(1, Math.round(ms * US_PER_MS)));
  return encodeIntoCompressedBase64(histogram);
}

/** Such that each key has one of them. */
function prefixes(watchers: number): string[] {
  if (watchers === 1) return [''];
  const perWatcher = KEYS / watchers;
  const cut = Math.log10(perWatcher);
  if (!Number.isInteger(cut))
    throw new Error(`watchers must be a power of ten up to ${KEYS}, got ${watchers}`);
  return Array.from({ length: watchers }, (_, index) =>
    keyText(index * perWatcher, KEY_BYTES).slice(0, KEY_BYTES - cut),
  );
}

function lagTable(lags: readonly Lags[]): TableData {
  const head = [
    'writes a second',
    'watchers',
    'by',
    'written a second',
    'write p50, ms',
    'write p99',
    'events',
  ];
  return {
    head: [...head, 'lag p50, ms', 'lag p99', 'most', 'from making p99, ms', 'server, µs a write'],
    rows: lags.map(({ name, watchers, rate, samples }) => {
      const written = samples.map((sample) => sample.written);
      const writes = mergedLatencies(written);
      const told = mergedLatencies(samples.map((sample) => ({ latencies: sample.lags })));
      const sinceMade = mergedLatencies(samples.map((sample) => ({ latencies: sample.sinceMade })));
      const at = (us: number): string => milliseconds(us / US_PER_MS);
      const server = spreadOf(
        written.map(({ serverCpuUs = Number.NaN, completed }) => serverCpuUs / completed),
      );
      return [
        count(rate),
        count(watchers),
        name,
        count(spreadOf(written.map(({ completed, seconds }) => completed / seconds)).median),
        at(writes.getValueAtPercentile(50)),
        at(writes.getValueAtPercentile(99)),
        count(samples.reduce((sum, sample) => sum + sample.events, 0)),
        at(told.getValueAtPercentile(50)),
        at(told.getValueAtPercentile(99)),
        at(told.maxValue),
        at(sinceMade.getValueAtPercentile(99)),
        server.median.toFixed(1),
      ];
    }),
  };
}

/** Options that several benchmarks share, and the pace that they amount to. */

import { option, optionValues } from '@ringkeep/process/command-line';
import type { Pace } from './contest';
import { CONTESTANTS, type ContestantName } from './contestants';
import { KEYS, type PlainKind } from './workloads';

type Reader<T> = optionValues.ValueReader<T>;

export const SETTING_OPTIONS = {
  concurrency: option({
    flag: '--concurrency <counts>',
    text: 'operations outstanding',
    read: integers(1, 100_000),
    default: [64, 1_024],
    defaultText: '64,1024',
  }),
  nodes: option({
    flag: '--nodes <count>',
    text: 'nodes of the ring',
    read: optionValues.integer(1, 16),
    default: 1,
  }),
  copies: option({
    flag: '--replication <count>',
    text: 'copies of each key',
    read: optionValues.integer(1, 7),
    default: 1,
  }),
  targets: option({
    flag: '--targets <names>',
    text: `what to measure: some of ${CONTESTANTS.join(', ')}`,
    read: names(...CONTESTANTS),
    default: ['ringkeep', 'redis', 'etcd'] as ContestantName[],
    defaultText: 'ringkeep,redis,etcd',
  }),
};

export const LOAD_OPTIONS = {
  operations: option({
    flag: '--operations <kinds>',
    text: 'some of get, set, swap (compare-and-set on the version) and count (add 1)',
    read: names('get', 'set', 'swap', 'count'),
    default: ['get', 'set'] as PlainKind[],
    defaultText: 'get,set',
  }),
  keys: option({
    flag: '--keys <count>',
    text: 'keys; fewer where values are large',
    read: optionValues.integer(1, 10_000_000),
    default: KEYS,
  }),
};

export const PACE_OPTIONS = {
  rounds: option({
    flag: '--rounds <count>',
    text: 'how often each point is measured; the median counts (default 3; 1 with --quick)',
    read: optionValues.integer(1, 100),
  }),
  seconds: option({
    flag: '--seconds <count>',
    text: 'how many seconds a measurement takes (default 3)',
    read: optionValues.integer(1, 3_600),
  }),
  quick: option({
    flag: '--quick',
    text: 'short and rough, to see that everything works',
    read: optionValues.yesOrNo,
    default: false,
  }),
  output: option({
    flag: '--output <folder>',
    text: 'folder for the figures (JSON) and the plots (SVG)',
    read: optionValues.text,
    default: 'bench-results',
  }),
};

const FULL: Pace = { rounds: 3, warmUpMs: 2_000, measureMs: 3_000 };
const QUICK: Pace = { rounds: 1, warmUpMs: 300, measureMs: 500 };

export function paceOf(options: {
  readonly rounds: number | undefined;
  readonly seconds: number | undefined;
  readonly quick: boolean;
}): Pace {
  const pace = options.quick ? QUICK : FULL;
  return {
    ...pace,
    rounds: options.rounds ?? pace.rounds,
    measureMs: options.seconds === undefined ? pace.measureMs : options.seconds * 1_000,
  };
}

/** Integers, separated by commas. */
export function integers(least: number, most: number): Reader<number[]> {
  const one = optionValues.integer(least, most);
  return (given) => given.split(',').map((part) => one(part.trim()));
}

/** Some of these names, separated by commas. */
export function names<const Choices extends readonly string[]>(
  ...choices: Choices
): Reader<Choices[number][]> {
  const one = optionValues.choice(...choices);
  return (given) => given.split(',').map((part) => one(part.trim()) as Choices[number]);
}

/** The command line of the simulator. */

import { option, optionValues, parseProgram } from '@ringkeep/process/command-line';
import { RULES, type Rule } from './left-out';
import { FAULT_KINDS, type FaultKind } from './fault-kinds';
import { FOCUS_NAMES } from './focuses';
import type { Adjustments } from './scenario';

const SEED_MAX = 2 ** 31;

const faultKinds: optionValues.ValueReader<FaultKind[]> = (given) => {
  const kinds = given.split(',').map((kind) => kind.trim());
  const unknown = kinds.find((kind) => !(FAULT_KINDS as readonly string[]).includes(kind));
  if (unknown !== undefined) throw new Error(`must be some of ${FAULT_KINDS.join(', ')}`);
  return kinds as FaultKind[];
};

const specs = {
  seeds: option({
    flag: '--seeds <number>',
    text: 'how many seeds to run',
    read: optionValues.integer(1, SEED_MAX),
    default: 1_000,
  }),
  from: option({
    flag: '--from <seed>',
    text: 'the first seed',
    read: optionValues.integer(1, SEED_MAX),
    default: 1,
  }),
  seed: option({
    flag: '--seed <seed>',
    text: 'run this one seed only',
    read: optionValues.integer(1, SEED_MAX),
  }),
  trace: option({
    flag: '--trace',
    text: 'print the whole story of that seed',
    read: optionValues.yesOrNo,
    default: false,
  }),
  shrink: option({
    flag: '--shrink',
    text: 'look for the shortest story of that seed',
    read: optionValues.yesOrNo,
    default: false,
  }),
  without: option({
    flag: '--without <faults>',
    text: `kinds of faults to leave out: ${FAULT_KINDS.join(', ')}`,
    read: faultKinds,
  }),
  focus: option({
    flag: '--focus <name>',
    text: `the kind of story to make common, instead of the one that the seed draws: ${FOCUS_NAMES.join(', ')}, or none`,
    read: optionValues.choice('none', ...FOCUS_NAMES),
  }),
  safety: option({
    flag: '--safety <duration>',
    text: 'time with faults, at most',
    read: optionValues.durationMs(100, 600_000),
  }),
  clients: option({
    flag: '--clients <number>',
    text: 'clients, at most',
    read: optionValues.integer(1, 100),
  }),
  joins: option({
    flag: '--joins <number>',
    text: 'machines that join later, at most',
    read: optionValues.integer(0, 100),
  }),
  leaveOut: option({
    flag: '--leave-out <rule>',
    text: `a rule of the protocol to leave out: ${RULES.join(', ')}`,
    read: optionValues.choice(...RULES),
  }),
  planted: option({
    flag: '--planted',
    text: 'leave out one rule at a time, and look for a seed that notices, starting at --from',
    read: optionValues.yesOrNo,
    default: false,
  }),
  workers: option({
    flag: '--workers <number>',
    text: 'processes to run seeds in',
    read: optionValues.integer(1, 64),
    default: 2,
  }),
};

export interface SimulatorOptions {
  readonly seeds: number;
  readonly from: number;
  readonly workers: number;
  /** Set when one seed is asked for. */
  readonly seed: number | undefined;
  readonly trace: boolean;
  readonly shrink: boolean;
  readonly planted: boolean;
  readonly adjustments: Adjustments;
  readonly leftOut: Rule | undefined;
}

export function readOptions(args: readonly string[]): SimulatorOptions {
  const { options } = parseProgram(
    {
      name: 'ringkeep-simulate',
      text: 'Runs rings of nodes on virtual time, network and disks, with faults, and checks what they promise.',
      specs,
      env: {},
      helpTail: 'Example: npm run simulate -- --seeds 1000 --from 1',
    },
    args,
  );
  const { seeds, from, workers, seed, trace, shrink, planted } = options;
  const { focus, without, safety, clients, joins } = options;
  const adjustments: Adjustments = {
    ...(focus && { focus }),
    ...(without && { without }),
    ...(safety !== undefined && { safetyMs: safety }),
    ...(clients !== undefined && { clients }),
    ...(joins !== undefined && { machinesLater: joins }),
  };
  return { seeds, from, workers, seed, trace, shrink, planted, adjustments, leftOut: options.leaveOut };
}

/** The command line of the laboratory. */

import { option, optionValues, parseProgram, type OptionValues } from '@ringkeep/process/command-line';
import { SCHEME_NAMES } from '../scheme';

const { choice, integer, text } = optionValues;

export const EXPERIMENTS = [
  'ring',
  'growth',
  'balance',
  'failures',
  'decisions',
  'e-pastry',
  'picture',
] as const;

/** The largest ring that has been tried; two of many more nodes would meet in 52 bits. */
const NODES_MAX = 4_000_000;

const share: optionValues.ValueReader<number> = (given) => {
  const value = Number(given);
  if (given.trim() === '' || !(value >= 0 && value < 1))
    throw new Error('must be a number from 0 up to 1, 1 excluded');
  return value;
};

const specs = {
  experiment: option({
    flag: '--experiment <name>',
    text: EXPERIMENTS.join(', '),
    read: choice(...EXPERIMENTS),
    default: 'ring' as const,
  }),
  nodes: option({
    flag: '--nodes <number>',
    text: 'size of the ring, or of the largest one',
    read: integer(1, NODES_MAX),
    default: 10_000,
  }),
  scheme: option({
    flag: '--scheme <name>',
    text: `${SCHEME_NAMES.join(', ')} or all (experiment ring)`,
    read: choice(...SCHEME_NAMES, 'all'),
    default: 'all' as const,
  }),
  lookups: option({
    flag: '--lookups <number>',
    text: 'look-ups; keys of e-pastry; decisions in a run',
    read: integer(1, 100_000_000),
    default: 100_000,
  }),
  seed: option({
    flag: '--seed <number>',
    text: 'the same seed gives the same ring and the same look-ups',
    read: integer(0, 2 ** 31 - 1),
    default: 1,
  }),
  placement: option({
    flag: '--placement <name>',
    text: 'hash, or balanced: the best of 32',
    read: choice('hash', 'balanced'),
    default: 'hash' as const,
  }),
  dead: option({
    flag: '--dead <share>',
    text: 'share of the nodes that fail at once',
    read: share,
    default: 0.5,
  }),
  crowd: option({
    flag: '--crowd <number>',
    text: 'nodes that join at the same time (e-pastry)',
    read: integer(1, 1_000),
    default: 10,
  }),
  out: option({ flag: '--out <folder>', text: 'where JSON and SVG go', read: text, default: 'data/routing' }),
} as const;

export type LabOptions = OptionValues<typeof specs>;

export function readOptions(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): LabOptions {
  return parseProgram(
    {
      name: 'npm run routing --',
      text: 'Measures routing schemes on rings of up to millions of nodes.',
      specs,
      env,
      helpTail: [
        'Examples:',
        '  npm run routing -- --nodes 1000000 --scheme pastry --lookups 100000 --seed 1',
        '  npm run routing -- --experiment growth --nodes 1048576',
        '  npm run routing -- --experiment e-pastry --nodes 500 --lookups 5000 --dead 0.3',
      ].join('\n'),
    },
    args,
  ).options;
}

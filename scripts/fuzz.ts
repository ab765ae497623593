/**
 * `npm run fuzz -- TARGET --inputs 1000000`: feeds the parsers of a door what nobody should send. Ends with 1 if one of
 * them breaks, takes too long, or keeps memory; the seed that is told repeats it.
 */

import { RingError } from '@ringkeep/shared';
import { option, optionValues, runScript } from '@ringkeep/process/command-line';
import { runTarget } from './fuzz/run-target';
import { TARGETS } from './fuzz/targets';

const names = Object.keys(TARGETS) as (keyof typeof TARGETS)[];

const specs = {
  inputs: option({
    flag: '--inputs <count>',
    text: 'how many inputs',
    read: optionValues.integer(1, 1_000_000_000),
    default: 100_000,
  }),
  seed: option({
    flag: '--seed <number>',
    text: 'seed of the inputs',
    read: optionValues.integer(0, 2 ** 30),
    default: 1,
  }),
};

const script = {
  name: 'npm run fuzz --',
  text: 'Feeds the parsers of a door any bytes, and pieces of its grammar in any order.',
  specs,
  operands: names.map((name) => ({ name: `[${name}]`, text: TARGETS[name].text })),
};

runScript(script, async ({ inputs, seed }, operands) => {
  const unknown = operands.find((operand) => !Object.hasOwn(TARGETS, operand));
  if (unknown !== undefined)
    throw new RingError('INVALID_ARGUMENT', `unknown target ${unknown}; there are ${names.join(', ')}`);
  const chosen = operands.length === 0 ? names : (operands as typeof names);
  const told = (line: string): void => console.log(line);
  for (const name of chosen) {
    console.log(`${name}: ${inputs} inputs, seed ${seed}`);
    if (!runTarget(TARGETS[name], { inputs, seed, told })) return 1;
  }
  return 0;
});

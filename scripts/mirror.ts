/**
 * `npm run mirror`: a watcher that mirrors a ring of real processes has its content at the end, through joins, leaves and
 * `kill -9`, was told each change once, and lost nothing. Ends with 1 otherwise.
 */

import { Random } from '@ringkeep/shared';
import { option, optionValues, runScript } from '@ringkeep/process/command-line';
import { verdict, withTemporaryRing } from '@ringkeep/local-ring';
import { mirrorThrough } from './mirrored-ring';

const count = optionValues.integer(0, 1_000);
const specs = {
  nodes: option({
    flag: '--nodes <count>',
    text: 'nodes at first',
    read: optionValues.integer(3, 32),
    default: 4,
  }),
  joins: option({ flag: '--joins <count>', text: 'nodes that join', read: count, default: 10 }),
  leaves: option({ flag: '--leaves <count>', text: 'nodes that leave', read: count, default: 10 }),
  kills: option({ flag: '--kills <count>', text: 'nodes that are killed', read: count, default: 10 }),
  seed: option({
    flag: '--seed <number>',
    text: 'seed of the order of things',
    read: optionValues.integer(0, 2 ** 31),
    default: 1,
  }),
};

const script = { name: 'npm run mirror --', text: 'Mirrors a ring that changes, by a watch.', specs };

runScript(script, ({ nodes, seed, ...rounds }) =>
  withTemporaryRing(
    { name: 'mirror', nodes, replicationFactor: 3 },
    async ({ ring, client, unexpectedEnds }) => {
      const run = await mirrorThrough(ring, client, rounds, new Random(seed), (text) => console.log(text));
      const { events, lost, faults } = run.figures;
      console.log(
        `\n${run.writes} writes, ${events} events, ${lost} ranges lost, ${faults.length} out of order`,
      );
      const broken = [...faults, ...run.differing, ...unexpectedEnds];
      if (lost > 0) broken.push(`changes of ${lost} ranges were lost`);
      return verdict(broken, 'the mirror is the ring');
    },
  ),
);

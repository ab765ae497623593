/**
 * `npm run redis-pipelines`: pipelines of Set, Get, Incr and Get on one key, through one node, while other nodes of a
 * ring of real processes join, leave and are killed. Every reply must be of its place, and what it must be there. Ends
 * with 1 otherwise.
 */

import { Random } from '@ringkeep/shared';
import { option, optionValues, runScript } from '@ringkeep/process/command-line';
import { redisPortOf, verdict, withTemporaryRing, type NodePlace } from '@ringkeep/local-ring';
import { PipelineLoad } from './pipeline-load';
import { goThrough } from './ring-troubles';

const count = optionValues.integer(0, 1_000);
const specs = {
  nodes: option({
    flag: '--nodes <count>',
    text: 'nodes at first',
    read: optionValues.integer(3, 32),
    default: 4,
  }),
  pipelines: option({
    flag: '--pipelines <count>',
    text: 'how many at least',
    read: optionValues.integer(1, 100_000_000),
    default: 100_000,
  }),
  joins: option({ flag: '--joins <count>', text: 'nodes that join', read: count, default: 4 }),
  leaves: option({ flag: '--leaves <count>', text: 'nodes that leave', read: count, default: 4 }),
  kills: option({ flag: '--kills <count>', text: 'nodes that are killed', read: count, default: 4 }),
  seed: option({
    flag: '--seed <number>',
    text: 'seed of the order of things',
    read: optionValues.integer(0, 2 ** 31),
    default: 1,
  }),
};

const script = {
  name: 'npm run redis-pipelines --',
  text: 'Pipelines of a Redis client through a node, on a ring that changes.',
  specs,
};

runScript(script, ({ nodes, seed, pipelines, ...rounds }) =>
  withTemporaryRing(
    { name: 'redis-pipelines', nodes, replicationFactor: 3, nodeArgs: ['--redis-port', '0'] },
    async ({ ring, unexpectedEnds }) => {
      const random = new Random(seed);
      const [entrance] = ring.places;
      const load = await PipelineLoad.begin(await redisPortOf(entrance as NodePlace), random);
      await goThrough(ring, rounds, random, (text) => console.log(text), entrance);
      const { done, tryAgain, unknown, wrong } = await load.stop(pipelines);
      console.log(`\n${done} pipelines; ${tryAgain} replies TRYAGAIN, ${unknown} UNKNOWNOUTCOME`);
      return verdict([...wrong, ...unexpectedEnds], 'every reply was of its place');
    },
  ),
);

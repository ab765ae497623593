/**
 * `npm run redis-suite -- FOLDER`: the public test suite of Redis, from a folder of its sources, against the door for
 * Redis clients of a ring. It needs `tclsh`, and is not kept here: `git clone --depth 1
 * https://github.com/redis/redis` brings it.
 *
 * The suite runs in its mode for servers that somebody else has started. Cases that ask for what a ring does not offer
 * do not apply, for a reason that is told; the script ends with 1 if a case fails for any other.
 */

import { RingError } from '@ringkeep/shared';
import { option, optionValues, runScript } from '@ringkeep/process/command-line';
import { startRegistry } from '@ringkeep/registry';
import { RingNode } from '@ringkeep/dht-node';
import { judge, type CaseVerdict } from './redis-suite/judge';
import { commandsOf, preparedSuite, runFile } from './redis-suite/suite';
import { tables } from './redis-suite/tables';

const FILES = [
  'unit/type/string',
  'unit/type/incr',
  'unit/expire',
  'unit/keyspace',
  'unit/scan',
  'unit/multi',
  'unit/protocol',
  'unit/other',
  'unit/quit',
  'unit/pubsub',
];

const specs = {
  nodes: option({
    flag: '--nodes <count>',
    text: 'nodes of the ring; the suite is connected to the first one',
    read: optionValues.integer(1, 16),
    default: 3,
  }),
  only: option({
    flag: '--only <file>',
    text: `one file of it: ${FILES.join(', ')}`,
    read: optionValues.choice(...FILES),
  }),
};

const script = {
  name: 'npm run redis-suite --',
  text: 'Runs the test suite of Redis against the door for Redis clients.',
  specs,
  operands: [{ name: '<folder>', text: 'the sources of Redis' }],
};

runScript(script, async ({ only, nodes: count }, [folder]) => {
  if (folder === undefined)
    throw new RingError('INVALID_ARGUMENT', 'the folder of Redis’ sources is missing');
  const suite = await preparedSuite(folder);
  const registry = await startRegistry({ port: 0 });
  const nodes: RingNode[] = [];
  try {
    const redis = { host: '127.0.0.1', port: 0, allowFlush: true };
    for (let i = 0; i < count; i++)
      nodes.push(await RingNode.start({ port: 0, storage: 'memory', registry: registry.address, redis }));
    const port = Number(nodes[0]?.redisAddress?.split(':').at(-1));
    const known = await commandsOf(port);
    const verdicts = new Map<string, readonly CaseVerdict[]>();
    for (const file of only === undefined ? FILES : [only]) {
      const startedMs = performance.now();
      const verdict = judge(await runFile(suite.folder, file, port), known);
      console.log(
        `${file}: ${verdict.length} cases in ${Math.round((performance.now() - startedMs) / 1_000)} s`,
      );
      verdicts.set(file, verdict);
      for (const each of verdict)
        if (each.kind === 'failed') console.log(`${file}: ${each.name}\n${each.text}\n`);
    }
    console.log(tables(verdicts));
    return [...verdicts.values()].flat().some(({ kind }) => kind === 'failed') ? 1 : 0;
  } finally {
    for (const node of nodes) await node.stop();
    await registry.stop();
    await suite.remove();
  }
});

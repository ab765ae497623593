/** `npm run mass-leave -- SHARE`: that share of the ring's nodes leaves at once, handing over what it holds. */

import { Random, RingError } from '@ringkeep/shared';
import { createProgress, option, optionValues, runScript } from '@ringkeep/process/command-line';
import {
  askToLeave,
  connectedNodes,
  nodeName,
  ownedKeys,
  untilSettled,
  ringTable,
} from '@ringkeep/local-ring';

const SETTLE_MS = 600_000;

const specs = {
  registry: option({
    flag: '--registry <address>',
    env: 'REGISTRY_ADDRESS',
    text: 'address of the registry',
    read: optionValues.address,
    default: '127.0.0.1:50000',
  }),
  seed: option({
    flag: '--seed <number>',
    text: 'seed that picks the nodes',
    read: optionValues.integer(0, 2 ** 31),
    default: 1,
  }),
  timeout: option({
    flag: '--timeout <duration>',
    text: 'how long a node may take to leave',
    read: optionValues.durationMs(1_000, 3_600_000),
    default: 600_000,
    defaultText: '10m',
  }),
};

const script = {
  name: 'npm run mass-leave --',
  text: 'Makes a share of the ring’s nodes leave, all at once, and checks that no key was lost.',
  specs,
  operands: [{ name: '<share>', text: 'a share of the nodes, such as 30%, or a number of nodes' }],
};

runScript(script, async (options, [share]) => {
  const nodes = await connectedNodes(options.registry);
  const count = readShare(share, nodes.length);
  const before = ownedKeys(
    await untilSettled(
      nodes.map((node) => node.addr),
      SETTLE_MS,
    ),
  );
  const leaving = new Random(options.seed).shuffle([...nodes]).slice(0, count);
  const progress = createProgress({ label: 'leaving', unit: 'nodes', total: count });
  const started = performance.now();
  let gone = 0;
  const failures: string[] = [];
  await Promise.all(
    leaving.map(async (node) => {
      const reason = await askToLeave(node.addr, options.timeout);
      if (reason !== undefined) failures.push(`${nodeName(node.id)} at ${node.addr}: ${reason}`);
      progress.update(++gone);
    }),
  );
  progress.finish();
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(
    `${count - failures.length} of ${count} nodes left in ${seconds} s (of ${nodes.length} in the ring), ${failures.length} failed`,
  );
  for (const failure of failures) console.log(failure);
  const rest = await untilSettled(
    (await connectedNodes(options.registry)).map((node) => node.addr),
    SETTLE_MS,
  );
  console.log(`\n${ringTable(rest)}\n`);
  const lost = before - ownedKeys(rest);
  console.log(`keys before ${before}, after ${ownedKeys(rest)}${lost > 0 ? `: ${lost} LOST` : ''}`);
  return failures.length > 0 || lost > 0 ? 1 : 0;
});

/** At least one node, and never all: the last one has nobody to hand over to. */
function readShare(given: string | undefined, nodes: number): number {
  const parts = /^(\d+(?:\.\d+)?)(%?)$/.exec(given ?? '');
  const count = parts
    ? Math.round(parts[2] ? (Number(parts[1]) / 100) * nodes : Number(parts[1]))
    : Number.NaN;
  if (!(count >= 1 && count < nodes)) {
    throw new RingError(
      'INVALID_ARGUMENT',
      `SHARE must name from 1 to ${nodes - 1} of the ${nodes} nodes, as 30% or as a number`,
    );
  }
  return count;
}

/** `npm run mass-join -- COUNT`: that many nodes join a running ring at once. */

import {
  createProgress,
  option,
  optionValues,
  runScript,
  untilInterrupted,
} from '@ringkeep/process/command-line';
import { RingError } from '@ringkeep/shared';
import {
  freeRow,
  RingProcess,
  connectedNodes,
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
  storage: option({
    flag: '--storage <kind>',
    env: 'NODE_STORAGE',
    text: 'storage of the nodes: memory (they leave when this script is stopped) or disk (they keep their place)',
    read: optionValues.choice('memory', 'disk'),
    default: 'memory' as const,
  }),
  dataDir: option({
    flag: '--data-dir <folder>',
    env: 'DATA_DIR',
    text: 'where nodes on disk keep their data',
    read: optionValues.text,
    default: './data',
  }),
  basePort: option({
    flag: '--base-port <port>',
    env: 'BASE_PORT',
    text: 'first port; any free ones when left out',
    read: optionValues.integer(1, 65_000),
  }),
  leave: option({
    flag: '--leave',
    text: 'leave again at once instead of waiting for Ctrl-C',
    read: optionValues.yesOrNo,
    default: false,
  }),
};

const script = {
  name: 'npm run mass-join --',
  text: 'Adds nodes to a ring, all at once, and keeps them running until Ctrl-C.',
  specs,
  operands: [{ name: '<count>', text: 'how many nodes' }],
};

runScript(script, async (options, [count]) => {
  const wanted = readCount(count);
  const interrupted = untilInterrupted();
  const { basePort } = options;
  if (basePort !== undefined) await freeRow(basePort, basePort, wanted, '--base-port (BASE_PORT)');
  const present = await connectedNodes(options.registry);
  const keysBefore = ownedKeys(
    await untilSettled(
      present.map((node) => node.addr),
      SETTLE_MS,
    ),
  );
  const progress = createProgress({ label: 'joining', unit: 'nodes', total: wanted });
  const started = performance.now();
  let joined = 0;
  const nodes = Array.from({ length: wanted }, (_, index) => {
    const port = basePort === undefined ? 0 : basePort + index;
    const place =
      options.storage === 'memory'
        ? ['--storage', 'memory']
        : ['--data-dir', `${options.dataDir}/node-${port || `new-${process.pid}-${index}`}`];
    return RingProcess.start('node', [String(port), '--registry', options.registry, ...place]);
  });
  try {
    const failures: string[] = [];
    const joining = nodes.map((node) =>
      node.ready.then(
        () => progress.update(++joined),
        (error: Error) => void failures.push(error.message),
      ),
    );
    await Promise.race([Promise.all(joining), interrupted]);
    progress.finish();
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    const share = ((failures.length / wanted) * 100).toFixed(1);
    console.log(
      `${joined} of ${wanted} nodes joined in ${seconds} s, ${failures.length} failed (${share} %)`,
    );
    for (const failure of failures.slice(0, 3)) console.log(failure);
    const descriptions = await untilSettled(
      (await connectedNodes(options.registry)).map((node) => node.addr),
      SETTLE_MS,
    );
    console.log(`\n${ringTable(descriptions)}\n`);
    const lost = keysBefore - ownedKeys(descriptions);
    console.log(
      `keys before ${keysBefore}, after ${ownedKeys(descriptions)}${lost > 0 ? `: ${lost} LOST` : ''}`,
    );
    if (!options.leave && failures.length === 0) {
      console.log('Ctrl-C stops the new nodes');
      await interrupted;
    }
    return failures.length > 0 || lost > 0 ? 1 : 0;
  } finally {
    await Promise.all(nodes.map((node) => node.stop(120_000)));
  }
});

function readCount(given: string | undefined): number {
  try {
    return optionValues.integer(1, 1_000)(given ?? '');
  } catch (error) {
    throw new RingError('INVALID_ARGUMENT', `COUNT ${(error as Error).message}`);
  }
}

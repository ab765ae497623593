/** The machine on which the figures were measured; they mean little without it. */

import { cpus, loadavg, release, totalmem, type as systemName } from 'node:os';

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly system: string;
  readonly node: string;
  readonly measuredAt: string;
  /** Before the run. Anything well above zero means that the machine was not quiet. */
  readonly load: number;
}

export function thisMachine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${systemName()} ${release()}`,
    node: process.version,
    measuredAt: new Date().toISOString(),
    load: loadavg()[0] as number,
  };
}

export function describeMachine({ cpu, cores, memoryGiB, system, node, measuredAt, load }: Machine): string {
  return `${cpu}, ${cores} cores, ${memoryGiB} GiB, ${system}, Node ${node}, ${measuredAt.slice(0, 16).replace('T', ' ')} UTC, load before the run ${load.toFixed(1)}`;
}

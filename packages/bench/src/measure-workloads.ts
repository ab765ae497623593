/** Workloads one after another at the same servers, all of them durable, each load measured at every contestant. */

import { Contest, type Pace } from './contest';
import { contestants, type ContestantName } from './contestants';
import type { LoopSpec } from './load/generator-protocol';
import type { WorkloadSpec } from './load/workload';
import { offeredBy } from './workloads';
import type { Figure } from './report/figure';

export interface WorkloadSetting {
  readonly targets: readonly ContestantName[];
  readonly nodes: number;
  readonly copies: number;
  readonly loops: readonly LoopSpec[];
  /** Nodes of the ring keep an index of their keys. */
  readonly keyIndex?: boolean;
}

/** The keys of a workload are written before it is measured. */
export async function measureWorkloads(
  workloads: readonly WorkloadSpec[],
  { targets, nodes, copies, loops, keyIndex = false }: WorkloadSetting,
  pace: Pace,
  abort: AbortSignal,
): Promise<Figure[]> {
  if (workloads.length === 0) return [];
  const valueBytes = Math.max(...workloads.map((workload) => workload.valueBytes));
  const setting = { nodes: Math.max(nodes, copies), copies, durable: true, valueBytes, keyIndex };
  const contest = await Contest.open(contestants(targets, setting), abort);
  try {
    const figures: Figure[] = [];
    for (const workload of workloads) {
      process.stderr.write(`${workload.name}: ${workload.keys} keys\n`);
      await contest.load(workload, abort);
      const only = workload.mix.range === undefined ? undefined : offeredBy('range');
      const points = loops.map((loop) => ({ workload, loop, only }));
      figures.push(...(await contest.measure(points, pace, abort)));
    }
    return figures;
  } finally {
    await contest.close();
  }
}

export function closedLoops(concurrency: readonly number[]): LoopSpec[] {
  return concurrency.map((outstanding) => ({ kind: 'closed', concurrency: outstanding }));
}

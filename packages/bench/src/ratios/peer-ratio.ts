/** A ratio of two throughputs: medians over each other, with the least and the most of the rounds' own ratios. */

import { count, loadText } from '../report/figure-table';
import { best, type Figure } from '../report/figure';
import type { LoopSpec } from '../load/generator-protocol';
import type { Ratio } from './ratio';

export interface PeerRatioSpec {
  /** In words, e.g. "durable SET by the client". */
  readonly work: string;
  /** In words, e.g. "best ioredis + appendfsync always". */
  readonly against: string;
  /** The workload's name, and how many operations were outstanding. */
  readonly workload: string;
  readonly concurrency: number;
  /** Families of the two sides. */
  readonly ours: string;
  readonly theirs: string;
  readonly atLeast: number;
}

export function peerRatio(spec: PeerRatioSpec, figures: readonly Figure[]): Ratio {
  const loop: LoopSpec = { kind: 'closed', concurrency: spec.concurrency };
  const bestOf = (family: string): Figure | undefined =>
    best(
      figures.filter(
        (figure) =>
          figure.family === family &&
          figure.workload === spec.workload &&
          loadText(figure.loop) === loadText(loop),
      ),
    );
  const ours = bestOf(spec.ours);
  const theirs = bestOf(spec.theirs);
  const row = {
    work: `${spec.work}, ${loadText(loop)}`,
    against: spec.against,
    floor: `≥ ${spec.atLeast}`,
  };
  if (!ours || !theirs)
    return { ...row, measured: '–', behind: 'its server is not installed', met: undefined };
  const ratio = ours.operationsPerSecond.median / theirs.operationsPerSecond.median;
  const each = ours.samples.map(
    (sample, round) => rate(sample) / rate(theirs.samples[round] as typeof sample),
  );
  return {
    ...row,
    measured: `${ratio.toFixed(2)} (${Math.min(...each).toFixed(2)}–${Math.max(...each).toFixed(2)})`,
    behind: `${rateAndCpu(ours)} against ${rateAndCpu(theirs)} (${theirs.name})`,
    met: ratio >= spec.atLeast,
  };
}

/** CPU time an operation beside the rate, client + servers: it moves less than the rate when the machine is busy. */
function rateAndCpu({ operationsPerSecond, clientUs, serverUs }: Figure): string {
  const server = serverUs === undefined ? '' : ` + ${serverUs.median.toFixed(1)}`;
  return `${count(operationsPerSecond.median)}/s at ${clientUs.median.toFixed(1)}${server} µs`;
}

function rate({ completed, seconds }: { readonly completed: number; readonly seconds: number }): number {
  return completed / seconds;
}

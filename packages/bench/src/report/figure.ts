/** What was measured at one point of one contestant: each round, medians, and the spread. */

import { decodeFromCompressedBase64, type Histogram } from 'hdr-histogram-js';
import type { LoopSpec, Sample } from '../load/generator-protocol';
import { newHistogram } from '../load/recorder';
import type { Point } from '../point';
import type { System } from '../systems/system';
import { spreadOf, type Spread } from './spread';

export const PERCENTILES = [50, 90, 99, 99.9] as const;

export interface Figure {
  readonly name: string;
  readonly family: string;
  readonly label: string;
  readonly durability: string;
  readonly copies: number;
  readonly nodes: number;
  readonly workload: string;
  readonly valueBytes: number;
  readonly loop: LoopSpec;
  readonly operationsPerSecond: Spread;
  /** CPU time an operation. */
  readonly clientUs: Spread;
  readonly serverUs: Spread | undefined;
  /** Latency in milliseconds at each of PERCENTILES: the median of the rounds' percentiles. */
  readonly latencyMs: readonly Spread[];
  readonly latencyMaxMs: number;
  readonly missing: number;
  readonly failures: Readonly<Record<string, number>>;
  readonly samples: readonly Sample[];
}

type Subject = Pick<
  Figure,
  'name' | 'family' | 'label' | 'durability' | 'copies' | 'nodes' | 'workload' | 'valueBytes' | 'loop'
>;

export function figureOf(
  { name, family, system }: { readonly name: string; readonly family: string; readonly system: System },
  { workload, loop }: Point,
  samples: readonly Sample[],
): Figure {
  const { label, durability, copies, nodes } = system;
  const { name: work, valueBytes } = workload;
  return summed(
    { name, family, label, durability, copies, nodes, workload: work, valueBytes, loop },
    samples,
  );
}

/** Figures of one subject, measured in several contests, as one. */
export function figureOfAll(figures: readonly Figure[]): Figure {
  const [first] = figures as [Figure];
  return summed(
    first,
    figures.flatMap(({ samples }) => samples),
  );
}

function summed(subject: Subject, samples: readonly Sample[]): Figure {
  const histograms = samples.map(({ latencies }) => decodeFromCompressedBase64(latencies));
  const served = samples.map(({ serverCpuUs, completed }) => each(serverCpuUs, completed));
  const known = served.filter((us) => us !== undefined);
  return {
    ...subject,
    operationsPerSecond: spreadOf(samples.map(({ completed, seconds }) => completed / seconds)),
    clientUs: spreadOf(samples.map(({ clientCpuUs, completed }) => each(clientCpuUs, completed) as number)),
    serverUs: known.length === samples.length ? spreadOf(known) : undefined,
    latencyMs: PERCENTILES.map((at) =>
      spreadOf(histograms.map((histogram) => histogram.getValueAtPercentile(at) / 1_000)),
    ),
    latencyMaxMs: Math.max(...histograms.map(({ maxValue }) => maxValue)) / 1_000,
    missing: samples.reduce((sum, sample) => sum + sample.missing, 0),
    failures: addedUp(samples.map((sample) => sample.failures)),
    samples,
  };
}

/** All rounds in one histogram. */
export function mergedLatencies(samples: readonly Pick<Sample, 'latencies'>[]): Histogram {
  const merged = newHistogram();
  for (const { latencies } of samples) merged.add(decodeFromCompressedBase64(latencies));
  return merged;
}

/** The better of the variants of a family at one point; undefined when none was measured. */
export function best(figures: readonly Figure[]): Figure | undefined {
  return [...figures].sort((a, b) => b.operationsPerSecond.median - a.operationsPerSecond.median)[0];
}

function each(us: number | undefined, operations: number): number | undefined {
  return us === undefined ? undefined : us / Math.max(1, operations);
}

function addedUp(counts: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sum: Record<string, number> = {};
  for (const count of counts) {
    for (const [code, times] of Object.entries(count)) sum[code] = (sum[code] ?? 0) + times;
  }
  return sum;
}

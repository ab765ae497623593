/** The pictures of a run: throughput over the operations outstanding or over the ring's size, latency percentiles, memory. */

import { lineChart, PALETTE, type Axis, type Series } from '@ringkeep/shared/pictures';
import { mergedLatencies, type Figure } from './figure';
import { count, loadText, setting } from './figure-table';
import { describeMachine, type Machine } from './machine';

const COLOURS = Object.values(PALETTE);
/** Percentiles stand at 1 / (1 - p), so that each nine takes as much room as the one before. */
const PERCENTILE_TICKS = [
  [1, '0 %'],
  [2, '50 %'],
  [10, '90 %'],
  [100, '99 %'],
  [1_000, '99.9 %'],
  [10_000, '99.99 %'],
] as const;
const STEPS_PER_NINE = 24;

/** Lines of one colour each, in the order in which the names first come. */
function seriesByName(
  figures: readonly Figure[],
  points: (own: readonly Figure[]) => Pick<Series, 'points' | 'spreads'>,
): Series[] {
  const names = [...new Set(figures.map(({ name }) => name))];
  return names.map((name, index) => ({
    name,
    colour: COLOURS[index % COLOURS.length] as string,
    dash: Math.floor(index / COLOURS.length),
    ...points(figures.filter((figure) => figure.name === name)),
  }));
}

/** Throughput over something that each figure has, medians with the spread of the rounds. */
export function throughputPlot(
  title: string,
  figures: readonly Figure[],
  machine: Machine,
  x: { readonly label: string; readonly scale: Axis['scale']; of(figure: Figure): number },
): string {
  const places = [...new Set(figures.map(x.of))].sort((a, b) => a - b);
  const most = Math.max(...figures.map(({ operationsPerSecond }) => operationsPerSecond.most));
  return lineChart({
    title,
    x: {
      label: x.label,
      scale: x.scale,
      from: places[0] as number,
      to: places.at(-1) as number,
      ticks: places.map((at) => [at, count(at)]),
    },
    y: perSecondAxis(most),
    series: seriesByName(figures, (own) => ({
      points: own.map((figure) => [x.of(figure), figure.operationsPerSecond.median]),
      spreads: own.map(({ operationsPerSecond: { least, most: upTo } }) => [least, upTo]),
    })),
    notes: notes(figures, machine),
  });
}

/** Latency from the median to the rarest, all rounds together. */
export function latencyPlot(title: string, figures: readonly Figure[], machine: Machine): string {
  const curves = seriesByName(figures, ([figure]) => ({ points: latencyCurve(figure as Figure) }));
  const all = curves.flatMap(({ points }) => points.map(([, ms]) => ms));
  return lineChart({
    title,
    x: { label: 'percentile', scale: 'log10', from: 1, to: 10_000, ticks: PERCENTILE_TICKS },
    y: {
      label: 'latency, ms',
      scale: 'log10',
      from: 10 ** Math.floor(Math.log10(Math.min(...all))),
      to: 10 ** Math.ceil(Math.log10(Math.max(...all))),
    },
    series: curves,
    notes: notes(figures, machine),
  });
}

/** Throughput plots of what one contest measured, one for each kind of work and size of values. */
export function throughputPlots(
  figures: readonly Figure[],
  copies: number,
  machine: Machine,
): Record<string, string> {
  const nameOf = ({ workload, valueBytes }: Figure): string =>
    `${workload.toLowerCase()}-${valueBytes}b-r${copies}`;
  return Object.fromEntries(
    [...new Set(figures.map(nameOf))].map((name) => {
      const own = figures.filter((figure) => nameOf(figure) === name);
      const [{ workload, valueBytes }] = own as [Figure];
      const title = `${workload}, values of ${count(valueBytes)} bytes, R = ${copies}: throughput over outstanding operations`;
      const x = { label: 'operations outstanding (C)', scale: 'log2', of: concurrencyOf } as const;
      return [name, throughputPlot(title, own, machine, x)];
    }),
  );
}

/** Latency plots, one for each combination of work and load. */
export function latencyPlots(figures: readonly Figure[], machine: Machine): Record<string, string> {
  const titles = [...new Set(figures.map(titleOf))];
  return Object.fromEntries(
    titles.map((title) => [
      title.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-'),
      latencyPlot(
        `Latency of ${title}`,
        figures.filter((figure) => titleOf(figure) === title),
        machine,
      ),
    ]),
  );
}

export function perSecondAxis(most: number): Axis {
  const rough = most / 5;
  const unit = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((factor) => factor * unit >= rough) as number) * unit;
  const steps = Math.ceil(most / step);
  const ticks = Array.from({ length: steps + 1 }, (_, i) => [i * step, thousands(i * step)] as const);
  return { label: 'operations a second', scale: 'linear', from: 0, to: steps * step, ticks };
}

/** Nodes, copies and durability of each, and the machine. */
function notes(figures: readonly Figure[], machine: Machine): string[] {
  const durabilities = [...new Set(figures.map(({ durability }) => durability))];
  const settings = durabilities.map((durability) => {
    const own = figures.filter((figure) => figure.durability === durability);
    const names = [...new Set(own.map(({ name }) => name))].join(', ');
    const sizes = [...new Set(own.map(({ nodes }) => nodes))];
    const few =
      sizes.length === 1
        ? setting(own[0] as Figure)
        : `${Math.min(...sizes)}–${Math.max(...sizes)} nodes, ${durability}`;
    return `${names}: ${few}`;
  });
  return [...settings, describeMachine(machine)];
}

function thousands(value: number): string {
  return value >= 1_000 ? `${Number((value / 1_000).toPrecision(4))} k` : String(value);
}

function latencyCurve(figure: Figure): [number, number][] {
  const histogram = mergedLatencies(figure.samples);
  const steps = Math.floor(Math.log10(Math.min(10_000, Math.max(2, histogram.totalCount))) * STEPS_PER_NINE);
  return Array.from({ length: steps + 1 }, (_, step) => {
    const at = 10 ** (step / STEPS_PER_NINE);
    return [at, histogram.getValueAtPercentile((1 - 1 / at) * 100) / 1_000];
  });
}

function titleOf({ workload, loop }: Figure): string {
  return `${workload} at ${loadText(loop)}`;
}

function concurrencyOf({ loop }: Figure): number {
  return loop.kind === 'closed' ? loop.concurrency : loop.ratePerSecond;
}

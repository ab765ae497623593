/** Figures as a table for people: medians, with the spread of the rounds. */

import type { LoopSpec } from '../load/generator-protocol';
import { PERCENTILES, type Figure } from './figure';
import type { TableData } from './results';
import type { Spread } from './spread';

export function figureTable(figures: readonly Figure[]): TableData {
  const head = ['work', 'measured', 'value, B', 'load', 'a second', 'spread', 'client, µs', 'server, µs'];
  const rows = figures.map((figure) => [
    figure.workload,
    `${figure.name} (${setting(figure)})`,
    String(figure.valueBytes),
    loadText(figure.loop),
    count(figure.operationsPerSecond.median),
    spreadText(figure.operationsPerSecond),
    figure.clientUs.median.toFixed(1),
    figure.serverUs?.median.toFixed(1) ?? '?',
    ...figure.latencyMs.map(({ median }) => milliseconds(median)),
    milliseconds(figure.latencyMaxMs),
    faults(figure),
  ]);
  return { head: [...head, ...PERCENTILES.map((at) => `p${at}, ms`), 'most, ms', 'faults'], rows };
}

/** What must stand beside every figure: durability, copies, nodes. */
export function setting({ nodes, copies, durability }: Figure): string {
  const size = copies === 0 ? sizeText(nodes) : `${sizeText(nodes)}, R = ${copies}`;
  return `${size}, ${durability}`;
}

export function sizeText(nodes: number): string {
  if (nodes === 0) return 'no server';
  return nodes === 1 ? '1 node' : `${nodes} nodes`;
}

export function loadText(loop: LoopSpec): string {
  return loop.kind === 'closed' ? `C = ${loop.concurrency}` : `${count(loop.ratePerSecond)}/s`;
}

export function count(value: number): string {
  return Math.round(value).toLocaleString('en');
}

/** Half the distance of the best and the worst round, relative to the median. */
export function spreadText({ median, least, most }: Spread): string {
  return median === 0 ? '–' : `±${(((most - least) / 2 / median) * 100).toFixed(0)} %`;
}

export function milliseconds(ms: number): string {
  return ms >= 100 ? ms.toFixed(0) : ms >= 10 ? ms.toFixed(1) : ms.toFixed(2);
}

function faults({ failures, missing }: Figure): string {
  const all = missing > 0 ? { ...failures, 'not present': missing } : failures;
  const list = Object.entries(all).map(([code, times]) => `${code} ${count(times)}`);
  return list.length === 0 ? '–' : list.join(', ');
}

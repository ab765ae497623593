/** Hops over the size of the ring, for all schemes, beside what theory says. */

import { Random } from '@ringkeep/shared';
import { lineChart } from '@ringkeep/shared/pictures';
import { SCHEME_NAMES } from '../../scheme';
import { buildScheme } from '../build-scheme';
import { ChordLab } from '../chord-lab';
import { LabRing } from '../lab-ring';
import type { LabScheme } from '../lab-scheme';
import { measureLookups } from '../lookups';
import type { ExperimentOutcome, Setting, Table } from '../outcome';
import { PastryLab } from '../pastry-lab';
import { PastryToClosest } from '../pastry-to-closest';
import { COLOURS } from '../pictures/colours';
import { placedIds } from '../placement';

export interface GrowthSetting extends Setting {
  /** The largest ring. */
  readonly nodes: number;
  readonly placement: 'hash' | 'balanced';
}

interface GrowthRow {
  readonly nodes: number;
  readonly scheme: string;
  readonly rings: number;
  readonly hopsMean: number;
  readonly hopsP99: number;
  readonly hopsMax: number;
  /** Shares of the look-ups with 0, 1, 2 … hops; empty where there are too many to tell. */
  readonly shares: readonly number[];
  readonly stretch: number;
  readonly theory: number;
  /** Measured over theory, less one. */
  readonly deviation: number;
}

/** Look-ups over small rings are spread over several, because one small ring is not like another. */
const NODES_TOGETHER = 8_192;
/** Where the linear axis ends; the plain ring would leave it at once. */
const HOPS_SHOWN = 12;

/** Most hops for which their shares are kept. */
const SHARES_MAX = 64;

const THEORY: Readonly<Record<string, (nodes: number) => number>> = {
  'one-hop': (nodes) => (nodes - 1) / nodes,
  neighbours: (nodes) => nodes / 4,
  chord: (nodes) => Math.log2(nodes) / 2,
  'chord, fingers only': (nodes) => Math.log2(nodes) / 2,
  pastry: (nodes) => Math.log(nodes) / Math.log(16),
  'pastry, to the closest': (nodes) => Math.log(nodes) / Math.log(16),
};

export function growth(setting: GrowthSetting): ExperimentOutcome {
  const powers = Array.from({ length: 14 }, (_, i) => 2 ** (i + 7));
  const sizes = [...powers, 1_000, 10_000, 100_000, 1_000_000]
    .filter((nodes) => nodes <= setting.nodes)
    .sort((a, b) => a - b);
  const task = setting.task('rings measured', 'rings', sizes.length);
  const rows: GrowthRow[] = [];
  for (const [done, nodes] of sizes.entries()) {
    rows.push(...measureSize(setting, nodes));
    task.update(done + 1);
  }
  task.finish();
  return {
    tables: [tableOf(setting, rows)],
    figures: { seed: setting.seed, rows },
    pictures: picturesOf(sizes, rows),
  };
}

function picturesOf(sizes: readonly number[], rows: readonly GrowthRow[]): Record<string, string> {
  const schemes = Object.keys(THEORY);
  const series = schemes.map((name) => ({
    name,
    colour: COLOURS[name.split(',')[0] as keyof typeof COLOURS],
    dash: name.includes(',') ? 1 : 0,
    points: rows.filter((row) => row.scheme === name).map((row) => [row.nodes, row.hopsMean] as const),
  }));
  const theory = (['chord', 'pastry'] as const).map((name) => ({
    name: name === 'chord' ? '½·log2 N' : 'log16 N',
    colour: COLOURS.theory,
    dash: name === 'chord' ? 2 : 3,
    points: sizes.map((nodes) => [nodes, (THEORY[name] as (nodes: number) => number)(nodes)] as const),
  }));
  const x = {
    label: 'nodes',
    scale: 'log2',
    from: sizes[0] as number,
    to: sizes.at(-1) as number,
  } as const;
  const all = lineChart({
    title: 'Mean hops over the size of the ring',
    x,
    y: { label: 'mean hops', scale: 'log10', from: 0.5, to: 1_000_000 },
    series,
  });
  const close = lineChart({
    title: 'Mean hops over the size of the ring, without the plain one',
    x,
    y: { label: 'mean hops', scale: 'linear', from: 0, to: HOPS_SHOWN },
    series: [...series.filter(({ name }) => name !== 'neighbours'), ...theory],
  });
  return { 'routing-hops': all, 'routing-hops-close': close };
}

function tableOf(setting: GrowthSetting, rows: readonly GrowthRow[]): Table {
  return {
    title: `Hops over the size of the ring, seed ${setting.seed}, placement ${setting.placement}`,
    columns: ['nodes', 'scheme', 'rings', 'hops mean', 'theory', 'deviation %', 'p99', 'max', 'stretch'],
    rows: rows.map((row) => [
      String(row.nodes),
      row.scheme,
      row.rings,
      row.hopsMean,
      row.theory,
      row.deviation * 100,
      row.hopsP99,
      row.hopsMax,
      row.stretch,
    ]),
  };
}

/** Chord without its shortcuts and Pastry with its own owners: what the papers' figures are about. */
function asInThePapers(
  ring: LabRing,
  measured: readonly (readonly [name: string, scheme: LabScheme])[],
): [name: string, scheme: LabScheme][] {
  const pastry = measured.map(([, scheme]) => scheme).find((scheme) => scheme instanceof PastryLab);
  const chord: [string, LabScheme] = ['chord, fingers only', new ChordLab(ring, 1, true)];
  return pastry ? [chord, ['pastry, to the closest', new PastryToClosest(ring, pastry)]] : [chord];
}

interface Sums {
  hops: number;
  stretch: number;
  p99: number;
  max: number;
  readonly shares: number[];
}

function measureSize(setting: GrowthSetting, nodes: number): GrowthRow[] {
  const rings = Math.max(1, Math.round(NODES_TOGETHER / nodes));
  const random = new Random(setting.seed);
  const lookups = Math.ceil(setting.lookups / rings);
  const sums = new Map<string, Sums>();
  for (let i = 0; i < rings; i++) {
    const ring = new LabRing(placedIds(nodes, setting.placement, random), random);
    const measured: [name: string, scheme: LabScheme][] = SCHEME_NAMES.map((name) => [
      name,
      buildScheme(name, ring).scheme,
    ]);
    for (const [name, scheme] of [...measured, ...asInThePapers(ring, measured)]) {
      const result = measureLookups(ring, scheme, lookups, setting.seed + i);
      const sum = sums.get(name) ?? { hops: 0, stretch: 0, p99: 0, max: 0, shares: [] };
      sum.hops += result.hopsMean / rings;
      sum.stretch += result.stretch / rings;
      sum.p99 = Math.max(sum.p99, result.hopsP99);
      sum.max = Math.max(sum.max, result.hopsMax);
      result.histogram.forEach((count, hops) => {
        sum.shares[hops] = (sum.shares[hops] ?? 0) + count / result.lookups / rings;
      });
      sums.set(name, sum);
    }
  }
  return [...sums].map(([scheme, sum]) => {
    const theory = (THEORY[scheme] as (nodes: number) => number)(nodes);
    return {
      nodes,
      scheme,
      rings,
      hopsMean: sum.hops,
      hopsP99: sum.p99,
      hopsMax: sum.max,
      shares: sum.shares.length <= SHARES_MAX ? Array.from(sum.shares, (share) => share ?? 0) : [],
      stretch: sum.stretch,
      theory,
      deviation: sum.hops / theory - 1,
    };
  });
}

/** How even the shares of the ring are, for each placement, over the size of the ring. */

import { Random } from '@ringkeep/shared';
import { lineChart } from '@ringkeep/shared/pictures';
import type { ExperimentOutcome, Setting } from '../outcome';
import { COLOURS } from '../pictures/colours';
import { measureBalance, PLACEMENTS, SALTS, VIRTUAL_NODES, type Balance } from '../placement';

export interface BalanceSetting extends Setting {
  /** The largest ring. */
  readonly nodes: number;
}

/** A placement with virtual nodes has a hundred times as many places. */
const VIRTUAL_NODES_MAX = 100_000;
/** Small rings differ; this many nodes are placed at least, over several rings. */
const NODES_TOGETHER = 20_000;
const SMALLEST_SHOWN = 1e-7;

const NAMES = {
  hash: 'one hash',
  balanced: `best of ${SALTS} salts`,
  virtual: `${VIRTUAL_NODES} virtual nodes`,
} as const;

export function balance(setting: BalanceSetting): ExperimentOutcome {
  const sizes = [10, 100, 1_000, 5_000, 10_000, 100_000, 1_000_000].filter((nodes) => nodes <= setting.nodes);
  const results: (Balance & { readonly rings: number })[] = [];
  const task = setting.task('placing', 'nodes');
  let placed = 0;
  for (const placement of PLACEMENTS) {
    for (const nodes of sizes) {
      if (placement === 'virtual' && nodes > VIRTUAL_NODES_MAX) continue;
      const random = new Random(setting.seed);
      const together = placement === 'virtual' ? NODES_TOGETHER / 10 : NODES_TOGETHER;
      const rings = Math.ceil(together / nodes);
      const measured = Array.from({ length: rings }, () => measureBalance(placement, nodes, random));
      const mean = (of: (one: Balance) => number): number =>
        measured.reduce((sum, one) => sum + of(one), 0) / rings;
      results.push({
        placement,
        nodes,
        rings,
        largest: mean((one) => one.largest),
        smallest: mean((one) => one.smallest),
        deviation: mean((one) => one.deviation),
      });
      task.update((placed += nodes * rings));
    }
  }
  task.finish();
  const series = PLACEMENTS.flatMap((placement) =>
    (['largest', 'smallest'] as const).map((side, dash) => ({
      name: `${NAMES[placement]}, ${side}`,
      colour: COLOURS[placement],
      dash,
      points: results
        .filter((row) => row.placement === placement)
        .map((row) => [row.nodes, Math.max(SMALLEST_SHOWN, row[side])] as const),
    })),
  );
  const picture = lineChart({
    title: 'Largest and smallest share of the ring over the mean share',
    x: { label: 'nodes', scale: 'log10', from: sizes[0] as number, to: sizes.at(-1) as number },
    y: { label: 'share over mean', scale: 'log10', from: SMALLEST_SHOWN, to: 100 },
    series,
  });
  const table = {
    title: `Shares of the ring over the mean share, means over rings, seed ${setting.seed}`,
    columns: ['placement', 'nodes', 'rings', 'largest', 'smallest', 'deviation'],
    rows: results.map((row) => [
      NAMES[row.placement],
      row.nodes,
      row.rings,
      row.largest,
      row.smallest,
      row.deviation,
    ]),
  };
  return {
    tables: [table],
    figures: { seed: setting.seed, results },
    pictures: { 'routing-balance': picture },
  };
}

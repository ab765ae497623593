/** One ring and one scheme, or several: everything that the laboratory measures, side by side. */

import { Random } from '@ringkeep/shared';
import type { SchemeName } from '../../scheme';
import { buildScheme, repairable } from '../build-scheme';
import { LabRing } from '../lab-ring';
import { measureLookups } from '../lookups';
import { percent, type Outcome, type Setting, type Table } from '../outcome';
import { barChart } from '../pictures/bar-chart';
import { measureBalance, placedIds, PLACEMENTS, type Placement } from '../placement';
import { measureFailures, type FailureRow } from './failures';
import { measureJoins } from './joins';
import { measureState } from './state';

export interface OneRingSetting extends Setting {
  readonly nodes: number;
  readonly schemes: readonly SchemeName[];
  readonly placement: Exclude<Placement, 'virtual'>;
  readonly deadShare: number;
}

/** Above this a placement with virtual nodes is left out: it has a hundred times as many places. */
const VIRTUAL_NODES_MAX = 200_000;

export function oneRing(setting: OneRingSetting): Outcome {
  const { nodes, seed, lookups, task } = setting;
  const random = new Random(seed);
  const ring = new LabRing(placedIds(nodes, setting.placement, random), random);
  const figures = [];
  const failures: { scheme: SchemeName; rows: FailureRow[] }[] = [];
  const pictures: Record<string, string> = {};
  for (const name of setting.schemes) {
    // The others are built in the time of a blink.
    const building = name === 'pastry' ? task(`building ${name}`, 'rows') : undefined;
    const { scheme, seconds } = buildScheme(name, ring, (done, total) => building?.update(done, total));
    building?.finish();
    const asking = task(`looking up by ${name}`, 'look-ups', lookups);
    const looked = measureLookups(ring, scheme, lookups, seed, (done, total) => asking.update(done, total));
    asking.finish();
    const state = measureState(ring, scheme, seed);
    const join = measureJoins(ring, scheme, seed);
    figures.push({ scheme: name, buildSeconds: seconds, bytes: scheme.bytes, ...looked, ...state, ...join });
    pictures[`routing-hops-${name}`] = barChart({
      title: `Hops of ${looked.lookups.toLocaleString('en-US')} look-ups by ${name}, ${nodes.toLocaleString('en-US')} nodes`,
      bars: looked.histogram.length <= 40 ? looked.histogram : [],
      xLabel: 'hops',
      yLabel: 'look-ups',
    });
    if (looked.histogram.length > 40) delete pictures[`routing-hops-${name}`];
    const repairing = repairable(scheme);
    if (repairing && nodes > 1) {
      const rows = measureFailures(ring, repairing, setting.deadShare, lookups, seed, task);
      failures.push({ scheme: name, rows });
    }
  }
  const placements = PLACEMENTS.filter((name) => name !== 'virtual' || nodes <= VIRTUAL_NODES_MAX);
  const balance = placements.map((placement) => measureBalance(placement, nodes, new Random(seed)));
  const tables: Table[] = [
    {
      title: `${nodes.toLocaleString('en-US')} nodes, seed ${seed}, placement ${setting.placement}`,
      columns: [
        'scheme',
        'build s',
        'MB',
        'look-ups',
        'hops mean',
        'p50',
        'p99',
        'max',
        'stretch',
        'peers a node',
        'entries a node',
        'messages a join',
      ],
      rows: figures.map((row) => [
        row.scheme,
        row.buildSeconds,
        row.bytes / 1e6,
        row.lookups,
        row.hopsMean,
        row.hopsP50,
        row.hopsP99,
        row.hopsMax,
        row.stretch,
        row.peersMean,
        row.entriesMean,
        row.joinMessagesMean,
      ]),
    },
    {
      title: 'Shares of the ring over the mean share',
      columns: ['placement', 'largest', 'smallest', 'deviation'],
      rows: balance.map((row) => [row.placement, row.largest, row.smallest, row.deviation]),
    },
  ];
  if (failures.length > 0) {
    tables.push({
      title: `${percent(setting.deadShare)} of the nodes fail at once`,
      columns: [
        'scheme',
        'repair rounds',
        'look-ups that reach the owner',
        'hops mean',
        'dead peers tried',
        'messages a node',
      ],
      rows: failures.flatMap(({ scheme, rows }) =>
        rows.map((row) => [
          scheme,
          row.rounds,
          percent(row.success),
          row.hopsMean,
          row.timeoutsMean,
          row.messagesPerNode,
        ]),
      ),
    });
  }
  return {
    tables,
    figures: { nodes, seed, placement: setting.placement, schemes: figures, balance, failures },
    pictures,
  };
}

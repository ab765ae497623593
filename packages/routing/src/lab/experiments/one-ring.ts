/** One ring and one scheme, or several: everything that the laboratory measures, side by side. */

import { Random } from '@ringkeep/shared';
import type { SchemeName } from '../../scheme';
import { buildScheme, repairable } from '../build-scheme';
import { LabRing } from '../lab-ring';
import { measureLookups } from '../lookups';
import { percent, type ExperimentOutcome, type Setting, type Table } from '../outcome';
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

/** A picture of more bars would be a wall. */
const BARS_MAX = 40;

type Figures = ReturnType<typeof measureScheme>['figures'];
type Balance = ReturnType<typeof measureBalance>;

interface Failures {
  readonly scheme: SchemeName;
  readonly rows: FailureRow[];
}

export function oneRing(setting: OneRingSetting): ExperimentOutcome {
  const { nodes, seed } = setting;
  const random = new Random(seed);
  const ring = new LabRing(placedIds(nodes, setting.placement, random), random);
  const measured = setting.schemes.map((name) => measureScheme(setting, ring, name));
  const schemes = measured.map(({ figures }) => figures);
  const failures = measured.flatMap((each) => each.failures);
  const placements = PLACEMENTS.filter((name) => name !== 'virtual' || nodes <= VIRTUAL_NODES_MAX);
  const balance = placements.map((placement) => measureBalance(placement, nodes, new Random(seed)));
  const tables = [schemesTable(setting, schemes), balanceTable(balance)];
  if (failures.length > 0) tables.push(failuresTable(setting, failures));
  return {
    tables,
    figures: { nodes, seed, placement: setting.placement, schemes, balance, failures },
    pictures: Object.assign({}, ...measured.map(({ pictures }) => pictures)),
  };
}

function measureScheme(
  { nodes, seed, lookups, task, deadShare }: OneRingSetting,
  ring: LabRing,
  name: SchemeName,
) {
  // The others are built in the time of a blink.
  const building = name === 'pastry' ? task(`building ${name}`, 'rows') : undefined;
  const { scheme, seconds } = buildScheme(name, ring, (done, total) => building?.update(done, total));
  building?.finish();
  const asking = task(`looking up by ${name}`, 'look-ups', lookups);
  const looked = measureLookups(ring, scheme, lookups, seed, (done, total) => asking.update(done, total));
  asking.finish();
  const state = measureState(ring, scheme, seed);
  const join = measureJoins(ring, scheme, seed);
  const repairing = repairable(scheme);
  const failures: Failures[] =
    repairing && nodes > 1
      ? [{ scheme: name, rows: measureFailures(ring, repairing, deadShare, lookups, seed, task) }]
      : [];
  return {
    figures: { scheme: name, buildSeconds: seconds, bytes: scheme.bytes, ...looked, ...state, ...join },
    pictures: picturesOfHops(name, nodes, looked),
    failures,
  };
}

function picturesOfHops(
  name: SchemeName,
  nodes: number,
  { lookups, histogram }: ReturnType<typeof measureLookups>,
): Record<string, string> {
  if (histogram.length > BARS_MAX) return {};
  const title = `Hops of ${lookups.toLocaleString('en-US')} look-ups by ${name}, ${nodes.toLocaleString('en-US')} nodes`;
  const chart = barChart({ title, bars: histogram, xLabel: 'hops', yLabel: 'look-ups' });
  return { [`routing-hops-${name}`]: chart };
}

function schemesTable({ nodes, seed, placement }: OneRingSetting, schemes: readonly Figures[]): Table {
  return {
    title: `${nodes.toLocaleString('en-US')} nodes, seed ${seed}, placement ${placement}`,
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
    rows: schemes.map((row) => [
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
  };
}

function balanceTable(balance: readonly Balance[]): Table {
  return {
    title: 'Shares of the ring over the mean share',
    columns: ['placement', 'largest', 'smallest', 'deviation'],
    rows: balance.map((row) => [row.placement, row.largest, row.smallest, row.deviation]),
  };
}

function failuresTable({ deadShare }: OneRingSetting, failures: readonly Failures[]): Table {
  return {
    title: `${percent(deadShare)} of the nodes fail at once`,
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
  };
}

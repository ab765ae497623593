/**
 * The experiment of E-Pastry, step by step: nodes join in crowds, each through the closest member that a
 * seed server names; data is put in through random nodes and looked up through others; then a share of the
 * nodes leaves at once, and what they did not hold is looked up again.
 *
 * A look-up fails when it ends at a node that does not hold the key. E-Pastry reports 10 to 28 % of them,
 * because its routing may end at a node that is only locally the closest. Here each node knows only what
 * joining taught it (overlay.ts).
 */

import { createHash } from 'node:crypto';
import { position, Random, type NodeId, type Position } from '@ringkeep/shared';
import { closestMember, randomCoordinates } from '../../proximity';
import { SCHEME_NAMES, type SchemeName } from '../../scheme';
import { Overlay, type OverlayNode } from '../overlay';
import { percent, type ExperimentOutcome, type Setting } from '../outcome';

export interface EPastrySetting extends Setting {
  readonly nodes: number;
  readonly deadShare: number;
  readonly keys: number;
  /** How many join at the same time. */
  readonly crowd: number;
}

interface Row {
  readonly scheme: SchemeName;
  readonly step: string;
  readonly lookups: number;
  readonly failed: number;
  readonly hopsMean: number;
  readonly timeoutsMean: number;
}

export function ePastry(setting: EPastrySetting): ExperimentOutcome {
  const rows: Row[] = [];
  const joins: { scheme: SchemeName; messagesPerJoin: number; statePeers: number }[] = [];
  const task = setting.task('E-Pastry’s experiment', 'schemes', SCHEME_NAMES.length);
  for (const [done, scheme] of SCHEME_NAMES.entries()) {
    const result = runScheme(scheme, setting);
    rows.push(...result.rows);
    joins.push({ scheme, messagesPerJoin: result.messagesPerJoin, statePeers: result.statePeers });
    task.update(done + 1);
  }
  task.finish();
  return {
    tables: [
      {
        title: `${setting.nodes} nodes joining ${setting.crowd} at a time, ${setting.keys} keys, seed ${setting.seed}`,
        columns: ['scheme', 'step', 'look-ups', 'failed', 'failed %', 'hops mean', 'dead peers tried'],
        rows: rows.map((row) => [
          row.scheme,
          row.step,
          row.lookups,
          row.failed,
          percent(row.failed / row.lookups),
          row.hopsMean,
          row.timeoutsMean,
        ]),
      },
      {
        title: 'Joining',
        columns: ['scheme', 'messages a join, repair included', 'peers a node knows'],
        rows: joins.map((row) => [row.scheme, row.messagesPerJoin, row.statePeers]),
      },
    ],
    figures: {
      nodes: setting.nodes,
      keys: setting.keys,
      crowd: setting.crowd,
      seed: setting.seed,
      rows,
      joins,
    },
    pictures: {},
  };
}

function runScheme(
  name: SchemeName,
  setting: EPastrySetting,
): { rows: Row[]; messagesPerJoin: number; statePeers: number } {
  const random = new Random(setting.seed);
  const overlay = new Overlay(name);
  massJoin(overlay, setting, random);
  const messagesPerJoin = overlay.messages / overlay.size;
  const peers = overlay.ids().map((id) => (overlay.node(id) as OverlayNode).scheme.state().peers);
  const statePeers = peers.reduce((sum, count) => sum + count, 0) / overlay.size;

  const keys = Array.from({ length: setting.keys }, (_, i) => positionOfKey(`key-${i}`));
  const holders = new Map<Position, NodeId>();
  for (const key of keys) {
    const { path } = overlay.walk(randomNode(overlay, random), key);
    if (path) holders.set(key, path.at(-1) as NodeId);
  }
  const rows = [lookUp('after insertion', overlay, name, keys, holders, random)];

  const leavers = new Set(
    random.shuffle(overlay.ids()).slice(0, Math.round(setting.nodes * setting.deadShare)),
  );
  overlay.fail(leavers);
  const kept = keys.filter((key) => !leavers.has(holders.get(key) as NodeId));
  rows.push(lookUp(`${percent(setting.deadShare)} left`, overlay, name, kept, holders, random));
  overlay.maintain();
  rows.push(lookUp('after one repair round', overlay, name, kept, holders, random));
  return { rows, messagesPerJoin, statePeers };
}

function massJoin(overlay: Overlay, setting: EPastrySetting, random: Random): void {
  while (overlay.size < setting.nodes) {
    const members = overlay
      .ids()
      .map((id) => ({ id, coordinates: (overlay.node(id) as OverlayNode).coordinates }));
    const count = members.length === 0 ? 1 : Math.min(setting.crowd, setting.nodes - overlay.size);
    const newcomers = Array.from({ length: count }, () => {
      const coordinates = randomCoordinates(random);
      const contact = closestMember(coordinates, members)?.id;
      const id = position(random.bits64());
      return contact === undefined ? { id, coordinates } : { id, coordinates, contact };
    });
    overlay.join(newcomers);
    // Those that joined together find each other through their neighbours.
    overlay.maintain();
  }
}

function lookUp(
  step: string,
  overlay: Overlay,
  scheme: SchemeName,
  keys: readonly Position[],
  holders: ReadonlyMap<Position, NodeId>,
  random: Random,
): Row {
  let failed = 0;
  let hops = 0;
  let timeouts = 0;
  for (const key of keys) {
    const walked = overlay.walk(randomNode(overlay, random), key);
    if (walked.path === undefined || walked.path.at(-1) !== holders.get(key)) failed++;
    hops += (walked.path?.length ?? 1) - 1;
    timeouts += walked.timeouts;
  }
  const lookups = keys.length;
  return { scheme, step, lookups, failed, hopsMean: hops / lookups, timeoutsMean: timeouts / lookups };
}

function randomNode(overlay: Overlay, random: Random): OverlayNode {
  return overlay.node(random.pick(overlay.ids())) as OverlayNode;
}

function positionOfKey(key: string): Position {
  return position(createHash('sha256').update(key).digest().readBigUInt64BE());
}

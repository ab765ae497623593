/**
 * A share of the nodes fails at once: how many look-ups still reach the owner, before anyone has repaired
 * anything, and after each of two rounds of repair.
 *
 * The owner is the living node with the greatest id at or before the target. A look-up starts at a living
 * node; a dead peer costs a timeout, after which the node takes the next that its scheme names. A look-up
 * fails when it ends anywhere else. Nobody knows who is dead but from trying, until a repair round.
 */

import { Random } from '@ringkeep/shared';
import { lineChart } from '@ringkeep/shared/pictures';
import type { SchemeName } from '../../scheme';
import { buildScheme, repairable } from '../build-scheme';
import { LabRing, randomPosition } from '../lab-ring';
import type { RepairableScheme } from '../lab-scheme';
import { percent, type ExperimentOutcome, type Setting } from '../outcome';
import { COLOURS } from '../pictures/colours';
import { placedIds } from '../placement';
import { walkAround } from '../walk';

export interface FailureRow {
  readonly rounds: number;
  readonly lookups: number;
  /** Share of look-ups that reach the owner. */
  readonly success: number;
  readonly hopsMean: number;
  readonly timeoutsMean: number;
  /** Messages of the last repair round for each living node. */
  readonly messagesPerNode: number;
}

const ROUNDS = 2;
const SHARES = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7];

export function measureFailures(
  ring: LabRing,
  scheme: RepairableScheme,
  deadShare: number,
  lookups: number,
  seed: number,
  task: Setting['task'],
): FailureRow[] {
  const random = new Random(seed);
  const alive = withDead(ring.size, deadShare, random);
  const owners = livingOwners(alive);
  const living = Int32Array.from([...alive.keys()].filter((node) => alive[node] === 1));
  const rows: FailureRow[] = [];
  for (let rounds = 0; rounds <= ROUNDS; rounds++) {
    const label = `${scheme.name}, ${deadShare} dead`;
    const messages = rounds === 0 ? 0 : repairOnce(scheme, alive, `${label}, repair round ${rounds}`, task);
    const asking = task(`${label}, looking up after ${rounds} rounds`, 'look-ups', lookups);
    const draw = new Random(seed + 1);
    let reached = 0;
    let hops = 0;
    let timeouts = 0;
    for (let i = 0; i < lookups; i++) {
      const start = living[draw.below(living.length)] as number;
      const target = randomPosition(draw);
      const walked = walkAround(ring, scheme, start, target, alive);
      if (walked.end === owners[ring.owner(target)]) reached++;
      hops += walked.hops;
      timeouts += walked.timeouts;
      if ((i & 1023) === 1023 || i + 1 === lookups) asking.update(i + 1);
    }
    asking.finish();
    rows.push({
      rounds,
      lookups,
      success: reached / lookups,
      hopsMean: hops / lookups,
      timeoutsMean: timeouts / lookups,
      messagesPerNode: messages / living.length,
    });
  }
  return rows;
}

export interface FailuresSetting extends Setting {
  readonly nodes: number;
  readonly placement: 'hash' | 'balanced';
}

/** Chord and Pastry on one ring, for shares from a tenth to seven tenths; each on a scheme built afresh. */
export function failures(setting: FailuresSetting): ExperimentOutcome {
  const { nodes, seed, lookups, task } = setting;
  const random = new Random(seed);
  const ring = new LabRing(placedIds(nodes, setting.placement, random), random);
  const results: ({ scheme: SchemeName; deadShare: number } & FailureRow)[] = [];
  for (const name of ['chord', 'pastry'] as const) {
    for (const deadShare of SHARES) {
      const scheme = repairable(buildScheme(name, ring).scheme) as RepairableScheme;
      for (const row of measureFailures(ring, scheme, deadShare, lookups, seed, task)) {
        results.push({ scheme: name, deadShare, ...row });
      }
    }
  }
  const series = (['chord', 'pastry'] as const).flatMap((name) =>
    [0, 1, 2].map((rounds) => ({
      name: `${name}, ${['at once', 'after one round', 'after two rounds'][rounds]}`,
      colour: COLOURS[name],
      dash: rounds,
      points: results
        .filter((row) => row.scheme === name && row.rounds === rounds)
        .map((row) => [row.deadShare * 100, row.success * 100] as const),
    })),
  );
  const lowest = Math.min(...results.map((row) => row.success * 100));
  const picture = lineChart({
    title: `Look-ups that reach the owner after failures, ${nodes.toLocaleString('en-US')} nodes`,
    x: { label: 'nodes that fail at once, %', scale: 'linear', from: 10, to: 70 },
    y: {
      label: 'look-ups that reach the owner, %',
      scale: 'linear',
      from: Math.floor(lowest / 5) * 5,
      to: 100,
    },
    series,
  });
  const table = {
    title: `${nodes.toLocaleString('en-US')} nodes, ${lookups.toLocaleString('en-US')} look-ups, seed ${seed}`,
    columns: [
      'scheme',
      'dead',
      'repair rounds',
      'reach the owner',
      'hops mean',
      'dead peers tried',
      'messages a node',
    ],
    rows: results.map((row) => [
      row.scheme,
      percent(row.deadShare),
      row.rounds,
      percent(row.success),
      row.hopsMean,
      row.timeoutsMean,
      row.messagesPerNode,
    ]),
  };
  return { tables: [table], figures: { nodes, seed, results }, pictures: { 'routing-failures': picture } };
}

function repairOnce(
  scheme: RepairableScheme,
  alive: Uint8Array,
  label: string,
  task: Setting['task'],
): number {
  const repairing = task(label, 'nodes', alive.length);
  const messages = scheme.repair(alive, (done) => {
    if ((done & 255) === 0 || done === alive.length) repairing.update(done);
  });
  repairing.finish();
  return messages;
}

function withDead(size: number, deadShare: number, random: Random): Uint8Array {
  const alive = new Uint8Array(size).fill(1);
  // One is left whatever the share: a look-up starts somewhere.
  let dead = Math.min(size - 1, Math.round(size * deadShare));
  while (dead > 0) {
    const node = random.below(size);
    if (alive[node] === 0) continue;
    alive[node] = 0;
    dead--;
  }
  return alive;
}

/** For each node the last living one at or before it. */
function livingOwners(alive: Uint8Array): Int32Array {
  const owners = new Int32Array(alive.length);
  let last = alive.lastIndexOf(1);
  for (let node = 0; node < alive.length; node++) {
    if (alive[node] === 1) last = node;
    owners[node] = last;
  }
  return owners;
}

/**
 * What one next-hop decision of the library costs, at a small and at a large ring: the object that a node
 * has, asked for random targets. The best of several runs counts, because whatever else the machine does
 * only adds.
 */

import { performance } from 'node:perf_hooks';
import { position, Random, type Position } from '@ringkeep/shared';
import { createScheme } from '../../create-scheme';
import { SCHEME_NAMES, type Peer, type RoutingScheme } from '../../scheme';
import type { ExperimentOutcome, Setting } from '../outcome';

export interface DecisionsSetting extends Setting {
  /** The larger ring. */
  readonly nodes: number;
}

const SMALL_RING = 1_000;
const TARGETS = 1 << 15;
const RUNS = 7;

export function decisions(setting: DecisionsSetting): ExperimentOutcome {
  const rows: { scheme: string; nodes: number; nanoseconds: number; peers: number; buildMs: number }[] = [];
  const sizes = [...new Set([Math.min(SMALL_RING, setting.nodes), setting.nodes])];
  const task = setting.task('deciding', 'schemes', sizes.length * SCHEME_NAMES.length);
  for (const nodes of sizes) {
    const random = new Random(setting.seed);
    const self = position(random.bits64());
    const peers: Peer[] = Array.from({ length: nodes - 1 }, () => ({
      id: position(random.bits64()),
      distance: random.fraction(),
    }));
    const targets = Array.from({ length: TARGETS }, () => position(random.bits64()));
    for (const name of SCHEME_NAMES) {
      const startedMs = performance.now();
      const scheme = createScheme(name, self, peers);
      const buildMs = performance.now() - startedMs;
      rows.push({
        scheme: name,
        nodes,
        nanoseconds: timeDecisions(scheme, targets, setting.lookups),
        peers: scheme.state().peers,
        buildMs,
      });
      task.update(rows.length);
    }
  }
  task.finish();
  return {
    tables: [
      {
        title: `One next-hop decision, best of ${RUNS} runs of ${setting.lookups.toLocaleString('en-US')}, Node ${process.version}`,
        columns: ['scheme', 'nodes', 'ns a decision', 'peers known', 'ms to build from all peers'],
        rows: rows.map((row) => [row.scheme, row.nodes, row.nanoseconds, row.peers, row.buildMs]),
      },
    ],
    figures: { seed: setting.seed, rows },
    pictures: {},
  };
}

function timeDecisions(scheme: RoutingScheme, targets: readonly Position[], decisions: number): number {
  let best = Infinity;
  let own = 0;
  for (let run = 0; run < RUNS; run++) {
    const startedMs = performance.now();
    for (let i = 0; i < decisions; i++) {
      if (scheme.nextHop(targets[i & (TARGETS - 1)] as Position) === undefined) own++;
    }
    best = Math.min(best, performance.now() - startedMs);
  }
  // Read the count, so that no optimiser may drop the loop.
  return own < 0 ? NaN : (best * 1e6) / decisions;
}

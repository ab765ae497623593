/**
 * Systems that are measured against each other in one run: their servers, and a load generator for each way of asking
 * them. In every round each point is measured at all of them in turn (A B C A B C …), so that a machine that is busy
 * for a while is busy for all. Each round begins further along, so that none is always the first one, or always measured
 * while the disk digests the same other's writes.
 */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createProgress } from '@ringkeep/process/command-line';
import type { Sample } from './load/generator-protocol';
import { GeneratorProcess } from './load/generator-process';
import type { WorkloadSpec } from './load/workload';
import type { Point } from './point';
import { figureOf, type Figure } from './report/figure';
import { startSystem, type SystemSpec } from './systems/start-system';
import { NotInstalled, type System } from './systems/system';

export interface ContestantSpec {
  readonly name: string;
  /** Variants of one family compete: the better one counts, point by point. Its name when absent. */
  readonly family?: string;
  readonly system: SystemSpec;
  /** One of the ways in which the system can be asked. */
  readonly way?: string;
}

export interface Pace {
  readonly rounds: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
}

export interface Contestant {
  readonly spec: ContestantSpec;
  readonly system: System;
  readonly generator: GeneratorProcess;
}

export class Contest {
  private readonly systems = new Map<string, System>();
  private readonly contestants: Contestant[] = [];

  private constructor(private readonly folder: string) {}

  /** Starts all that is installed; says what is not. `abort` ends what is being started, too. */
  static async open(specs: readonly ContestantSpec[], abort: AbortSignal): Promise<Contest> {
    const contest = new Contest(await mkdtemp(join(tmpdir(), 'ringkeep-bench-')));
    try {
      for (const spec of specs) {
        abort.throwIfAborted();
        await contest.add(spec);
      }
      return contest;
    } catch (error) {
      await contest.close();
      throw error;
    }
  }

  /** Writes the keys of a workload to every system, once. */
  async load(workload: WorkloadSpec, abort: AbortSignal): Promise<void> {
    for (const system of new Set(this.contestants.map((contestant) => contestant.system))) {
      abort.throwIfAborted();
      if (system.copies === 0) continue;
      const first = this.contestants.find((contestant) => contestant.system === system) as Contestant;
      const progress = createProgress({
        label: `loading ${first.spec.name}`,
        unit: 'keys',
        total: workload.keys,
      });
      await first.generator.load(workload, (done) => progress.update(done));
      progress.finish();
    }
  }

  async measure(points: readonly Point[], pace: Pace, abort: AbortSignal): Promise<Figure[]> {
    const runs = points.flatMap((point) =>
      this.contestants
        .filter(({ spec }) => point.only === undefined || point.only.includes(spec.name))
        .map((contestant) => ({ point, contestant, samples: [] as Sample[] })),
    );
    const progress = createProgress({ label: 'measuring', unit: 'runs', total: runs.length * pace.rounds });
    for (let round = 0; round < pace.rounds; round++) {
      const first = Math.floor((round * runs.length) / pace.rounds);
      const inTurn = [...runs.slice(first), ...runs.slice(0, first)];
      for (const [index, { point, contestant, samples }] of inTurn.entries()) {
        abort.throwIfAborted();
        const run = { ...pace, ...point, seed: round + 1, serverPids: contestant.system.pids };
        samples.push(await contestant.generator.run(run));
        progress.update(round * runs.length + index + 1);
      }
    }
    progress.finish();
    return runs.map(({ point, contestant: { spec, system }, samples }) =>
      figureOf({ name: spec.name, family: spec.family ?? spec.name, system }, point, samples),
    );
  }

  /** The same of what is no loop of operations: whatever `run` does with each of them. */
  async inTurn<Result>(
    rounds: number,
    names: readonly string[],
    run: (contestant: Contestant) => Promise<Result>,
    abort: AbortSignal,
  ): Promise<{ readonly contestant: Contestant; readonly results: Result[] }[]> {
    const all = this.contestants
      .filter(({ spec }) => names.includes(spec.name))
      .map((contestant) => ({ contestant, results: [] as Result[] }));
    for (let round = 0; round < rounds; round++) {
      const first = round % Math.max(1, all.length);
      for (const { contestant, results } of [...all.slice(first), ...all.slice(0, first)]) {
        abort.throwIfAborted();
        results.push(await run(contestant));
      }
    }
    return all;
  }

  /** The same of what is asked of the systems themselves, each once, in the order of their contestants. */
  async inTurnBySystem<Result>(
    rounds: number,
    run: (system: System) => Promise<Result>,
    abort: AbortSignal,
  ): Promise<Result[][]> {
    const systems = new Set(this.contestants.map(({ system }) => system));
    const firsts = [...systems].map((each) => this.contestants.find(({ system }) => system === each));
    const names = firsts.map((contestant) => (contestant as Contestant).spec.name);
    const all = await this.inTurn(rounds, names, ({ system }) => run(system), abort);
    return all.map(({ results }) => results);
  }

  async close(): Promise<void> {
    await Promise.all(this.contestants.map(({ generator }) => generator.stop()));
    await Promise.all([...this.systems.values()].map((system) => system.stop()));
    await rm(this.folder, { recursive: true, force: true });
  }

  private async add(spec: ContestantSpec): Promise<void> {
    const id = JSON.stringify(spec.system);
    try {
      const system =
        this.systems.get(id) ??
        (await startSystem(spec.system, join(this.folder, String(this.systems.size))));
      this.systems.set(id, system);
      const generator = await GeneratorProcess.start(system.target(spec.way));
      this.contestants.push({ spec, system, generator });
    } catch (error) {
      if (!(error instanceof NotInstalled)) throw error;
      process.stderr.write(`SKIPPED: ${spec.name}: ${error.message}\n`);
    }
  }
}

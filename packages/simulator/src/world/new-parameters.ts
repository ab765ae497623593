/**
 * Starts the registry with other parameters while the ring runs: more copies or fewer, more or fewer of them required,
 * another way to find owners, longer times. Times are never made shorter, because the checkers count by those that the
 * ring began with.
 */

import { checkParameters, ROUTINGS, type ClusterParameters, type Random } from '@ringkeep/shared';
import type { Scenario } from '../scenario';
import type { Faults } from './faults';
import type { World } from './world';

const EVERY_MS = [500, 3_000] as const;
const COPIES_MAX = 4;
/** The registry is away for so long. */
const AWAY_MS_MAX = 300;
const LONGER = 1.3;

export class NewParameters {
  constructor(
    private readonly world: World,
    private readonly random: Random,
    private readonly scenario: Scenario,
    private readonly faults: Faults,
  ) {}

  start(): void {
    if (this.scenario.newParameters) this.planNext();
  }

  private planNext(): void {
    const { world, random, faults } = this;
    world.timeline.after(random.between(...EVERY_MS), () => {
      if (faults.over) return;
      this.change();
      this.planNext();
    });
  }

  private change(): void {
    const { world, random } = this;
    const { registry, trace, timeline } = world;
    const next = this.draw(registry.parameters);
    trace.note(
      'fault',
      () => `the ring is to have ${next.replicationFactor} copies, ${next.minCopies} of them asked for`,
    );
    registry.crash();
    registry.parameters = next;
    timeline.after(random.below(AWAY_MS_MAX), () => registry.start());
  }

  private draw(now: ClusterParameters): ClusterParameters {
    const { random } = this;
    const replicationFactor = random.between(1, COPIES_MAX);
    const longer = (ms: number): number => (random.chance(0.1) ? Math.round(ms * LONGER) : ms);
    return checkParameters({
      ...now,
      replicationFactor,
      minCopies: random.between(1, replicationFactor),
      routing: random.chance(0.2) ? random.pick(ROUTINGS) : now.routing,
      membershipLeaseMs: longer(now.membershipLeaseMs),
      failureTimeoutMs: longer(now.failureTimeoutMs),
    });
  }
}

/**
 * One machine after another stands still, for longer than it takes to be replaced, and recovers. Clients that hear of
 * the ring from it hear nothing meanwhile, and their connections stay. All other machines are well, so clients must
 * make progress.
 */

import type { Random } from '@ringkeep/shared';
import { Progress } from '../checkers/progress';
import type { Scenario } from '../scenario';
import type { World } from './world';

const STILL_MS = 9_000;
const BETWEEN_MS = 3_000;
const LOOK_EVERY_MS = 100;

export class SilentFeeds {
  /** What clients get done. */
  readonly progress = new Progress();

  constructor(
    private readonly world: World,
    private readonly random: Random,
    private readonly scenario: Scenario,
  ) {}

  start(): void {
    if (!this.scenario.silentFeeds) return;
    this.world.timeline.after(BETWEEN_MS, () => this.planNext());
    this.look();
  }

  private planNext(): void {
    const { world, random, scenario } = this;
    const { timeline } = world;
    if (timeline.now + STILL_MS > scenario.safetyMs) return;
    const { process, name } = random.pick(world.machines.filter(({ joined }) => joined));
    world.trace.note('fault', () => `${name} stands still for ${STILL_MS} ms`);
    process?.pause(STILL_MS);
    timeline.after(STILL_MS + BETWEEN_MS, () => this.planNext());
  }

  private look(): void {
    const { timeline } = this.world;
    if (timeline.now > this.scenario.safetyMs) return;
    const failure = this.progress.check(timeline.now);
    if (failure) this.world.fail(failure.checker, failure.text);
    timeline.after(LOOK_EVERY_MS, () => this.look());
  }
}

/** Makes faults happen at random times, of the kinds that the scenario has, and makes processes write checkpoints. */

import type { Random } from '@ringkeep/shared';
import { PASSING_KINDS, ROT } from '../fault-kinds';
import type { Scenario } from '../scenario';
import { seeded } from '../seeded';
import type { Faults } from './faults';
import type { World } from './world';

export class Nemesis {
  private readonly checkpoints: Random;
  private readonly rot: Random;

  constructor(
    private readonly world: World,
    private readonly schedule: Random,
    private readonly scenario: Scenario,
    private readonly faults: Faults,
  ) {
    this.checkpoints = schedule.fork();
    this.rot = seeded(scenario.seed, `times of ${ROT}`);
  }

  start(): void {
    this.planNext();
    this.planCheckpoints();
    if (this.scenario.faults.includes(ROT)) this.planRot();
  }

  /** Kinds that are off still take their turns, without effect: turning one off leaves the others where they were. */
  private planNext(): void {
    const { schedule, world, scenario, faults } = this;
    // Half of the kinds are off. Faults like company: it takes two or three close together to do harm.
    const close = schedule.chance(0.5);
    const everyMs = close ? scenario.parameters.leaseMs / 4 : scenario.faultEveryMs;
    world.timeline.after(-Math.log(1 - schedule.fraction()) * everyMs, () => {
      if (faults.over) return;
      if (!close) faults.focus = schedule.bits64();
      const kind = schedule.pick(PASSING_KINDS);
      const random = schedule.fork();
      if (scenario.faults.includes(kind)) faults.cause(kind, faults.pickMachine(random), random);
      this.planNext();
    });
  }

  private planRot(): void {
    const { rot, world, scenario, faults } = this;
    world.timeline.after(scenario.faultEveryMs * (0.5 + rot.fraction()), () => {
      if (faults.over) return;
      for (const { process } of world.machines) if (faults.rot.isDamaged && process?.core) process.scrub();
      faults.rot.changeBit(faults.pickMachine(rot), rot.fork());
      this.planRot();
    });
  }

  private planCheckpoints(): void {
    const { checkpoints, world, scenario } = this;
    world.timeline.after(scenario.checkpointEveryMs * (0.5 + checkpoints.fraction()), () => {
      const { process } = this.faults.pickMachine(checkpoints) ?? {};
      process?.checkpoint();
      this.planCheckpoints();
    });
  }
}

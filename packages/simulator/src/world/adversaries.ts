/**
 * Everything that makes things go wrong in a world. Each has a source of chance of its own, and all share the faults.
 */

import type { Random } from '@ringkeep/shared';
import { FOCUSES } from '../focuses';
import type { Scenario } from '../scenario';
import { Faults } from './faults';
import type { Machine } from './machine';
import { Nemesis } from './nemesis';
import { NewParameters } from './new-parameters';
import { OldDisks } from './old-disks';
import { OldRegistry } from './old-registry';
import { Opportunist } from './opportunist';
import type { World } from './world';

/** How long the ring is left alone at the beginning. */
const PEACE_MS = 300;

export class Adversaries {
  readonly faults: Faults;
  readonly opportunist: Opportunist;
  readonly oldRegistry: OldRegistry;
  private readonly nemesis: Nemesis;
  private readonly oldDisks: OldDisks;
  private readonly newParameters: NewParameters;

  /** `part`: the chance of whoever is named. `newcomers`: machines that may join later. */
  constructor(
    private readonly world: World,
    scenario: Scenario,
    part: (name: string) => Random,
    newcomers: Machine[],
  ) {
    const triggers = scenario.focus ? FOCUSES[scenario.focus].triggers : [];
    const faults = new Faults(world, part('the end of all faults'), scenario, newcomers);
    this.faults = faults;
    this.nemesis = new Nemesis(world, part('the nemesis'), scenario, faults);
    this.oldDisks = new OldDisks(world, part('old disks'), scenario, faults);
    this.oldRegistry = new OldRegistry(world, part("the registry's data"), scenario);
    this.newParameters = new NewParameters(world, part('new parameters'), scenario, faults);
    this.opportunist = new Opportunist(world, part('the opportunist'), faults, triggers);
  }

  start(): void {
    this.world.timeline.after(PEACE_MS, () => this.nemesis.start());
    this.oldDisks.start();
    this.oldRegistry.start();
    this.newParameters.start();
  }
}

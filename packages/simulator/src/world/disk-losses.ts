/** Disks that are lost, whole or in part, as far as the ring can be expected to do without them. */

import type { BitRot } from './bit-rot';
import type { FaultDraws } from './fault-draws';
import type { Machine } from './machine';
import { mayCountOn, mayLoseCopies } from './needed-copies';
import type { World } from './world';

/** How often a machine that is switched off looks whether it is still needed. */
const LOOK_EVERY_MS = 50;

export class DiskLosses {
  constructor(
    private readonly world: World,
    private readonly draws: FaultDraws,
    private readonly rot: BitRot,
  ) {}

  /**
   * It stays away until the ring does without it, and only then its disk is lost: what only one disk held when the
   * others were given up is promised to nobody.
   */
  wipe(machine: Machine): void {
    if (!machine.process || machine.id === undefined) return;
    machine.crash(true, 'switched off');
    this.replaceWhenUnneeded(machine);
  }

  /** Unless it is good for something, and everything is being put right before. */
  replaceWhenUnneeded(machine: Machine): void {
    if (machine.awaitsDisk) return;
    const { registry, timeline } = this.world;
    const { random } = this.draws;
    machine.awaitsDisk = true;
    const look = (): void => {
      if (machine.process || (this.draws.over && !machine.spoilt)) {
        machine.awaitsDisk = false;
        return machine.startLater();
      }
      const needed = [registry.ring, registry.storedRing].some((ring) => mayCountOn(ring, machine));
      if (needed || this.rot.isDamaged) return timeline.after(LOOK_EVERY_MS, look);
      machine.replaceDisk();
      machine.startLater(50 + random.below(500));
    };
    look();
  }

  /** It loses its copies, or its whole disk, while arcs count on it; their primaries have theirs. */
  loseCopies(machine: Machine): void {
    if (!machine.process) return;
    machine.crash(true, 'power lost');
    this.takeCopies(machine);
    machine.startLater(this.draws.outageMs());
  }

  /** Its log or its table is lost, and nothing else. It starts as another node when somebody says that it may. */
  losePart(machine: Machine): void {
    if (!machine.process || this.rot.isDamaged || !mayLoseCopies(this.world, machine)) return;
    machine.crash(true, 'power lost');
    machine.losePart(this.draws.random.pick(['log', 'table']));
    machine.startLater(this.draws.outageMs());
  }

  takeCopies(machine: Machine): void {
    if (machine.process || this.rot.isDamaged || !mayLoseCopies(this.world, machine)) return;
    if (this.draws.random.chance(0.5)) machine.replaceDisk();
    else machine.loseCopies();
  }
}

/** Bits that change in the tables on the disks. */

import type { Random } from '@ringkeep/shared';
import type { FaultDraws } from './fault-draws';
import type { Machine } from './machine';
import { holdersCountedOn } from './needed-copies';
import type { World } from './world';

export class BitRot {
  constructor(
    private readonly world: World,
    private readonly draws: FaultDraws,
  ) {}

  /** Some node has an entry that is not what its primary made, or would have it without power. */
  get isDamaged(): boolean {
    return this.world.machines.some(({ disk, retired }) => !retired && disk.table?.isDamaged);
  }

  /**
   * Changes a bit of an entry in a table on a disk while another node that the ring counts on holds the same entry
   * sound. What is damaged everywhere is promised to nobody, and neither half a transfer nor a copy about to leave
   * counts as a copy.
   */
  changeBit(machine: Machine | undefined, random: Random): void {
    const process = machine?.process;
    const held = process?.held;
    const table = machine?.disk.table;
    if (!machine || !process || !held || !table || this.isDamaged) return;
    this.draws.random = random;
    const keys = table.state.keys.filter((key) => {
      const value = table.state.entries.get(key);
      const isSeen = held.entries.raw(key) === value;
      return (
        isSeen &&
        holdersCountedOn(this.world, key, machine).some((other) => other.held?.hasInCopy(key, value))
      );
    });
    if (keys.length === 0) return;
    const key = random.pick(keys);
    this.world.trace.note('fault', () => `${machine.name} has a bit changed in ${key.slice(8)}`);
    process.damage(key, random.below(8 * 40), this.draws.durationMs());
  }
}

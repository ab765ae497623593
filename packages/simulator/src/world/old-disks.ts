/**
 * Keeps pictures of disks and puts one back: a folder restored from a copy, or a snapshot of a machine.
 *
 * A node cannot know it, and its next process looks like any restart. What is promised then depends on who else is
 * there. So this happens to one disk at a time, in a ring that is whole: another in-sync node lives, or comes back with
 * the arc. `late`: those nodes come back when they have been given up. Then the old data may be served until one of
 * them is heard, and from then on the arc must stand still.
 */

import type { Random } from '@ringkeep/shared';
import type { Scenario } from '../scenario';
import type { DiskPicture } from './disk';
import type { Faults } from './faults';
import type { Machine } from './machine';
import type { NodeProcess } from './node-process';
import type { World } from './world';

/** How long a ring is left to itself after a disk was put back, at least. */
const REST_MS = 1_500;
const LOOK_EVERY_MS = 100;

export class OldDisks {
  private readonly how: Scenario['oldDisks'];
  private readonly failureTimeoutMs: number;

  constructor(
    private readonly world: World,
    private readonly random: Random,
    scenario: Scenario,
    private readonly faults: Faults,
  ) {
    this.how = scenario.oldDisks;
    this.failureTimeoutMs = scenario.parameters.failureTimeoutMs;
  }

  start(): void {
    if (this.how !== 'never') this.after(this.random.between(500, REST_MS), () => this.takePicture());
  }

  private takePicture(): void {
    const { world, random } = this;
    const running = world.machines.filter(({ process, id }) => process && id !== undefined);
    if (!this.isWhole() || running.length === 0) return this.after(LOOK_EVERY_MS, () => this.takePicture());
    const victim = random.pick(running);
    const picture = victim.disk.picture();
    const process = victim.process as NodeProcess;
    this.after(random.between(50, REST_MS), () => this.strike(victim, process, picture));
  }

  private strike(victim: Machine, process: NodeProcess, picture: DiskPicture): void {
    if (victim.process !== process || !this.isWhole()) return this.takePicture();
    const { world, random } = this;
    const all = this.how === 'late' || random.chance(0.5);
    const machines = all ? world.machines.filter((machine) => machine.process) : [victim];
    for (const machine of machines) machine.crash(random.chance(0.5), 'switched off');
    if (all && random.chance(0.3)) {
      world.registry.crash();
      world.registry.start();
    }
    world.trace.note('fault', () => `${victim.name} gets its disk back as it was`);
    victim.disk.putBack(picture);
    const alone = !all && random.chance(0.5);
    victim.startLater(alone ? random.between(100, 2_000) : 1);
    const soonMs = this.failureTimeoutMs / 4;
    for (const machine of machines) {
      if (machine === victim) continue;
      const late = this.how === 'late';
      machine.startLater(late ? random.between(1, 8) * this.failureTimeoutMs : 5 + random.below(soonMs));
    }
    this.after(REST_MS, () => this.takePicture());
  }

  /** Everybody is there, has all that he should, and every arc has somebody else. */
  private isWhole(): boolean {
    const { machines, registry } = this.world;
    const there = machines.filter(({ joined, retired }) => joined && !retired);
    return (
      there.every(({ process }) => process?.core?.inspection.status().settled) &&
      registry.ring.arcs.length > 0 &&
      registry.ring.arcs.every(({ inSync }) => inSync.length > 1)
    );
  }

  private after(ms: number, what: () => void): void {
    this.world.timeline.after(ms, () => {
      if (!this.faults.over) what();
    });
  }
}

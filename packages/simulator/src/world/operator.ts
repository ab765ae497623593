/** The operator of a ring, who decides what its nodes do not decide by themselves. */

import { formatPosition, type Arc } from '@ringkeep/shared';
import type { NodeCore } from '@ringkeep/dht-node/core';
import type { Machine } from './machine';
import type { World } from './world';

/** So long everybody has been there before he decides. */
const WAITS_MS = 2_000;

export class Operator {
  /** When somebody was last about to start. */
  private lastComingAt = 0;
  /** What he has decided about: acknowledged writes may be lost there. */
  readonly decided: Arc[] = [];

  constructor(private readonly world: World) {}

  /**
   * Lets a stopped arc continue with the copy that contradicts its primary's, or with the primary's if that one is a
   * copy of only a part. The operator waits until every node has been there for a while, and the registry knows it,
   * because one that comes may know better.
   */
  decideAboutStoppedArcs(): void {
    const { now } = this.world.timeline;
    if (this.world.machines.some((machine) => this.comes(machine))) this.lastComingAt = now;
    if (now - this.lastComingAt < WAITS_MS) return;
    for (const { process, id } of this.world.machines) {
      const stopped = process?.core?.inspection
        .status()
        .replicas.find((replica) => replica.stopped !== undefined);
      if (!process || id === undefined || !stopped) continue;
      const { start } = stopped.range;
      const other = this.world.machineOf(stopped.conflict?.node ?? id)?.process;
      const right = other?.held?.hasWholeCopy(stopped.range) ? other : process;
      this.world.trace.note('fault', () => `${right.name} is to be right about ${formatPosition(start)}`);
      this.decided.push(stopped.range);
      const decision = { kind: 'recover' as const, request: 0, start, from: (right.core as NodeCore).self };
      right.post(decision);
      if (right !== process) process.post(decision);
    }
  }

  private comes({ id, starting, process }: Machine): boolean {
    if (!process) return starting;
    const isDead = this.world.registry.ring.members.some(
      (member) => member.id === id && member.state === 'dead',
    );
    return starting || isDead || !process.core;
  }
}

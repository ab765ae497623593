/**
 * Waits for an opportunity: makes faults that follow an event of the protocol closely, as the scenario's focus asks.
 * Two things that seldom happen within a few milliseconds then do.
 */

import type { NodeId, Position, Random } from '@ringkeep/shared';
import { RingView } from '@ringkeep/shared';
import type { NodeEvent } from '@ringkeep/dht-node/core';
import type { OccasionName, Trigger } from '../focus';
import type { Faults } from './faults';
import type { Machine } from './machine';
import type { Stream } from './stream';
import type { World } from './world';

export interface Occasion {
  readonly name: OccasionName;
  /** The machine that it happened to, and another one that it names. */
  readonly machine: Machine;
  readonly other?: Machine | undefined;
  /** A position of the arc that it is about. */
  readonly at?: Position | undefined;
  /** The stream on which the machine is about to send something, from which side. */
  readonly stream?: Stream;
  readonly side?: 0 | 1;
}

const LAG_MS_MAX = 3_000;

export class Opportunist {
  constructor(
    private readonly world: World,
    private readonly random: Random,
    private readonly faults: Faults,
    private readonly triggers: readonly Trigger[],
  ) {}

  occurred(occasion: Occasion): void {
    for (const trigger of this.triggers) {
      if (trigger.on !== occasion.name || !this.random.chance(trigger.chance)) continue;
      const afterMs = this.random.fraction() * trigger.withinMs;
      const random = this.random.fork();
      if (afterMs === 0) this.strike(trigger, occasion, random);
      else this.world.timeline.after(afterMs, () => this.strike(trigger, occasion, random));
    }
  }

  eventSeen(machine: Machine, event: NodeEvent): void {
    this.occurred(this.occasionOf(machine, event));
  }

  private occasionOf(machine: Machine, event: NodeEvent): Occasion {
    if (event.kind === 'proposed') {
      const { proposal } = event;
      const named = 'node' in proposal ? proposal.node : 'nodes' in proposal ? proposal.nodes[0] : undefined;
      const other = named === undefined ? undefined : this.world.machineOf(named);
      return { name: `proposed ${proposal.kind}`, machine, other, at: proposal.start };
    }
    const home = machine.id;
    const at = 'arc' in event ? event.arc.start : 'range' in event ? event.range.start : home;
    return { name: event.kind, machine, at };
  }

  private strike({ deed, to, long }: Trigger, occasion: Occasion, random: Random): void {
    if (this.faults.over) return;
    const { stream, side = 0 } = occasion;
    const otherSide = side === 0 ? 1 : 0;
    if (deed === 'break') return stream?.reset(random.chance(0.5) ? 0 : 1);
    if (deed === 'lag') return stream?.lag(side, random.between(100, LAG_MS_MAX));
    if (deed === 'lag-back') return stream?.lag(otherSide, random.between(100, LAG_MS_MAX));
    const victim =
      to === 'itself'
        ? occasion.machine
        : to === 'the other'
          ? occasion.other
          : this.neighbour(occasion, random);
    if (!victim) return;
    if (occasion.at !== undefined) this.faults.focus = occasion.at;
    if (deed === 'start') victim.startOrWake();
    else this.faults.cause(deed, victim, random, long);
  }

  /** Somebody else who holds the arc. */
  private neighbour({ at, machine, other }: Occasion, random: Random): Machine | undefined {
    if (at === undefined) return undefined;
    const holders: readonly NodeId[] = new RingView(this.world.registry.ring).arcOfPosition(at)?.inSync ?? [];
    const others = holders
      .map((id) => this.world.machineOf(id))
      .filter((each) => each !== undefined && each !== machine && each !== other);
    return others.length === 0 ? undefined : random.pick(others);
  }
}

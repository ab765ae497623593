/**
 * Waits for an opportunity: makes faults that follow an event of the protocol closely, as the scenario's focus asks.
 * Two things that seldom happen within a few milliseconds then do.
 */

import type { NodeId, Random } from '@ringkeep/shared';
import { RingView } from '@ringkeep/shared';
import type { NodeEvent } from '@ringkeep/dht-node/core';
import type { Trigger } from '../focus';
import type { Faults } from './faults';
import type { Machine } from './machine';
import type { Occasion } from './surroundings';
import type { World } from './world';

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
      const other = named === undefined ? undefined : this.world.machineOf(named)?.party;
      return { name: `proposed ${proposal.kind}`, machine: machine.party, other, at: proposal.start };
    }
    const home = machine.id;
    const at = 'arc' in event ? event.arc.start : 'range' in event ? event.range.start : home;
    return { name: event.kind, machine: machine.party, at };
  }

  private strike({ deed, to, long }: Trigger, occasion: Occasion, random: Random): void {
    if (this.faults.over) return;
    const { stream, side = 0 } = occasion;
    const otherSide = side === 0 ? 1 : 0;
    if (deed === 'break') return stream?.reset(random.chance(0.5) ? 0 : 1);
    if (deed === 'lag') return stream?.lag(side, random.between(100, LAG_MS_MAX));
    if (deed === 'lag-back') return stream?.lag(otherSide, random.between(100, LAG_MS_MAX));
    const victim = this.victimOf(to, occasion, random);
    if (!victim) return;
    if (occasion.at !== undefined) this.faults.focus = occasion.at;
    if (deed === 'start') victim.startOrWake();
    else this.faults.cause(deed, victim, random, long);
  }

  private victimOf(to: Trigger['to'], occasion: Occasion, random: Random): Machine | undefined {
    if (to === 'itself') return this.world.machine(occasion.machine);
    if (to !== 'the other') return this.neighbour(occasion, random);
    return occasion.other === undefined ? undefined : this.world.machine(occasion.other);
  }

  /** Somebody else who holds the arc. */
  private neighbour({ at, machine, other }: Occasion, random: Random): Machine | undefined {
    if (at === undefined) return undefined;
    const holders: readonly NodeId[] = new RingView(this.world.registry.ring).arcOfPosition(at)?.inSync ?? [];
    const others = holders
      .map((id) => this.world.machineOf(id))
      .filter((each) => each !== undefined && each.party !== machine && each.party !== other);
    return others.length === 0 ? undefined : random.pick(others);
  }
}

/**
 * Whoever makes the faults happen: at random times one of the kinds that the scenario has, each of which ends
 * by itself after a while. At the end of the safety phase everything is put right.
 */

import { RingView, position, type NodeId, type Random } from '@ringkeep/shared';
import { FAULT_KINDS, isPassing, type FaultKind, type Scenario } from '../scenario';
import type { Machine } from './machine';
import { FIRST_CLIENT_PARTY, REGISTRY_PARTY, type World } from './world';
import type { Party } from './network';

const PASSING_KINDS = FAULT_KINDS.filter(isPassing);

export class Nemesis {
  private over = false;
  private readonly undo = new Set<() => void>();
  /** Of the present fault. */
  private random: Random;
  /** A position: the nodes of its arc are the favourite victims for a while. */
  private focus = 0n;
  private readonly checkpoints: Random;

  constructor(
    private readonly world: World,
    private readonly schedule: Random,
    private readonly scenario: Scenario,
    private readonly newcomers: Machine[],
  ) {
    this.checkpoints = schedule.fork();
    this.random = schedule.fork();
  }

  start(): void {
    this.planNext();
    this.planCheckpoints();
  }

  /** Ends every fault and switches everything on. */
  heal(): void {
    this.over = true;
    const { world } = this;
    world.trace.note('fault', () => 'everything is put right');
    for (const end of this.undo) end();
    this.undo.clear();
    world.network.heal();
    world.registry.start();
    for (const machine of world.machines) {
      machine.disk.heal();
      if (!machine.joined || machine.process) continue;
      if (this.random.chance(0.5) && this.isDispensable(machine)) machine.retire('it stays switched off');
      else machine.startLater();
    }
  }

  /** The registry has declared it dead, and every arc that still names it has somebody else. */
  private isDispensable({ identity }: Machine): boolean {
    const { members, arcs } = this.world.registry.ring;
    const isLive = (id: NodeId): boolean =>
      members.some((member) => member.id === id && member.state !== 'dead');
    if (!identity || isLive(identity.id)) return false;
    return arcs.every(({ inSync }) => !inSync.includes(identity.id) || inSync.some(isLive));
  }

  /** Kinds that are off take their turns in vain: turning one off leaves the others where they were. */
  private planNext(): void {
    const { schedule, world, scenario } = this;
    // Half of the kinds are off. Faults like company: it takes two or three close together to do harm.
    const close = schedule.chance(0.5);
    const everyMs = close ? scenario.parameters.leaseMs / 4 : scenario.faultEveryMs;
    world.timeline.after(-Math.log(1 - schedule.fraction()) * everyMs, () => {
      if (this.over) return;
      if (!close) this.focus = schedule.bits64();
      const kind = schedule.pick(PASSING_KINDS);
      this.random = schedule.fork();
      if (scenario.faults.includes(kind)) this.cause(kind);
      this.planNext();
    });
  }

  private planCheckpoints(): void {
    const { checkpoints, world, scenario } = this;
    world.timeline.after(scenario.checkpointEveryMs * (0.5 + checkpoints.fraction()), () => {
      const { process } = this.pickMachine(checkpoints) ?? {};
      process?.checkpoint();
      this.planCheckpoints();
    });
  }

  private pickMachine(random: Random): Machine | undefined {
    const { world } = this;
    const running = world.machines.filter((machine) => machine.process);
    if (running.length === 0) return undefined;
    const arc = new RingView(world.registry.ring).arcOfPosition(position(this.focus));
    const holders = arc?.inSync.map((id) => world.machineOf(id)).filter((machine) => machine?.process) ?? [];
    if (!arc || holders.length === 0 || random.chance(0.3)) return random.pick(running);
    const primary = world.machineOf(arc.primary);
    return primary?.process && random.chance(0.4) ? primary : random.pick(holders);
  }

  /** A duration: mostly short, sometimes longer than every lease. */
  private duration(): number {
    const { membershipLeaseMs, leaseMs } = this.scenario.parameters;
    const longest = 2 * Math.max(membershipLeaseMs, leaseMs);
    return this.random.chance(0.5) ? this.random.between(10, leaseMs) : this.random.between(leaseMs, longest);
  }

  private note(text: string): void {
    this.world.trace.note('fault', () => text);
  }

  private cause(kind: FaultKind): void {
    const machine = this.pickMachine(this.random);
    switch (kind) {
      case 'crash':
        if (machine) this.crash(machine, false);
        return;
      case 'power-loss':
        return machine && this.losePower(machine);
      case 'mass-crash':
        for (const each of this.world.machines)
          if (this.random.chance(0.6)) this.crash(each, this.random.chance(0.5));
        return;
      case 'pause': {
        const forMs = this.duration();
        this.note(`${machine?.name} pauses for ${forMs} ms`);
        return machine?.process?.pause(forMs);
      }
      case 'suspend': {
        const forMs = this.duration();
        this.note(`${machine?.name} sleeps for ${forMs} ms`);
        return machine?.sleep(forMs);
      }
      case 'partition':
        return this.partition();
      case 'one-way-cut':
        return this.cutSome(this.anyNode(), this.anyNode(), false);
      case 'registry-cut':
        return this.cutOffRegistry();
      case 'client-cut':
        if (machine) {
          const client = FIRST_CLIENT_PARTY + this.random.below(this.scenario.clients);
          this.cutSome(client, machine.party, this.random.chance(0.5));
        }
        return;
      case 'clog':
        return this.clog();
      case 'disk-stall': {
        const forMs = this.duration();
        this.note(`disk of ${machine?.name} stalls for ${forMs} ms`);
        return machine?.disk.stall(forMs);
      }
      case 'disk-full':
        this.note(`disk of ${machine?.name} is full`);
        return machine?.disk.fill(this.duration());
      case 'registry-crash':
        this.world.registry.crash();
        this.world.timeline.after(this.duration(), () => this.world.registry.start());
        return;
      case 'registry-pause': {
        const forMs = this.duration();
        this.note(`registry pauses for ${forMs} ms`);
        return this.world.registry.server?.pause(forMs);
      }
      case 'join':
        return this.newcomers.pop()?.start();
      case 'leave':
        this.note(`${machine?.name} is asked to leave`);
        return machine?.process?.post({ kind: 'leave' });
      default:
        return;
    }
  }

  /** Half of the time just when the disk is slow, and much is not yet synced. */
  private losePower(machine: Machine): void {
    if (this.random.chance(0.5)) return this.crash(machine, true);
    const afterMs = this.random.between(5, 100);
    machine.disk.stall(2 * afterMs);
    this.world.timeline.after(afterMs, () => this.crash(machine, true));
  }

  private crash(machine: Machine, powerLost: boolean): void {
    if (!machine.process) return;
    machine.crash(powerLost, powerLost ? 'power lost' : 'killed');
    machine.startLater(this.random.chance(0.5) ? 5 + this.random.below(50) : this.duration());
  }

  private anyNode(): Party {
    const { machines } = this.world;
    if (this.random.chance(0.25)) return REGISTRY_PARTY;
    return (this.pickMachine(this.random) ?? this.random.pick(machines)).party;
  }

  /** One node, or several at once, lose the registry and nothing else. */
  private cutOffRegistry(): void {
    const victims = new Set([this.pickMachine(this.random)]);
    while (this.random.chance(0.4)) victims.add(this.pickMachine(this.random));
    const both = this.random.chance(0.8);
    for (const machine of victims) if (machine) this.cutSome(machine.party, REGISTRY_PARTY, both);
  }

  private cutSome(from: Party, to: Party, both: boolean): void {
    if (from === to) return;
    const { network } = this.world;
    this.note(`the way from ${from} to ${to} is cut${both ? ', and back' : ''}`);
    this.forAWhile(network.cut(from, to), ...(both ? [network.cut(to, from)] : []));
  }

  /** Two groups that cannot reach each other; the registry is in one of them, or reachable from both. */
  private partition(): void {
    const { network, machines } = this.world;
    const parties = machines.map((machine) => machine.party);
    if (this.random.chance(0.7)) parties.push(REGISTRY_PARTY);
    this.random.shuffle(parties);
    const alone = this.random.chance(0.5) ? 1 : 1 + this.random.below(parties.length);
    const left = parties.slice(0, alone);
    const right = parties.slice(alone);
    this.note(`partition: ${left.join(' ')} from ${right.join(' ')}`);
    this.forAWhile(...left.flatMap((a) => right.flatMap((b) => [network.cut(a, b), network.cut(b, a)])));
  }

  private clog(): void {
    const from = this.anyNode();
    const to = this.anyNode();
    const delayMs = this.random.between(20, 2_000);
    this.note(`the way from ${from} to ${to} is clogged by up to ${delayMs} ms`);
    this.forAWhile(this.world.network.clog(from, to, delayMs));
  }

  private forAWhile(...ends: (() => void)[]): void {
    const end = (): void => {
      this.undo.delete(end);
      for (const undo of ends) undo();
    };
    this.undo.add(end);
    this.world.timeline.after(this.duration(), end);
  }
}

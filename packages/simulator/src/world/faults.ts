/**
 * What each kind of fault does, and how it ends: most by themselves after a while, all of them at the end of
 * the safety phase.
 */

import {
  RingView,
  position,
  type Member,
  type NodeId,
  type Random,
  type Ring,
  type RingKey,
} from '@ringkeep/shared';
import type { PassingKind } from '../fault-kinds';
import type { Scenario } from '../scenario';
import type { Machine } from './machine';
import type { NodeProcess } from './node-process';
import type { Party } from './network';
import { FIRST_CLIENT_PARTY, REGISTRY_PARTY, type World } from './world';

/** How often a machine that is switched off looks whether it is still needed. */
const LOOK_EVERY_MS = 50;
/** Within so long everybody loses power in a blackout. */
const BLACKOUT_MS = 300;
/** What a step takes where the processor is slow, typically. */
const STEP_MS = [0.5, 3, 15];

export class Faults {
  /** Everything is being put right: no more of it. */
  over = false;
  /** A position: the nodes of its arc are the favourite victims for a while. */
  focus = 0n;
  private readonly undo = new Set<() => void>();
  /** Of the present fault. */
  private random: Random;
  private long = false;

  constructor(
    private readonly world: World,
    random: Random,
    private readonly scenario: Scenario,
    private readonly newcomers: Machine[],
  ) {
    this.random = random;
  }

  /** Ends every fault and switches everything on, but some machines that nobody needs. */
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
      machine.stepMs = 0;
      if (machine.joined && !machine.process) this.switchOn(machine);
    }
  }

  private switchOn(machine: Machine): void {
    // Where a disk was put back, those who know better have to come.
    const mayStayAway = this.scenario.oldDisks === 'never' && !this.isDamaged;
    if (this.random.chance(0.5) && mayStayAway && this.isDispensable(machine))
      machine.retire('it stays switched off');
    else machine.startLater();
  }

  pickMachine(random: Random): Machine | undefined {
    const { world } = this;
    const running = world.machines.filter((machine) => machine.process);
    if (running.length === 0) return undefined;
    const arc = new RingView(world.registry.ring).arcOfPosition(position(this.focus));
    const holders = arc?.inSync.map((id) => world.machineOf(id)).filter((machine) => machine?.process) ?? [];
    if (!arc || holders.length === 0 || random.chance(0.3)) return random.pick(running);
    const primary = world.machineOf(arc.primary);
    return primary?.process && random.chance(0.4) ? primary : random.pick(holders);
  }

  /** `victim`: of the kinds that strike one machine; somebody is picked for the others. */
  cause(kind: PassingKind, victim: Machine | undefined, random: Random, long = false): void {
    this.random = random;
    this.long = long;
    switch (kind) {
      case 'crash':
        return victim && this.crash(victim, false);
      case 'power-loss':
        return victim && this.losePower(victim);
      case 'mass-crash':
        for (const each of this.world.machines)
          if (this.random.chance(0.6)) this.crash(each, this.random.chance(0.5));
        return;
      case 'wipe':
        return victim && this.wipe(victim);
      case 'copies-lost':
        return victim && this.loseCopies(victim);
      case 'part-lost':
        return victim && this.losePart(victim);
      case 'blackout':
        return this.blackOut();
      case 'pause':
        return this.during(victim, 'pauses', (machine, forMs) => machine.process?.pause(forMs));
      case 'suspend':
        return this.during(victim, 'sleeps', (machine, forMs) => machine.sleep(forMs));
      case 'partition':
        return this.partition();
      case 'one-way-cut':
        return this.cutSome(this.anyNode(), this.anyNode(), false);
      case 'registry-cut':
        return this.cutOffRegistry(victim);
      case 'client-cut': {
        const client = FIRST_CLIENT_PARTY + this.random.below(this.scenario.clients);
        return victim && this.cutSome(client, victim.party, this.random.chance(0.5));
      }
      case 'address-lost':
        return this.loseAddress(victim);
      case 'clog':
        return this.clog();
      case 'disk-stall':
        return this.during(victim, 'has a disk that stalls', ({ disk }, forMs) => disk.stall(forMs));
      case 'disk-full':
        return this.during(victim, 'has a full disk', ({ disk }, forMs) => disk.fill(forMs));
      case 'disk-error':
        if (victim) this.note(`${victim.name} has a disk that fails once`);
        return victim && victim.disk.fail('once');
      case 'disk-broken':
        if (victim) this.note(`${victim.name} has a disk that takes nothing any more`);
        return victim && victim.disk.fail('for ever');
      case 'slow-processor': {
        const stepMs = this.random.pick(STEP_MS);
        return this.during(victim, 'is slow', (machine, forMs) => this.slowDown(machine, stepMs, forMs));
      }
      case 'registry-crash':
        this.world.registry.crash();
        return this.world.timeline.after(this.duration(), () => this.world.registry.start());
      case 'registry-pause': {
        const forMs = this.duration();
        this.note(`registry pauses for ${forMs} ms`);
        return this.world.registry.server?.pause(forMs);
      }
      case 'join':
        return this.newcomers.pop()?.start();
      case 'leave':
        // The copy that it gives up may be the last sound one, and nobody has found the damage of the other yet.
        if (this.isDamaged) return;
        if (victim) this.note(`${victim.name} is asked to leave`);
        return victim?.process?.post({ kind: 'leave' });
    }
  }

  /** A duration: mostly short, sometimes longer than every lease. */
  private duration(): number {
    const { membershipLeaseMs, leaseMs } = this.scenario.parameters;
    const longest = 2 * Math.max(membershipLeaseMs, leaseMs);
    if (this.long) return this.random.between(longest / 2, 2 * longest);
    return this.random.chance(0.5) ? this.random.between(10, leaseMs) : this.random.between(leaseMs, longest);
  }

  private note(text: string): void {
    this.world.trace.note('fault', () => text);
  }

  private during(
    victim: Machine | undefined,
    what: string,
    happens: (machine: Machine, forMs: number) => void,
  ): void {
    const forMs = this.duration();
    if (!victim) return;
    this.note(`${victim.name} ${what} for ${forMs} ms`);
    happens(victim, forMs);
  }

  private slowDown(machine: Machine, stepMs: number, forMs: number): void {
    machine.stepMs = stepMs;
    this.world.timeline.after(forMs, () => (machine.stepMs = 0));
  }

  /** Half of the time just when the disk is slow, and much is not yet synced. */
  private losePower(machine: Machine): void {
    if (this.random.chance(0.5)) return this.crash(machine, true);
    const afterMs = this.random.between(5, 100);
    machine.disk.stall(2 * afterMs);
    const { random } = this;
    this.world.timeline.after(afterMs, () => {
      this.random = random;
      this.crash(machine, true);
    });
  }

  private crash(machine: Machine, powerLost: boolean): void {
    if (!machine.process) return;
    machine.crash(powerLost, powerLost ? 'power lost' : 'killed');
    machine.startLater(this.random.chance(0.5) ? 5 + this.random.below(50) : this.duration());
  }

  /** Some node has an entry that is not what its primary made, or would have it without power. */
  get isDamaged(): boolean {
    return this.world.machines.some(({ disk, retired }) => !retired && disk.table?.isDamaged);
  }

  /**
   * A bit of an entry changes in a table on a disk while another node that the ring counts on holds the same entry
   * sound: what was damaged everywhere is promised to nobody, and neither half a transfer nor a copy about to leave is a
   * copy.
   */
  changeBit(machine: Machine | undefined, random: Random): void {
    const process = machine?.process;
    const held = process?.held;
    const table = machine?.disk.table;
    if (!machine || !process || !held || !table || this.isDamaged) return;
    this.random = random;
    const keys = table.state.keys.filter((key) => {
      const value = table.state.entries.get(key);
      const isSeen = held.entries.raw(key) === value;
      return isSeen && this.holdersCountedOn(key, machine).some((other) => other.held?.hasInCopy(key, value));
    });
    if (keys.length === 0) return;
    const key = this.random.pick(keys);
    this.note(`${machine.name} has a bit changed in ${key.slice(8)}`);
    process.damage(key, this.random.below(8 * 40), this.duration());
  }

  /** The other running members in sync of the key's arc that are to stay so, as this machine is. */
  private holdersCountedOn(key: RingKey, like: Machine): NodeProcess[] {
    const { ring } = this.world.registry;
    const view = new RingView(ring);
    const arc = view.arcOfKey(key);
    if (!arc) return [];
    const desired = view.desiredReplicas(arc, ring.parameters.replicationFactor);
    const machines = arc.inSync.filter((id) => desired.includes(id)).map((id) => this.world.machineOf(id));
    if (!machines.includes(like)) return [];
    return machines.flatMap((machine) => (machine?.process && machine !== like ? [machine.process] : []));
  }

  /**
   * It stays away until the ring does without it, and then its disk is lost: what only one disk held when the
   * others were given up is promised to nobody.
   */
  private wipe(machine: Machine): void {
    if (!machine.process || machine.id === undefined) return;
    machine.crash(true, 'switched off');
    this.replaceDiskWhenUnneeded(machine);
  }

  /** Unless it is good for something, and everything is being put right before. */
  replaceDiskWhenUnneeded(machine: Machine): void {
    if (machine.awaitsDisk) return;
    const { registry, timeline } = this.world;
    const { random } = this;
    machine.awaitsDisk = true;
    const look = (): void => {
      if (machine.process || (this.over && !machine.spoilt)) {
        machine.awaitsDisk = false;
        return machine.startLater();
      }
      const needed = [registry.ring, registry.storedRing].some((ring) => mayCountOn(ring, machine));
      if (needed || this.isDamaged) return timeline.after(LOOK_EVERY_MS, look);
      machine.replaceDisk();
      machine.startLater(50 + random.below(500));
    };
    look();
  }

  /** It loses its copies, or its whole disk, while arcs count on it; their primaries have theirs. */
  private loseCopies(machine: Machine): void {
    if (!machine.process) return;
    machine.crash(true, 'power lost');
    this.takeCopies(machine);
    machine.startLater(this.random.chance(0.5) ? 5 + this.random.below(50) : this.duration());
  }

  /** Its log or its table is lost, and nothing else. It starts as another node when somebody says that it may. */
  private losePart(machine: Machine): void {
    if (!machine.process || this.isDamaged || !this.mayLoseCopies(machine)) return;
    machine.crash(true, 'power lost');
    machine.losePart(this.random.pick(['log', 'table']));
    machine.startLater(this.random.chance(0.5) ? 5 + this.random.below(50) : this.duration());
  }

  /** Everybody loses power, for longer than a membership lease; one of them comes back without its copies. */
  private blackOut(): void {
    const { machines, timeline } = this.world;
    const { random } = this;
    this.long = true;
    this.note('everybody loses power');
    for (const machine of machines) {
      if (!machine.process) continue;
      timeline.after(random.below(BLACKOUT_MS), () => machine.crash(true, 'power lost'));
      machine.startLater(BLACKOUT_MS + this.duration());
    }
    timeline.after(BLACKOUT_MS, () => {
      this.random = random;
      this.takeCopies(random.pick(machines));
    });
  }

  private takeCopies(machine: Machine): void {
    if (machine.process || this.isDamaged || !this.mayLoseCopies(machine)) return;
    if (this.random.chance(0.5)) machine.replaceDisk();
    else machine.loseCopies();
  }

  /**
   * Every arc that names it, by what the registry knows and by what it would find after a crash, has a primary
   * with its copy. No proposal that is on its way takes a primary out.
   */
  private mayLoseCopies({ id: own }: Machine): boolean {
    if (own === undefined) return false;
    const { registry } = this.world;
    return [registry.ring, registry.storedRing].every(({ arcs, members }) =>
      arcs.every((arc) => {
        if (!arc.inSync.includes(own)) return true;
        const primary = members.find(({ id }) => id === arc.primary) as Member;
        if (arc.primary === own || arc.withoutCopy.includes(primary.id)) return false;
        return this.world.machineOf(primary.id)?.hasCopiesOf(primary) ?? false;
      }),
    );
  }

  /** The registry has declared it dead, and every arc that still names it has somebody else who has a copy. */
  private isDispensable({ id: own }: Machine): boolean {
    const { members, arcs } = this.world.registry.ring;
    const isLive = (id: NodeId): boolean =>
      members.some((member) => member.id === id && member.state !== 'dead');
    if (own === undefined || isLive(own)) return false;
    const hasCopies = (id: NodeId): boolean => {
      const member = members.find((each) => each.id === id);
      return member !== undefined && (this.world.machineOf(id)?.hasCopiesOf(member) ?? false);
    };
    return arcs.every(
      ({ inSync, withoutCopy }) =>
        !inSync.includes(own) ||
        inSync.some((id) => isLive(id) && !withoutCopy.includes(id) && hasCopies(id)),
    );
  }

  private anyNode(): Party {
    const { machines } = this.world;
    if (this.random.chance(0.25)) return REGISTRY_PARTY;
    return (this.pickMachine(this.random) ?? this.random.pick(machines)).party;
  }

  /** One node, or several at once, lose the registry and nothing else. */
  private cutOffRegistry(victim: Machine | undefined): void {
    const victims = new Set([victim]);
    while (this.random.chance(0.4)) victims.add(this.pickMachine(this.random));
    const both = this.random.chance(0.8);
    for (const machine of victims) if (machine) this.cutSome(machine.party, REGISTRY_PARTY, both);
  }

  /** It goes on reaching everybody. */
  private loseAddress(victim: Machine | undefined): void {
    if (!victim) return;
    this.note(`${victim.name} cannot be reached at its address`);
    this.forAWhile(this.world.network.shutOff(victim.party));
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

/**
 * An arc names a node of that address, or none is named yet: a node without an identity may have been given the first
 * arc of the ring, or be about to, and only the claim on its disk gets it back.
 */
function mayCountOn({ members, arcs }: Ring, { addr }: Machine): boolean {
  const here = members.filter((member) => member.addr === addr);
  return arcs.length === 0 || arcs.some(({ inSync }) => here.some(({ id }) => inSync.includes(id)));
}

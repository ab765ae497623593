/**
 * What each kind of fault does, and how it ends: most end by themselves after a while, and all of them at the end of
 * the safety phase.
 */

import { RingView, position, type Random } from '@ringkeep/shared';
import type { PassingKind } from '../fault-kinds';
import type { Scenario } from '../scenario';
import { BitRot } from './bit-rot';
import { DiskLosses } from './disk-losses';
import { FaultDraws } from './fault-draws';
import type { Machine } from './machine';
import { isDispensable } from './needed-copies';
import { NetworkFaults } from './network-faults';
import { FIRST_CLIENT_PARTY } from './surroundings';
import type { World } from './world';

/** Within so long everybody loses power in a blackout. */
const BLACKOUT_MS = 300;
/** What a step takes where the processor is slow, typically. */
const STEP_MS = [0.5, 3, 15];

/** Of the kinds that strike one machine the victim may be missing; somebody is picked for the others. */
type Deed = (victim: Machine | undefined) => void;

export class Faults {
  /** A position: the nodes of its arc are the favourite victims for a while. */
  focus = 0n;
  readonly rot: BitRot;
  readonly losses: DiskLosses;
  private readonly draws: FaultDraws;
  private readonly network: NetworkFaults;

  constructor(
    private readonly world: World,
    random: Random,
    private readonly scenario: Scenario,
    private readonly newcomers: Machine[],
  ) {
    this.draws = new FaultDraws(random, scenario.parameters);
    this.rot = new BitRot(world, this.draws);
    this.losses = new DiskLosses(world, this.draws, this.rot);
    this.network = new NetworkFaults(world, this.draws, () => this.pickMachine(this.draws.random));
  }

  get over(): boolean {
    return this.draws.over;
  }

  /** Ends every fault and switches everything on, except some machines that nobody needs. */
  heal(): void {
    this.draws.over = true;
    const { world } = this;
    world.trace.note('fault', () => 'everything is put right');
    this.network.heal();
    world.registry.start();
    for (const machine of world.machines) {
      machine.disk.heal();
      machine.stepMs = 0;
      if (machine.joined && !machine.process) this.switchOn(machine);
    }
  }

  private switchOn(machine: Machine): void {
    // Where a disk was put back, those who know better have to come.
    const mayStayAway = this.scenario.oldDisks === 'never' && !this.rot.isDamaged;
    if (this.draws.random.chance(0.5) && mayStayAway && isDispensable(this.world, machine))
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

  cause(kind: PassingKind, victim: Machine | undefined, random: Random, long = false): void {
    this.draws.random = random;
    this.draws.long = long;
    this.deeds[kind](victim);
  }

  private readonly deeds: Readonly<Record<PassingKind, Deed>> = {
    crash: (victim) => victim && this.crash(victim, false),
    'power-loss': (victim) => victim && this.losePower(victim),
    'mass-crash': () => this.crashMany(),
    wipe: (victim) => victim && this.losses.wipe(victim),
    'copies-lost': (victim) => victim && this.losses.loseCopies(victim),
    'part-lost': (victim) => victim && this.losses.losePart(victim),
    blackout: () => this.blackOut(),
    pause: (victim) => this.during(victim, 'pauses', (machine, forMs) => machine.process?.pause(forMs)),
    suspend: (victim) => this.during(victim, 'sleeps', (machine, forMs) => machine.sleep(forMs)),
    partition: () => this.network.partition(),
    'one-way-cut': () => this.network.cutSome(this.network.anyNode(), this.network.anyNode(), false),
    'registry-cut': (victim) => this.network.cutOffRegistry(victim),
    'client-cut': (victim) => this.cutOffClient(victim),
    'address-lost': (victim) => this.network.loseAddress(victim),
    clog: () => this.network.clog(),
    'disk-stall': (victim) =>
      this.during(victim, 'has a disk that stalls', ({ disk }, forMs) => disk.stall(forMs)),
    'disk-full': (victim) => this.during(victim, 'has a full disk', ({ disk }, forMs) => disk.fill(forMs)),
    'disk-error': (victim) => this.failDisk(victim, 'has a disk that fails once', 'once'),
    'disk-broken': (victim) => this.failDisk(victim, 'has a disk that takes nothing any more', 'for ever'),
    'slow-processor': (victim) => this.slowDown(victim),
    'registry-crash': () => this.crashRegistry(),
    'registry-pause': () => this.pauseRegistry(),
    join: () => this.join(),
    leave: (victim) => this.askToLeave(victim),
  };

  private note(text: string): void {
    this.world.trace.note('fault', () => text);
  }

  private during(
    victim: Machine | undefined,
    what: string,
    happens: (machine: Machine, forMs: number) => void,
  ): void {
    const forMs = this.draws.durationMs();
    if (!victim) return;
    this.note(`${victim.name} ${what} for ${forMs} ms`);
    happens(victim, forMs);
  }

  private slowDown(victim: Machine | undefined): void {
    const stepMs = this.draws.random.pick(STEP_MS);
    this.during(victim, 'is slow', (machine, forMs) => {
      machine.stepMs = stepMs;
      this.world.timeline.after(forMs, () => (machine.stepMs = 0));
    });
  }

  private failDisk(victim: Machine | undefined, what: string, how: 'once' | 'for ever'): void {
    if (!victim) return;
    this.note(`${victim.name} ${what}`);
    victim.disk.fail(how);
  }

  private cutOffClient(victim: Machine | undefined): void {
    const { random } = this.draws;
    const client = FIRST_CLIENT_PARTY + random.below(this.scenario.clients);
    if (victim) this.network.cutSome(client, victim.party, random.chance(0.5));
  }

  private crashRegistry(): void {
    const { registry, timeline } = this.world;
    registry.crash();
    timeline.after(this.draws.durationMs(), () => registry.start());
  }

  private pauseRegistry(): void {
    const forMs = this.draws.durationMs();
    this.note(`registry pauses for ${forMs} ms`);
    this.world.registry.server?.pause(forMs);
  }

  private join(): void {
    // A registry that has lost everything begins a ring with whoever comes first and knows of none.
    if (!this.world.registry.hasLostData) this.newcomers.pop()?.start();
  }

  private askToLeave(victim: Machine | undefined): void {
    // The copy that it gives up may be the last sound one, and nobody has found the damage of the other yet.
    if (this.rot.isDamaged || !victim) return;
    this.note(`${victim.name} is asked to leave`);
    victim.isToLeave = true;
    victim.process?.post({ kind: 'leave' });
  }

  private crashMany(): void {
    for (const each of this.world.machines)
      if (this.draws.random.chance(0.6)) this.crash(each, this.draws.random.chance(0.5));
  }

  /** Half of the time just when the disk is slow, and much is not yet synced. */
  private losePower(machine: Machine): void {
    if (this.draws.random.chance(0.5)) return this.crash(machine, true);
    const afterMs = this.draws.random.between(5, 100);
    machine.disk.stall(2 * afterMs);
    const { random } = this.draws;
    this.world.timeline.after(afterMs, () => {
      this.draws.random = random;
      this.crash(machine, true);
    });
  }

  private crash(machine: Machine, powerLost: boolean): void {
    if (!machine.process) return;
    machine.crash(powerLost, powerLost ? 'power lost' : 'killed');
    machine.startLater(this.draws.outageMs());
  }

  /** Everybody loses power, for longer than a membership lease; one of them comes back without its copies. */
  private blackOut(): void {
    const { machines, timeline } = this.world;
    const { random } = this.draws;
    this.draws.long = true;
    this.note('everybody loses power');
    for (const machine of machines) {
      if (!machine.process) continue;
      timeline.after(random.below(BLACKOUT_MS), () => machine.crash(true, 'power lost'));
      machine.startLater(BLACKOUT_MS + this.draws.durationMs());
    }
    timeline.after(BLACKOUT_MS, () => {
      this.draws.random = random;
      this.losses.takeCopies(random.pick(machines));
    });
  }
}

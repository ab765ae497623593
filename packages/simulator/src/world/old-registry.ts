/**
 * Puts the registry's data back to an earlier state, or loses them, and puts the newest ones back when the registry has
 * said that its data are not the newest.
 *
 * The registry cannot know it by itself. Members can, and they are heard before anything is decided. So this happens
 * while every node that the ring counts on runs and knows more than the old data do. Then the registry must find out,
 * and decide nothing before. Nodes that know less may be heard first, and for as long as they like: a node that was
 * dropped since, or one that joins. What such a node learns from old data is another history, and its disk is given up:
 * nothing counts on it.
 */

import { isKnown, knownOf, type NodeId, type Random, type Ring } from '@ringkeep/shared';
import type { Scenario } from '../scenario';
import type { Machine } from './machine';
import type { StoredState } from './registry-machine';
import type { World } from './world';

/** How long a ring is left to itself, at least. */
const REST_MS = 1_000;
const LOOK_EVERY_MS = 20;
/** How often it is seen whether everybody knows more than an old picture: a little more often than disks are synced. */
const STRIKE_LOOK_MS = 0.3;
/** After that another picture is taken. */
const PICTURE_MS_MAX = 4_000;
const STARTS_MAX = 20;
/** So much later nothing is on its way any more that a process which was led into another history has sent. */
const STRAY_MS = 300;

interface Newest {
  readonly state: StoredState;
  /** Whoever the ring counted on. */
  readonly named: ReadonlySet<NodeId>;
  /** At that time. */
  readonly incarnations: ReadonlyMap<Machine, number>;
}

export class OldRegistry {
  private readonly how: Scenario['registryData'];
  private readonly membershipLeaseMs: number;
  /** What somebody has kept aside, while the registry has older data or none. */
  private newest: Newest | undefined;
  private old: Ring | undefined;
  private noticeBy = Infinity;
  private over = false;

  constructor(
    private readonly world: World,
    private readonly random: Random,
    scenario: Scenario,
  ) {
    this.how = scenario.registryData;
    this.membershipLeaseMs = scenario.parameters.membershipLeaseMs;
  }

  get isOnOldData(): boolean {
    return this.newest !== undefined;
  }

  start(): void {
    if (this.how === 'kept') return;
    this.after(this.random.between(300, REST_MS), () => this.takePicture());
    this.planFailingSave();
    this.look();
  }

  /** A version that was made on old data: no role and no member of an arc may differ. */
  check(ring: Ring): void {
    const roles = ({ arcs }: Ring): string =>
      arcs.map(({ start, term, primary, inSync }) => [start, term, primary, ...inSync].join(' ')).join();
    if (this.old && roles(ring) === roles(this.old)) return;
    this.world.fail('old registry', `version ${ring.version} was decided on data that are an old copy`);
  }

  /** No more of it; the newest data are put back. @returns how long the registry may be kept from starting */
  end(): number {
    this.over = true;
    this.putNewestBack();
    return this.how === 'kept' ? 0 : STRAY_MS;
  }

  /** The operator's part. */
  private putNewestBack(): void {
    const { newest, world } = this;
    if (!newest) return;
    this.newest = undefined;
    this.noticeBy = Infinity;
    world.registry.crash();
    this.giveUpTheMisled(newest);
    world.trace.note('fault', () => 'the registry gets its newest data back');
    world.registry.putBack(newest.state);
    world.timeline.after(STRAY_MS, () => world.registry.start());
  }

  /**
   * A node that ran meanwhile without being counted on may have been led into another history. Its call would make the
   * right registry take its own data for an old copy.
   */
  private giveUpTheMisled({ named, incarnations }: Newest): void {
    for (const machine of this.world.machines) {
      const { id, incarnation, process, joined, retired } = machine;
      if (!joined || retired || (id !== undefined && named.has(id))) continue;
      if (!process && incarnations.get(machine) === incarnation) continue;
      machine.crash(false, 'it may be of another history');
      machine.replaceDisk();
      machine.startLater();
    }
  }

  private takePicture(): void {
    const { world, random } = this;
    const { ring } = world.registry;
    if (this.newest || !this.isWhole()) return this.after(LOOK_EVERY_MS, () => this.takePicture());
    const picture = world.registry.picture();
    if (random.chance(0.7)) this.switchOff(random.pick(this.running()));
    const atOnce = random.chance(0.5);
    this.await(picture, ring, atOnce ? 0 : random.between(10, REST_MS), world.timeline.now + PICTURE_MS_MAX);
  }

  /** Somebody is away for so long that it is dropped. */
  private switchOff(machine: Machine): void {
    machine.crash(this.random.chance(0.5), 'switched off');
    machine.startLater(this.random.between(2, 6) * this.membershipLeaseMs);
  }

  private await(picture: StoredState, old: Ring, thenMs: number, until: number): void {
    const { now } = this.world.timeline;
    if (now > until) return this.takePicture();
    if (!this.isKnownToAll(old)) {
      return this.after(STRIKE_LOOK_MS, () => this.await(picture, old, thenMs, until));
    }
    this.after(thenMs, () => {
      if (this.isKnownToAll(old)) this.strike(picture, old);
      else this.takePicture();
    });
  }

  /** Whoever the newest ring counts on runs, and knows more than the old one. */
  private isKnownToAll(old: Ring): boolean {
    const { registry, machines } = this.world;
    const named = this.named();
    if (named.size === 0 || !registry.server) return false;
    // A registry that has lost everything begins a ring with whoever comes first and knows of none.
    if (this.how === 'lost' && machines.some(({ process, id }) => process && id === undefined)) return false;
    for (const machine of machines) {
      const { process, id } = machine;
      if (id === undefined || !named.delete(id)) continue;
      const ring = process?.core?.view.ring;
      if (!ring || ring.version === 0 || isKnown(knownOf(ring), old)) return false;
    }
    return named.size === 0;
  }

  private named(): Set<NodeId> {
    const { ring, storedRing } = this.world.registry;
    return new Set([ring, storedRing].flatMap(({ arcs }) => arcs.flatMap(({ inSync }) => inSync)));
  }

  private strike(picture: StoredState, old: Ring): void {
    const { world, random, how } = this;
    const { registry, trace, timeline } = world;
    const counted = this.running();
    const incarnations = new Map(world.machines.map((machine) => [machine, machine.incarnation]));
    const named = this.named();
    registry.crash();
    this.newest = { state: registry.picture(), named, incarnations };
    this.old = how === 'lost' ? { ...old, arcs: [] } : old;
    trace.note(
      'fault',
      () => `the registry's data are ${how === 'lost' ? 'lost' : `as in version ${old.version}`}`,
    );
    if (how === 'lost') registry.loseData(`cluster after ${timeline.now}`);
    else registry.putBack(picture);
    const latestMs = (how === 'restored' ? 8 : 0.25) * this.membershipLeaseMs;
    const all = random.chance(0.6);
    const powerLost = random.chance(0.7);
    for (const machine of all ? counted : []) {
      machine.crash(powerLost, powerLost ? 'power lost' : 'switched off');
      machine.startLater(5 + random.fraction() * latestMs);
    }
    const away = world.machines.filter(({ joined, process }) => joined && !process);
    if (random.chance(0.7)) for (const machine of away) if (!counted.includes(machine)) machine.start();
    this.noticeBy = timeline.now + latestMs + 3 * this.membershipLeaseMs;
    // Somebody starts it again and again: its versions overtake the newest ones by number.
    const startsBefore = random.chance(0.5) ? random.between(1, STARTS_MAX) : 0;
    for (let count = 0; count <= startsBefore; count++) {
      registry.crash();
      registry.start(how === 'restored');
    }
  }

  private running(): Machine[] {
    return this.world.machines.filter(({ process, id }) => process?.core && id !== undefined);
  }

  private isWhole(): boolean {
    const { machines, registry } = this.world;
    const there = machines.filter(({ joined, retired }) => joined && !retired);
    return (
      registry.ring.arcs.length > 0 &&
      there.every(({ process }) => process?.core?.inspection.status().settled)
    );
  }

  /** Has the registry found out? Has somebody been led into another history? */
  private look(): void {
    const { world, random } = this;
    const { registry, timeline } = world;
    if (this.newest && registry.server?.atOdds && this.noticeBy < Infinity) {
      this.noticeBy = Infinity;
      this.after(random.between(0, 2 * this.membershipLeaseMs), () => {
        this.putNewestBack();
        this.after(REST_MS, () => this.takePicture());
      });
    }
    if (timeline.now > this.noticeBy)
      world.fail('old registry', 'it goes on on old data, and nobody says so');
    if (!this.newest) this.checkHistories();
    timeline.after(LOOK_EVERY_MS, () => this.look());
  }

  private checkHistories(): void {
    const { registry } = this.world;
    for (const { name, process } of this.running()) {
      const known = process?.core?.known;
      if (known && isKnown(known, registry.ring)) continue;
      this.world.fail('old registry', `${name} has been led into another history`);
    }
  }

  private planFailingSave(): void {
    const { random, world } = this;
    this.after(random.between(300, 3_000), () => {
      const endedForMs = random.between(10, this.membershipLeaseMs);
      if (!this.newest) world.registry.failNextSave(random.chance(0.5), endedForMs);
      this.planFailingSave();
    });
  }

  private after(ms: number, what: () => void): void {
    this.world.timeline.after(ms, () => {
      if (!this.over) what();
    });
  }
}

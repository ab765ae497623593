/**
 * The one way in which a world is built from a scenario: time, network, registry, machines, and a referee who judges what
 * happens. Who uses it, and who makes faults in it, is added by whoever has it built: a simulation, or a story on a stage.
 */

import { type Bytes, type NodeId, type Random, type Ring } from '@ringkeep/shared';
import { ringKeyOf } from '@ringkeep/shared/operations';
import { DEFAULT_CONFIG } from '@ringkeep/registry/core';
import type { NodeEvent } from '@ringkeep/dht-node/core';
import { Doubts } from './checkers/doubts';
import type { Failure } from './checkers/failure';
import { rulesWithout, type Rule, type Rules } from './left-out';
import { Referee } from './referee';
import type { Scenario } from './scenario';
import { seeded } from './seeded';
import { describeEvent } from './world/descriptions';
import { Machine } from './world/machine';
import { Names } from './world/names';
import { Network, type Party } from './world/network';
import { RegistryMachine } from './world/registry-machine';
import type { Occasion } from './world/surroundings';
import { Timeline } from './world/timeline';
import { Trace } from './world/trace';
import type { Run } from './world/world';

export interface WorldOptions {
  readonly keepTrace?: boolean;
  /** A rule that the nodes do not keep: the run is to show that somebody notices. */
  readonly leftOut?: Rule | undefined;
}

/** Whoever makes faults of what happens, and has to do with what comes of them. */
export interface Audience {
  /** The registry works on old data, as this knows; then it judges the ring itself. */
  judges(ring: Ring): boolean;
  eventSeen(machine: Machine, event: NodeEvent): void;
  occurred(occasion: Occasion): void;
  diskIsOfNoUse(machine: Machine): void;
}

export class SimulatedWorld implements Run {
  readonly timeline = new Timeline();
  readonly names = new Names();
  readonly doubts = new Doubts();
  readonly trace: Trace;
  readonly network: Network;
  readonly machines: readonly Machine[];
  readonly registry: RegistryMachine;
  readonly rules: Rules;
  readonly witness: Referee;
  readonly keys: readonly Bytes[];
  failure: (Failure & { readonly atMs: number }) | undefined;
  private audience: Audience | undefined;

  constructor(
    readonly scenario: Scenario,
    { keepTrace = false, leftOut }: WorldOptions,
  ) {
    this.rules = rulesWithout(leftOut);
    this.trace = new Trace(this.timeline, keepTrace);
    this.network = new Network(this.timeline, this.part('the network'), scenario.network);
    const { parameters, placement, forgetAfterMs, returnWaitMs, disk } = scenario;
    const config = { ...DEFAULT_CONFIG, parameters, placement, forgetAfterMs, returnWaitMs };
    this.registry = new RegistryMachine(this, config, this.part('the registry'), disk, (ring) => {
      if (this.audience?.judges(ring) !== true) this.witness.ringMade(ring);
    });
    this.machines = Array.from(
      { length: scenario.machines + scenario.machinesLater },
      (_, index) => new Machine(this, 1 + index, this.part(`machine ${1 + index}`), disk),
    );
    this.keys = Array.from({ length: scenario.keys }, (_, index) => keyNumber(index));
    const ringKeys = this.keys.map((key) => ringKeyOf(key, parameters.positionRule));
    this.witness = new Referee(this, scenario.oldDisks, this.doubts, ringKeys);
  }

  /** Chance for a part of it, whose draws change with no other's. */
  part(name: string): Random {
    return seeded(this.scenario.seed, name);
  }

  /** From now on. */
  play(audience: Audience): void {
    this.audience = audience;
  }

  get transferSizes(): Scenario['transferSizes'] {
    return this.scenario.transferSizes;
  }

  get historyBytes(): number {
    return this.scenario.historyBytes;
  }

  get storage(): Scenario['storage'] {
    return this.scenario.storage;
  }

  get parameters(): Scenario['parameters'] {
    return this.scenario.parameters;
  }

  fail(checker: string, text: string): void {
    if (this.failure) return;
    this.failure = { checker, text, atMs: this.timeline.now };
    this.trace.note('check', () => `${checker}: ${text}`);
  }

  machine(party: Party): Machine | undefined {
    return this.machines[party - 1];
  }

  machineAt(addr: string): Machine | undefined {
    return this.machines.find((machine) => machine.addr === addr);
  }

  machineOf(id: NodeId): Machine | undefined {
    return this.machines.find((machine) => machine.id === id);
  }

  eventSeen(party: Party, event: NodeEvent): void {
    const machine = this.machine(party);
    if (!machine) return;
    this.trace.note('event', () => `${machine.process?.name} ${describeEvent(event, this.names)}`);
    this.witness.eventSeen(machine, event);
    this.audience?.eventSeen(machine, event);
  }

  diskIsOfNoUse(party: Party): void {
    const machine = this.machine(party);
    if (machine) this.audience?.diskIsOfNoUse(machine);
  }

  occurred(occasion: Occasion): void {
    this.audience?.occurred(occasion);
  }

  async runUntil(time: number, enough: () => boolean = () => false): Promise<boolean> {
    await this.timeline.runUntil(time, () => this.failure !== undefined || enough());
    return this.failure === undefined;
  }
}

/** By threes they have one tag, and with it one position where the ring's rule says so. */
function keyNumber(index: number): Bytes {
  const third = index % 3;
  return (third === 0 ? `k${index}` : `{k${index - third}}${index}`) as Bytes;
}

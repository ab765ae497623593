/**
 * One run: a world made from a scenario, a safety phase with faults, healing, a liveness phase with a bound, and the
 * checks. The same scenario gives the same run, byte for byte.
 */

import type { Bytes, NodeId, Random } from '@ringkeep/shared';
import { ringKeyOf } from '@ringkeep/shared/operations';
import { HistoryRecorder, type HistoryOperation } from '@ringkeep/checker/core';
import { DEFAULT_CONFIG } from '@ringkeep/registry/core';
import type { NodeEvent } from '@ringkeep/dht-node/core';
import { Doubts } from './checkers/doubts';
import type { Failure } from './checkers/failure';
import { FinalChecks } from './final-checks';
import { rulesWithout, type Rule, type Rules } from './left-out';
import { Recovery } from './recovery';
import { Referee } from './referee';
import type { Scenario } from './scenario';
import { seeded } from './seeded';
import { Adversaries } from './world/adversaries';
import { Client } from './world/client';
import { describeEvent } from './world/descriptions';
import { Machine } from './world/machine';
import { Names } from './world/names';
import { Network } from './world/network';
import type { Occasion } from './world/opportunist';
import { RegistryMachine } from './world/registry-machine';
import { SessionClient } from './world/session-client';
import { SilentFeeds } from './world/silent-feeds';
import { Timeline } from './world/timeline';
import { Trace, type TraceLine } from './world/trace';
import { FIRST_CLIENT_PARTY, type Run } from './world/world';

/** How often there are clients that are the client library's session. */
const SESSIONS_CHANCE = 0.7;

export interface RunResult {
  readonly failure: (Failure & { readonly atMs: number }) | undefined;
  readonly digest: string;
  readonly lines: readonly TraceLine[];
  readonly history: readonly HistoryOperation[];
  /** How long after the faults everything was as it should be. */
  readonly recoveredAfterMs: number;
  readonly simulatedMs: number;
}

export interface RunOptions {
  readonly keepTrace?: boolean;
  /** A rule that the nodes do not keep: the run is to show that somebody notices. */
  readonly leftOut?: Rule | undefined;
}

export function simulate(scenario: Scenario, options: RunOptions = {}): Promise<RunResult> {
  return new Simulation(scenario, options).run();
}

class Simulation implements Run {
  readonly timeline = new Timeline();
  readonly names = new Names();
  readonly trace: Trace;
  readonly network: Network;
  readonly machines: Machine[] = [];
  readonly registry: RegistryMachine;
  readonly rules: Rules;
  readonly witness: Referee;
  private readonly keys: readonly Bytes[];
  private readonly doubts = new Doubts();
  private readonly recorder = new HistoryRecorder();
  /** Reads everything in the end. */
  private readonly reader: Client;
  private readonly clients: readonly (Client | SessionClient)[];
  private readonly silentFeeds: SilentFeeds;
  private readonly adversaries: Adversaries;
  private failure: RunResult['failure'];

  constructor(
    private readonly scenario: Scenario,
    { keepTrace = false, leftOut }: RunOptions,
  ) {
    this.rules = rulesWithout(leftOut);
    const part = (name: string): Random => seeded(scenario.seed, name);
    this.trace = new Trace(this.timeline, keepTrace);
    this.network = new Network(this.timeline, part('the network'), scenario.network);
    const { parameters, placement, forgetAfterMs, returnWaitMs } = scenario;
    const config = { ...DEFAULT_CONFIG, parameters, placement, forgetAfterMs, returnWaitMs };
    this.registry = new RegistryMachine(this, config, part('the registry'), scenario.disk, (ring) => {
      const { oldRegistry } = this.adversaries;
      if (oldRegistry.isOnOldData) oldRegistry.check(ring);
      else this.witness.ringMade(ring);
    });
    for (let number = 1; number <= scenario.machines + scenario.machinesLater; number++) {
      this.machines.push(new Machine(this, number, part(`machine ${number}`), scenario.disk));
    }
    this.keys = Array.from({ length: scenario.keys }, (_, index) => `k${index}` as Bytes);
    this.witness = new Referee(
      this,
      scenario.oldDisks,
      this.doubts,
      this.keys.map((key) => ringKeyOf(key)),
    );
    this.silentFeeds = new SilentFeeds(this, part('silent feeds'), scenario);
    [this.reader, ...this.clients] = this.makeClients(part);
    this.adversaries = new Adversaries(this, scenario, part, this.machines.slice(scenario.machines));
  }

  /**
   * Plain clients go where the library's would not. The library's clients are added beside them, so that the stories of
   * the others stay.
   */
  private makeClients(part: (name: string) => Random): [Client, ...(Client | SessionClient)[]] {
    const { scenario, keys, recorder } = this;
    const { thinkMs, patienceMs } = scenario;
    const habits = { keys, thinkMs, patienceMs, onlyWrites: scenario.silentFeeds };
    const given = (number: number): ConstructorParameters<typeof Client> => [
      this,
      FIRST_CLIENT_PARTY + number,
      part(`client ${number}`),
      recorder,
      habits,
    ];
    const clients: (Client | SessionClient)[] = [];
    const sessions = part('sessions');
    const count = sessions.chance(SESSIONS_CHANCE) ? sessions.between(1, 3) : 0;
    for (let number = 1; number <= scenario.clients + count; number++) {
      const plain = number <= scenario.clients;
      clients.push(
        plain ? new Client(...given(number)) : new SessionClient(...given(number), this.silentFeeds.progress),
      );
    }
    return [new Client(...given(0)), ...clients];
  }

  get transferSizes(): Scenario['transferSizes'] {
    return this.scenario.transferSizes;
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

  machineAt(addr: string): Machine | undefined {
    return this.machines.find((machine) => machine.addr === addr);
  }

  machineOf(id: NodeId): Machine | undefined {
    return this.machines.find((machine) => machine.id === id);
  }

  eventSeen(machine: Machine, event: NodeEvent): void {
    this.trace.note('event', () => `${machine.process?.name} ${describeEvent(event, this.names)}`);
    this.witness.eventSeen(machine, event);
    this.adversaries.opportunist.eventSeen(machine, event);
  }

  diskIsOfNoUse(machine: Machine): void {
    this.adversaries.faults.losses.replaceWhenUnneeded(machine);
  }

  occurred(occasion: Occasion): void {
    this.adversaries.opportunist.occurred(occasion);
  }

  async run(): Promise<RunResult> {
    const { scenario, adversaries, recorder } = this;
    this.registry.start();
    for (const machine of this.machines.slice(0, scenario.machines))
      machine.startLater(1 + 5 * machine.party);
    for (const client of this.clients) client.start();
    adversaries.start();
    this.silentFeeds.start();
    const recovery = new Recovery(this, {
      faults: adversaries.faults,
      oldRegistry: adversaries.oldRegistry,
      writesGoOn: scenario.writesGoOn,
      stopClients: () => this.clients.forEach((client) => client.stop()),
    });
    if ((await this.runUntil(scenario.safetyMs)) && (await recovery.recover())) {
      await new FinalChecks(this, this.reader, this.keys, this.doubts).check(() => recorder.history());
    }
    return {
      failure: this.failure,
      digest: this.trace.digest,
      lines: this.trace.lines,
      history: recorder.history(),
      recoveredAfterMs: recovery.tookMs,
      simulatedMs: this.timeline.now,
    };
  }

  async runUntil(time: number, enough: () => boolean = () => false): Promise<boolean> {
    await this.timeline.runUntil(time, () => this.failure !== undefined || enough());
    return this.failure === undefined;
  }
}

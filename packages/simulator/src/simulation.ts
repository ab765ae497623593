/**
 * One run: a world made from a scenario, a safety phase with faults, healing, a liveness phase with a bound, and the
 * checks. The same scenario gives the same run, byte for byte.
 */

import type { Random } from '@ringkeep/shared';
import { ringKeyOf } from '@ringkeep/shared/operations';
import { HistoryRecorder, type HistoryOperation } from '@ringkeep/checker/core';
import type { Failure } from './checkers/failure';
import { FinalChecks } from './final-checks';
import { Recovery } from './recovery';
import type { Scenario } from './scenario';
import { SimulatedWorld, type WorldOptions } from './simulated-world';
import { Adversaries } from './world/adversaries';
import { Client } from './world/client';
import { Scanner } from './world/scanner';
import { SessionClient } from './world/session-client';
import { ChangeWatcher } from './world/change-watcher';
import { LockUsers } from './world/lock-users';
import { SilentFeeds } from './world/silent-feeds';
import { FIRST_CLIENT_PARTY, FIRST_WATCHER_PARTY } from './world/surroundings';
import type { TraceLine } from './world/trace';

/** How often there are clients that are the client library's session. */
const SESSIONS_CHANCE = 0.7;
/** Behind all other clients. */
const SCANNER_PARTY = FIRST_CLIENT_PARTY + 400;

export interface RunResult {
  readonly failure: (Failure & { readonly atMs: number }) | undefined;
  readonly digest: string;
  readonly lines: readonly TraceLine[];
  readonly history: readonly HistoryOperation[];
  /** How long after the faults everything was as it should be. */
  readonly recoveredAfterMs: number;
  readonly simulatedMs: number;
}

export function simulate(scenario: Scenario, options: WorldOptions = {}): Promise<RunResult> {
  return new Simulation(new SimulatedWorld(scenario, options)).run();
}

class Simulation {
  private readonly recorder = new HistoryRecorder();
  /** Reads everything in the end. */
  private readonly reader: Client;
  private readonly clients: readonly (Client | SessionClient)[];
  private readonly scanner: Scanner;
  private readonly watchers: readonly ChangeWatcher[];
  private readonly lockUsers: LockUsers;
  private readonly silentFeeds: SilentFeeds;
  private readonly adversaries: Adversaries;

  constructor(private readonly world: SimulatedWorld) {
    const { scenario } = world;
    const part = (name: string): Random => world.part(name);
    this.silentFeeds = new SilentFeeds(world, part('silent feeds'), scenario);
    [this.reader, ...this.clients] = this.makeClients();
    this.scanner = this.makeScanner();
    this.lockUsers = new LockUsers(world, part('locks'), scenario);
    this.watchers = this.makeWatchers();
    this.adversaries = new Adversaries(world, scenario, part, world.machines.slice(scenario.machines));
    const { faults, opportunist, oldRegistry } = this.adversaries;
    world.play({
      judges: (ring) => {
        if (oldRegistry.isOnOldData) oldRegistry.check(ring);
        return oldRegistry.isOnOldData;
      },
      eventSeen: (machine, event) => opportunist.eventSeen(machine, event),
      occurred: (occasion) => opportunist.occurred(occasion),
      diskIsOfNoUse: (machine) => faults.losses.replaceWhenUnneeded(machine),
    });
  }

  /**
   * Plain clients go where the library's would not. The library's clients are added beside them, so that the stories of
   * the others stay.
   */
  private makeClients(): [Client, ...(Client | SessionClient)[]] {
    const { world, recorder } = this;
    const { scenario, keys } = world;
    const { thinkMs, patienceMs } = scenario;
    const { positionRule } = scenario.parameters;
    const habits = { keys, positionRule, thinkMs, patienceMs, onlyWrites: scenario.silentFeeds };
    const given = (number: number): ConstructorParameters<typeof Client> => [
      world,
      FIRST_CLIENT_PARTY + number,
      world.part(`client ${number}`),
      recorder,
      habits,
    ];
    const clients: (Client | SessionClient)[] = [];
    const sessions = world.part('sessions');
    const count = sessions.chance(SESSIONS_CHANCE) ? sessions.between(1, 3) : 0;
    for (let number = 1; number <= scenario.clients + count; number++) {
      const plain = number <= scenario.clients;
      clients.push(
        plain ? new Client(...given(number)) : new SessionClient(...given(number), this.silentFeeds.progress),
      );
    }
    return [new Client(...given(0)), ...clients];
  }

  private makeScanner(): Scanner {
    const { world, recorder } = this;
    const { keys, scenario } = world;
    const { patienceMs, parameters } = scenario;
    const habits = { keys, positionRule: parameters.positionRule, patienceMs };
    return new Scanner(world, SCANNER_PARTY, world.part('scanner'), recorder, habits);
  }

  /** Where data may have been put back, numbers may come again, and nobody can say what a watcher has had. */
  private makeWatchers(): ChangeWatcher[] {
    const { world } = this;
    const { oldDisks, registryData, parameters, watchers } = world.scenario;
    const random = world.part('watchers');
    if (oldDisks !== 'never' || registryData !== 'kept') return [];
    const watched = [...world.keys, ...this.lockUsers.keys];
    const keys = new Map(watched.map((key) => [key, ringKeyOf(key, parameters.positionRule)]));
    return Array.from(
      { length: watchers },
      (_, number) => new ChangeWatcher(world, FIRST_WATCHER_PARTY + number, random.fork(), keys),
    );
  }

  async run(): Promise<RunResult> {
    const { world, adversaries, recorder, reader, scanner, watchers, lockUsers } = this;
    const { scenario, trace } = world;
    world.registry.start();
    for (const machine of world.machines.slice(0, scenario.machines))
      machine.startLater(1 + 5 * machine.party);
    for (const client of [...this.clients, ...watchers]) client.start();
    if (!scenario.silentFeeds) scanner.start();
    lockUsers.start();
    adversaries.start();
    this.silentFeeds.start();
    const recovery = new Recovery(world, {
      faults: adversaries.faults,
      oldRegistry: adversaries.oldRegistry,
      writesGoOn: scenario.writesGoOn,
      stopClients: () => [...this.clients, scanner, lockUsers].forEach((client) => client.stop()),
    });
    if ((await world.runUntil(scenario.safetyMs)) && (await recovery.recover())) {
      const users = { reader, scanner, watchers, lockUsers };
      const checks = new FinalChecks(world, users, world.keys, world.doubts, recovery.decidedArcs);
      await checks.check(() => recorder.history());
    }
    return {
      failure: world.failure,
      digest: trace.digest,
      lines: trace.lines,
      history: recorder.history(),
      recoveredAfterMs: recovery.tookMs,
      simulatedMs: world.timeline.now,
    };
  }
}

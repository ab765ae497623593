/**
 * A small ring on which a story is played: machines and a registry of the simulator, a network that is always equally fast, no
 * faults but those that the story tells. Time stands still between two commands.
 */

import type { Bytes, NodeId } from '@ringkeep/shared';
import {
  CATALOGUE,
  OperationType,
  ringKeyOf,
  type Operation,
  type OperationName,
} from '@ringkeep/shared/operations';
import { decodeReply, dht, encodeRequest } from '@ringkeep/shared/wire';
import { DEFAULT_CONFIG } from '@ringkeep/registry/core';
import type { NodeEvent } from '@ringkeep/dht-node/core';
import { Doubts } from '../../src/checkers/doubts';
import { rulesWithout, type Rules } from '../../src/left-out';
import { Referee } from '../../src/referee';
import { drawScenario, type Scenario } from '../../src/scenario';
import { seeded } from '../../src/seeded';
import { describeEvent, describeOperation, describeResult } from '../../src/world/descriptions';
import { Machine } from '../../src/world/machine';
import { Names } from '../../src/world/names';
import { Network } from '../../src/world/network';
import { RegistryMachine } from '../../src/world/registry-machine';
import { remoteCall } from '../../src/world/remote-call';
import { Timeline } from '../../src/world/timeline';
import { Trace } from '../../src/world/trace';
import { FIRST_CLIENT_PARTY, type World } from '../../src/world/world';

const MACHINES = 5;
const SETTLE_MS_MAX = 20_000;
const ANSWER_MS_MAX = 5_000;

const STILL = {
  loss: 0,
  duplication: 0,
  lateness: 0,
  proposalsAstray: 0,
  pushesAstray: 0,
  streamBreak: 0,
  streamLag: 0,
};

function quietScenario(): Scenario {
  const drawn = drawScenario(1, { focus: 'none' });
  return {
    ...drawn,
    parameters: { ...drawn.parameters, replicationFactor: 3, minCopies: 1, leaseMs: 400, leaseMarginMs: 40 },
    placement: 'hash',
    network: { ...STILL, latencyMs: 1 },
    disk: { syncMs: 1 },
    oldDisks: 'never',
  };
}

export class Stage implements World {
  readonly timeline = new Timeline();
  readonly names = new Names();
  readonly trace = new Trace(this.timeline, true);
  readonly rules: Rules = rulesWithout(undefined);
  readonly network: Network;
  readonly registry: RegistryMachine;
  readonly machines: Machine[] = [];
  readonly witness: Referee;
  private readonly scenario = quietScenario();
  private lastFrame = 0;
  private told = 0;

  constructor() {
    const { parameters, placement, forgetAfterMs, returnWaitMs, network, disk } = this.scenario;
    this.network = new Network(this.timeline, seeded(1, 'the network'), network);
    const config = { ...DEFAULT_CONFIG, parameters, placement, forgetAfterMs, returnWaitMs };
    this.registry = new RegistryMachine(this, config, seeded(1, 'the registry'), disk, (ring) =>
      this.witness.ringMade(ring),
    );
    for (let number = 1; number <= MACHINES; number++)
      this.machines.push(new Machine(this, number, seeded(1, `machine ${number}`), disk));
    this.witness = new Referee(this, 'never', new Doubts(), []);
    this.registry.start();
  }

  get parameters(): Scenario['parameters'] {
    return this.scenario.parameters;
  }

  get transferSizes(): Scenario['transferSizes'] {
    return this.scenario.transferSizes;
  }

  get storage(): Scenario['storage'] {
    return this.scenario.storage;
  }

  fail(checker: string, text: string): void {
    throw new Error(`${checker}: ${text}`);
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
  }

  diskIsOfNoUse(): void {
    throw new Error('a story spoils no disk');
  }

  occurred(): void {
    // No fault waits for it.
  }

  // ---- what a story may tell ----

  start(name: string): void {
    this.machine(name).start();
  }

  crash(name: string): void {
    this.machine(name).crash(true, 'power lost');
  }

  leave(name: string): void {
    this.machine(name).process?.post({ kind: 'leave' });
  }

  async pass(ms: number): Promise<void> {
    await this.timeline.runUntil(this.timeline.now + ms, () => false);
  }

  /** Until every process that runs has nothing left to do. */
  async settle(): Promise<void> {
    const latest = this.timeline.now + SETTLE_MS_MAX;
    const isSettled = (): boolean =>
      this.machines.every(
        ({ process }) => process === undefined || process.core?.inspection.status().settled === true,
      );
    // What was just told has not been heard yet.
    await this.pass(1);
    await this.timeline.runUntil(latest, isSettled);
    if (!isSettled()) throw new Error('the ring does not come to rest');
  }

  /** Asks a node, and waits for its answer. */
  async ask(node: string, name: OperationName, key: string, value: string | undefined): Promise<void> {
    const operation = {
      type: OperationType[name],
      key: ringKeyOf(key as Bytes),
      ...(CATALOGUE[name].brings.length > 0 && { value: value as Bytes }),
    } as Operation;
    const header = {
      frame: ++this.lastFrame,
      deadlineMs: ANSWER_MS_MAX,
      hops: 0,
      ringVersion: 0,
      direct: false,
    };
    const machine = this.machine(node);
    this.note(`client → ${node}: ${describeOperation(operation)}`);
    let answered = false;
    const route = {
      from: FIRST_CLIENT_PARTY,
      to: machine.party,
      server: () => machine.process,
      mayDouble: false,
    };
    remoteCall(
      this.network,
      route,
      'QueryBatch',
      dht.BatchRequest.encode(encodeRequest(header, [operation])).finish(),
      {
        answered: (bytes) => {
          const [result] = decodeReply(dht.BatchReply.decode(bytes));
          this.note(`client ← ${node}: ${result ? describeResult(result) : 'nothing'}`);
          answered = true;
        },
        failed: (_, text) => {
          this.note(`client ← ${node}: ${text}`);
          answered = true;
        },
      },
    );
    await this.timeline.runUntil(this.timeline.now + ANSWER_MS_MAX, () => answered);
  }

  /** What has been noted since the last time. */
  take(): readonly string[] {
    const { lines } = this.trace;
    const fresh = lines.slice(this.told);
    this.told = lines.length;
    return fresh.map(({ kind, text }) => `${kind} ${text}`);
  }

  private note(text: string): void {
    this.trace.note('client', () => text);
  }

  private machine(name: string): Machine {
    const machine = this.machines.find((candidate) => candidate.name === name);
    if (!machine) throw new Error(`no machine is called ${name}; there are n1 to n${MACHINES}`);
    return machine;
  }
}

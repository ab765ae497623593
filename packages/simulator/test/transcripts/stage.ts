/**
 * A small ring on which a story is played: machines and a registry of the simulator, a network that is always equally fast, no
 * faults but those that the story tells. Time stands still between two commands.
 */

import type { Bytes } from '@ringkeep/shared';
import {
  CATALOGUE,
  OperationType,
  ringKeyOf,
  type Operation,
  type OperationName,
} from '@ringkeep/shared/operations';
import { decodeReply, dht, encodeRequest } from '@ringkeep/shared/wire';
import { drawScenario, type Scenario } from '../../src/scenario';
import { SimulatedWorld } from '../../src/simulated-world';
import { describeOperation, describeResult } from '../../src/world/descriptions';
import type { Machine } from '../../src/world/machine';
import { remoteCall } from '../../src/world/remote-call';
import { FIRST_CLIENT_PARTY } from '../../src/world/surroundings';

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
    machines: MACHINES,
    machinesLater: 0,
    keys: 0,
  };
}

export class Stage {
  private readonly world = new SimulatedWorld(quietScenario(), { keepTrace: true });
  private lastFrame = 0;
  private told = 0;

  constructor() {
    this.world.registry.start();
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
    await this.runFor(ms, () => false);
  }

  private async runFor(ms: number, enough: () => boolean): Promise<void> {
    const { world } = this;
    await world.runUntil(world.timeline.now + ms, enough);
    if (world.failure) throw new Error(`${world.failure.checker}: ${world.failure.text}`);
  }

  /** Until every process that runs has nothing left to do. */
  async settle(): Promise<void> {
    const isSettled = (): boolean =>
      this.world.machines.every(
        ({ process }) => process === undefined || process.core?.inspection.status().settled === true,
      );
    // What was just told has not been heard yet.
    await this.pass(1);
    await this.runFor(SETTLE_MS_MAX, isSettled);
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
      this.world.network,
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
    await this.runFor(ANSWER_MS_MAX, () => answered);
  }

  /** What has been noted since the last time. */
  take(): readonly string[] {
    const { lines } = this.world.trace;
    const fresh = lines.slice(this.told);
    this.told = lines.length;
    return fresh.map(({ kind, text }) => `${kind} ${text}`);
  }

  private note(text: string): void {
    this.world.trace.note('client', () => text);
  }

  private machine(name: string): Machine {
    const machine = this.world.machines.find((candidate) => candidate.name === name);
    if (!machine) throw new Error(`no machine is called ${name}; there are n1 to n${MACHINES}`);
    return machine;
  }
}

/**
 * The session against a world that fails at random, its numbered promises checked throughout. A failing
 * run prints its seed; `new World(seed)` replays it.
 */

import fc from 'fast-check';
import { ERROR_CODES, Random } from '@ringkeep/shared';
import { OperationType } from '@ringkeep/shared/operations';
import type { CallResult, Frame } from '../src/core';
import { SessionDriver, ringOf, type TestCall } from './session-driver';

const LIMITS = {
  operationsMax: 40,
  bytesMax: 2_000,
  nodeOperationsMax: 8,
  nodeBytesMax: 200,
  inFlightOperationsMax: 12,
  inFlightBytesMax: 300,
};
const NAMES = ['n0', 'n1', 'n2', 'n3'];

function holds(condition: boolean, promise: string): void {
  if (!condition) throw new Error(`broken promise: ${promise}`);
}

class World {
  readonly calls: TestCall[] = [];
  private readonly random: Random;
  private readonly driver: SessionDriver;
  private readonly open = new Set<string>();
  private readonly connecting = new Set<string>();
  private readonly inFlight: { address: string; frame: Frame }[] = [];
  /** How often each write was handed to a stream without having been refused since. */
  private readonly handed = new Map<TestCall, number>();
  private version = 1;
  private seen = 0;

  constructor(seed: number) {
    this.random = new Random(seed);
    this.driver = new SessionDriver({ nodes: ['n0', 'n1'], limits: LIMITS }, seed);
  }

  run(steps: number): void {
    for (let i = 0; i < steps; i++) {
      this.step();
      this.look();
    }
    this.driver.session.drain();
    this.driver.pass(2_000);
    this.look();
  }

  check(): void {
    for (const call of this.calls) holds(call.deliveries === 1, 'a call gets one result');
    expect(this.driver.session.counts).toMatchObject({ operations: 0, operationsInFlight: 0 });
    expect(this.driver.effects.at(-1)).toEqual({ kind: 'closed' });
  }

  private step(): void {
    const { driver, random } = this;
    const { session } = driver;
    switch (random.below(10)) {
      case 0:
      case 1:
        for (let i = random.below(6); i > 0; i--) {
          const type = random.pick(Object.values(OperationType));
          const deadlineMs = random.between(5, 400);
          this.calls.push(
            driver.call(type, `key-${random.below(50)}`, { deadlineMs, retries: random.chance(0.9) }),
          );
        }
        driver.flush();
        break;
      case 2:
        driver.pass(random.between(1, 60));
        break;
      case 3:
        this.finishAttempt();
        break;
      case 4:
      case 5:
        this.answer();
        break;
      case 6:
        if (this.open.size > 0 && random.chance(0.3)) {
          const address = random.pick([...this.open]);
          this.open.delete(address);
          session.streamEnded(address, 'reset', driver.nowMs);
          driver.flush();
        }
        break;
      case 7:
        this.version++;
        driver.learn(ringOf(this.version, NAMES.slice(0, random.between(1, NAMES.length))));
        break;
      case 9:
        if (this.open.size > 0 && random.chance(0.2))
          session.closing(random.pick([...this.open]), driver.nowMs);
        driver.flush();
        break;
      case 8:
        if (this.calls.length > 0) session.abort(random.pick(this.calls));
        driver.flush();
        break;
    }
  }

  private finishAttempt(): void {
    if (this.connecting.size === 0) return;
    const address = this.random.pick([...this.connecting]);
    this.connecting.delete(address);
    if (this.random.chance(0.7)) {
      this.open.add(address);
      this.driver.open(address);
    } else {
      this.driver.session.connectFailed(address, 'refused', this.driver.nowMs);
      this.driver.flush();
    }
  }

  private answer(): void {
    if (this.inFlight.length === 0) return;
    const [sent] = this.inFlight.splice(this.random.below(this.inFlight.length), 1);
    const { address, frame } = sent!;
    if (!this.open.has(address)) return;
    const codes = ['NOT_OWNER', 'UNAVAILABLE', 'RESOURCE_EXHAUSTED', 'INTERNAL', 'OUTCOME_UNKNOWN'] as const;
    const results = frame.calls.map((call): CallResult => {
      const code = this.random.pick(codes);
      const refused = ERROR_CODES[code].advice !== 'outcome-unknown';
      if (this.random.chance(0.6)) return { ok: true, value: undefined };
      if (refused && call !== undefined) this.handed.set(call as TestCall, 0);
      return { ok: false, code, text: '' };
    });
    this.driver.session.reply(address, frame.number, results, 0, this.driver.nowMs);
    this.driver.flush();
  }

  /** Takes in new effects and checks what they promise. */
  private look(): void {
    const { counts } = this.driver.session;
    holds(counts.operations <= LIMITS.operationsMax, 'operations are bounded');
    holds(counts.operationsInFlight <= LIMITS.inFlightOperationsMax, 'operations in flight are bounded');
    for (; this.seen < this.driver.effects.length; this.seen++) {
      const effect = this.driver.effects[this.seen]!;
      if (effect.kind === 'connect') this.connecting.add(effect.address);
      if (effect.kind === 'disconnect') {
        this.open.delete(effect.address);
        this.connecting.delete(effect.address);
      }
      if (effect.kind === 'send') {
        holds(this.open.has(effect.address), 'frames go to open streams only');
        this.inFlight.push(effect);
        for (const call of effect.frame.calls as TestCall[]) if (call !== undefined) this.hand(call);
      }
    }
    for (const call of this.calls) {
      holds(call.settled || this.driver.nowMs <= call.deadlineAtMs + 20, 'calls end with their deadline');
    }
  }

  /** Promise 2: never handed over a second time unless it was refused. */
  private hand(call: TestCall): void {
    if (!call.isWrite) return;
    const times = (this.handed.get(call) ?? 0) + 1;
    this.handed.set(call, times);
    holds(times === 1, 'a write is sent once');
  }
}

test('whatever fails, each call gets one result in time, no write is sent twice, and the bounds hold', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 40 }), (seed) => {
      const world = new World(seed);
      world.run(250);
      world.check();
    }),
    { numRuns: 150 },
  );
});

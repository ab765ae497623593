/** A plain client: one operation at a time (plain-calls.ts), with a deadline. */

import type { Bytes, Random } from '@ringkeep/shared';
import { OperationType, ringKeyOf, VERSION_ONLY, type KeyOperation } from '@ringkeep/shared/operations';
import { RecordedCall, type HistoryRecorder } from '@ringkeep/checker/core';
import { ClientValues, drawOperation, type ClientHabits } from './client-habits';
import { describeOperation, describeResult } from './descriptions';
import { mayEndFromMs } from './drifting-clock';
import type { Party } from './network';
import { PlainCalls, type Done } from './plain-calls';
import type { World } from './world';

export class Client {
  private stopped = false;
  private readonly calls: PlainCalls;
  private readonly values: ClientValues;

  constructor(
    private readonly world: World,
    readonly party: Party,
    private readonly random: Random,
    private readonly recorder: HistoryRecorder,
    private readonly habits: ClientHabits,
  ) {
    this.calls = new PlainCalls(world, party, random);
    this.values = new ClientValues(party);
  }

  start(): void {
    this.world.timeline.after(this.random.fraction() * 100, () => this.next());
  }

  /** Begins nothing new. */
  stop(): void {
    this.stopped = true;
  }

  private next(): void {
    if (this.stopped) return;
    this.run(this.draw(), this.habits.patienceMs, () => {
      this.world.timeline.after(this.random.fraction() * this.habits.thinkMs, () => this.next());
    });
  }

  /** Reads a key, for as long as it takes. */
  readAtLast(key: Bytes, patienceMs: number, done: Done): void {
    this.run({ type: OperationType.get, key: ringKeyOf(key, this.habits.positionRule) }, patienceMs, done);
  }

  /** Writes a key, for as long as it takes, and is told the version. */
  writeAtLast(key: Bytes, patienceMs: number, done: Done): void {
    const write = {
      type: OperationType.exchange,
      key: ringKeyOf(key, this.habits.positionRule),
      value: this.values.next(),
      extras: VERSION_ONLY,
    };
    this.run(write, patienceMs, done);
  }

  private draw(): KeyOperation {
    return drawOperation(this.random, this.habits, this.values);
  }

  private run(operation: KeyOperation, patienceMs: number, done: Done): void {
    const { recorder, world } = this;
    const { timeline, trace } = world;
    const call = new RecordedCall(recorder, this.party, operation, timeline.now, (ttlMs) =>
      mayEndFromMs(timeline.now, ttlMs, world.parameters),
    );
    trace.note('client', () => `client ${this.party}: ${describeOperation(operation)}`);
    this.calls.run(operation, patienceMs, (result) => {
      trace.note(
        'client',
        () =>
          `client ${this.party}: ${describeOperation(operation)} → ${result ? describeResult(result) : 'unknown'}`,
      );
      if (result?.ok) {
        this.values.answered(operation, result.value);
        call.ok(result.value, timeline.now);
      } else if (result) {
        call.fail(timeline.now);
      } else {
        call.unknown(timeline.now);
      }
      done(result);
    });
  }
}

/**
 * A plain client: one operation at a time, at any node or directly at the owner that it knows of, with a deadline.
 *
 * It follows a real client's rules: what was certainly not started may be sent again, and so may any read; a write of
 * unknown outcome is never repeated.
 */

import { ERROR_CODES, RingView, updateRing, NO_RING, type Bytes, type Random } from '@ringkeep/shared';
import {
  OperationType,
  isWrite,
  type KeyOperation,
  type OperationResult,
  ringKeyOf,
} from '@ringkeep/shared/operations';
import { decodeReply, dht, encodeRequest, updateFromWire } from '@ringkeep/shared/wire';
import { RecordedCall, type HistoryRecorder } from '@ringkeep/checker/core';
import { ClientValues, drawOperation, type ClientHabits } from './client-habits';
import { describeOperation, describeResult } from './descriptions';
import type { Machine } from './machine';
import type { Party } from './network';
import { remoteCall } from './remote-call';
import type { World } from './world';

/** Pause before another try. */
const RETRY_MS = 30;

/** Ends an operation: what came of it, or undefined when that is unknown. */
type Done = (result: OperationResult | undefined) => void;

export class Client {
  private stopped = false;
  private lastFrame = 0;
  private view = new RingView(NO_RING);
  private readonly direct: boolean;
  private readonly values: ClientValues;

  constructor(
    private readonly world: World,
    readonly party: Party,
    private readonly random: Random,
    private readonly recorder: HistoryRecorder,
    private readonly habits: ClientHabits,
  ) {
    this.direct = random.chance(0.5);
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

  /** Writes a key, for as long as it takes. */
  writeAtLast(key: Bytes, patienceMs: number, done: Done): void {
    const write = {
      type: OperationType.exchange,
      key: ringKeyOf(key, this.habits.positionRule),
      value: this.values.next(),
    };
    this.run(write, patienceMs, done);
  }

  private draw(): KeyOperation {
    return drawOperation(this.random, this.habits, this.values);
  }

  private run(operation: KeyOperation, patienceMs: number, done: Done): void {
    const { recorder, world } = this;
    const { timeline, trace } = world;
    const call = new RecordedCall(recorder, this.party, operation, timeline.now);
    trace.note('client', () => `client ${this.party}: ${describeOperation(operation)}`);
    const attempt: Attempt = { open: true, mayHaveStarted: false, deadlineAt: timeline.now + patienceMs };
    const end = (result: OperationResult | undefined): void => {
      if (!attempt.open) return;
      attempt.open = false;
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
    };
    timeline.after(patienceMs, () => {
      const unknown = attempt.mayHaveStarted && isWrite(operation);
      end(unknown ? undefined : { ok: false, code: 'DEADLINE_EXCEEDED', text: '' });
    });
    this.send(operation, attempt, end);
  }

  private send(operation: KeyOperation, attempt: Attempt, end: Done): void {
    const { world, random } = this;
    if (!attempt.open) return;
    const again = (): void => {
      attempt.mayHaveStarted = false;
      world.timeline.after(RETRY_MS * (0.5 + random.fraction()), () => this.send(operation, attempt, end));
    };
    const owner = this.direct ? this.ownerOf(operation) : undefined;
    const machine = owner ?? this.anyMachine();
    if (!machine) return again();
    attempt.mayHaveStarted = true;
    const deadlineMs = Math.max(1, Math.floor(attempt.deadlineAt - world.timeline.now));
    const frame = encodeRequest(
      {
        frame: ++this.lastFrame,
        deadlineMs,
        hops: 0,
        ringVersion: this.view.version,
        direct: owner !== undefined,
      },
      [operation],
    );
    remoteCall(
      world.network,
      { from: this.party, to: machine.party, server: () => machine.process, mayDouble: false },
      'QueryBatch',
      dht.BatchRequest.encode(frame).finish(),
      {
        answered: (bytes) => this.answered(operation, bytes, again, end),
        failed: (sent) => {
          if (sent && isWrite(operation)) end(undefined);
          else if (attempt.open) again();
        },
      },
    );
  }

  private answered(operation: KeyOperation, bytes: Uint8Array, again: () => void, end: Done): void {
    const reply = dht.BatchReply.decode(bytes);
    const [result] = decodeReply(reply);
    if (reply.ring) {
      const ring = updateRing(this.view.ring, updateFromWire(reply.ring));
      if (ring) this.view = new RingView(ring);
    }
    if (!result) return this.world.fail('replies', 'a reply without a result');
    if (result.ok) return end(result);
    const { advice } = ERROR_CODES[result.code];
    if (advice === 'outcome-unknown' && isWrite(operation)) return end(undefined);
    if (advice === 'give-up') return end(result);
    again();
  }

  private ownerOf(operation: KeyOperation): Machine | undefined {
    const owner = this.view.arcOfKey(operation.key)?.primary;
    if (owner === undefined) return undefined;
    const machine = this.world.machineOf(owner);
    return machine?.process ? machine : undefined;
  }

  private anyMachine(): Machine | undefined {
    const there = this.world.machines.filter((machine) => machine.process);
    return there.length === 0 ? undefined : this.random.pick(there);
  }
}

interface Attempt {
  open: boolean;
  mayHaveStarted: boolean;
  readonly deadlineAt: number;
}

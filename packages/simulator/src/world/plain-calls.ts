/**
 * Operations sent one at a time, at any node or directly at the owner that is known, by a client's rules: what was
 * certainly not started is sent again, and so is any read; a write of unknown outcome is never repeated.
 */

import { ERROR_CODES, RingView, updateRing, NO_RING, type Random } from '@ringkeep/shared';
import { isWrite, type Operation, type OperationResult } from '@ringkeep/shared/operations';
import { decodeReply, dht, encodeRequest, updateFromWire } from '@ringkeep/shared/wire';
import type { Machine } from './machine';
import type { Party } from './network';
import { remoteCall } from './remote-call';
import type { World } from './world';

/** Pause before another try. */
const RETRY_MS = 30;

/** Ends an operation: what came of it, or undefined when that is unknown. */
export type Done = (result: OperationResult | undefined) => void;

export class PlainCalls {
  private lastFrame = 0;
  private view = new RingView(NO_RING);
  private readonly direct: boolean;

  constructor(
    private readonly world: World,
    private readonly party: Party,
    private readonly random: Random,
  ) {
    this.direct = random.chance(0.5);
  }

  run(operation: Operation, patienceMs: number, done: Done): void {
    const { timeline } = this.world;
    const deadlineAt = timeline.now + patienceMs;
    const attempt: Attempt = { open: true, mayHaveStarted: false, strayed: false, deadlineAt };
    const end: Done = (result) => {
      if (!attempt.open) return;
      attempt.open = false;
      done(result);
    };
    timeline.after(patienceMs, () => {
      const unknown = attempt.mayHaveStarted && isWrite(operation);
      end(unknown ? undefined : { ok: false, code: 'DEADLINE_EXCEEDED', text: '' });
    });
    this.send(operation, attempt, end);
  }

  private send(operation: Operation, attempt: Attempt, end: Done): void {
    const { world, random } = this;
    if (!attempt.open) return;
    const again = (): void => {
      attempt.mayHaveStarted = false;
      world.timeline.after(RETRY_MS * (0.5 + random.fraction()), () => this.send(operation, attempt, end));
    };
    const owner = this.direct && !attempt.strayed ? this.ownerOf(operation) : undefined;
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
        answered: (bytes) => this.answered(operation, bytes, attempt, again, end),
        failed: (sent) => {
          if (sent && isWrite(operation)) end(undefined);
          else if (attempt.open) again();
        },
      },
    );
  }

  private answered(
    operation: Operation,
    bytes: Uint8Array,
    attempt: Attempt,
    again: () => void,
    end: Done,
  ): void {
    const reply = dht.BatchReply.decode(bytes);
    const [result] = decodeReply(reply);
    const ring = reply.ring && updateRing(this.view.ring, updateFromWire(reply.ring));
    if (ring) this.view = new RingView(ring);
    if (!result) return this.world.fail('replies', 'a reply without a result');
    if (result.ok) return end(result);
    attempt.strayed = result.code === 'NOT_OWNER' && ring === undefined;
    const { advice } = ERROR_CODES[result.code];
    if (advice === 'outcome-unknown' && isWrite(operation)) return end(undefined);
    if (advice === 'give-up') return end(result);
    again();
  }

  private ownerOf(operation: Operation): Machine | undefined {
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
  /** A node that it went to directly was not the owner: the ring known here may be of a history that was given up. */
  strayed: boolean;
  readonly deadlineAt: number;
}

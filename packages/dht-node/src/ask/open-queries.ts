/**
 * The queries under way in a process: what is taken on and what is refused, and whom the answer is for.
 *
 * Every query is answered once: by the core, or, when the node stops, from here: what nobody can know any more about a
 * write is said to be unknown.
 */

import type { Ring } from '@ringkeep/shared';
import type { Operation, OperationResult } from '@ringkeep/shared/operations';
import { NumberMap } from '@ringkeep/shared/ring/number-map';
import { isWrite } from '@ringkeep/shared/operations/operation';
import { Admission, type Load } from './admission';

export interface QueryAnswer {
  readonly results: readonly OperationResult[];
  readonly hops: number;
  readonly ring: Ring | undefined;
}

export interface QueryOptions {
  readonly hops: number;
  readonly deadlineMs: number;
  readonly ringVersion: number;
  readonly direct: boolean;
  /** Bytes of the keys and values. */
  readonly bytes: number;
  /** They came together, as one frame. */
  readonly inFrame: boolean;
}

interface Asked {
  readonly operations: readonly Operation[];
  readonly load: Load;
  readonly hops: number;
  readonly answer: (answer: QueryAnswer) => void;
  /** Why nothing of it is started, if so. */
  readonly refusal: OperationResult | undefined;
}

export class OpenQueries {
  private readonly asked = new NumberMap<Asked>();
  private readonly admission = new Admission();
  /** Set when no new query is taken; called when none is under way any more. */
  private drained: (() => void) | undefined;

  /** @returns whether it is taken on; if not, it is to be given up */
  open(
    request: number,
    operations: readonly Operation[],
    { hops, bytes }: QueryOptions,
    answer: (answer: QueryAnswer) => void,
  ): boolean {
    const load = { operations: operations.length, bytes };
    const refusal = this.drained ? STOPPING : this.admission.admit(load) ? undefined : TOO_MUCH;
    this.asked.set(request, { operations, load, hops, answer, refusal });
    return refusal === undefined;
  }

  answer(request: number, answer: QueryAnswer): void {
    this.release(request)?.answer(answer);
    this.checkDrained();
  }

  /** @returns whether it was under way */
  cancel(request: number): boolean {
    return this.release(request) !== undefined;
  }

  giveUp(request: number): void {
    const asked = this.release(request);
    asked?.answer({
      results: asked.operations.map((operation) => asked.refusal ?? brokenOff(operation)),
      hops: asked.hops,
      ring: undefined,
    });
  }

  giveUpAll(): void {
    for (const request of this.asked.keys()) this.giveUp(request);
  }

  /** Takes no new one. */
  close(): void {
    this.drained ??= () => undefined;
  }

  /** Takes no new one, and tells when none is under way any more. */
  drain(drained: () => void): void {
    this.drained = drained;
    this.checkDrained();
  }

  checkDrained(): void {
    if (this.asked.size === 0) this.drained?.();
  }

  private release(request: number): Asked | undefined {
    const asked = this.asked.get(request);
    this.asked.delete(request);
    if (asked && !asked.refusal) this.admission.release(asked.load);
    return asked;
  }
}

const STOPPING: OperationResult = { ok: false, code: 'UNAVAILABLE', text: 'the node is stopping' };
const TOO_MUCH: OperationResult = {
  ok: false,
  code: 'RESOURCE_EXHAUSTED',
  text: 'the node has too many operations under way',
};

function brokenOff(operation: Operation): OperationResult {
  return isWrite(operation)
    ? { ok: false, code: 'OUTCOME_UNKNOWN', text: 'outcome unknown: the node stopped before the write ended' }
    : { ok: false, code: 'UNAVAILABLE', text: 'the node stopped before the read ended' };
}

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
import type { NodeObserver, Refusal } from '../observing/node-observer';
import { Admission, type Load } from './admission';

export interface QueryAnswer {
  readonly results: readonly OperationResult[];
  readonly hops: number;
  readonly ring: Ring | undefined;
}

export interface QueryOptions {
  /** Through which they came. */
  readonly door: string;
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
  readonly options: QueryOptions;
  readonly askedAtMs: number;
  readonly answer: (answer: QueryAnswer) => void;
  /** Why nothing of it is started, if so. */
  readonly refusal: Refusal | undefined;
}

export class OpenQueries {
  private readonly asked = new NumberMap<Asked>();
  private readonly admission = new Admission();
  /** Set when no new query is taken; called when none is under way any more. */
  private drained: (() => void) | undefined;
  private observer: NodeObserver = {};

  constructor(private readonly now: () => number) {}

  observe(observer: NodeObserver): void {
    this.observer = observer;
  }

  /** What of them is not answered yet. */
  get underWay(): Load {
    return this.admission;
  }

  /** @returns whether it is accepted; if not, it must be given up */
  open(
    request: number,
    operations: readonly Operation[],
    options: QueryOptions,
    askedAtMs: number,
    answer: (answer: QueryAnswer) => void,
  ): boolean {
    const asked = { operations, options, askedAtMs, answer, refusal: this.refusalOf(operations, options) };
    this.asked.set(request, asked);
    return asked.refusal === undefined;
  }

  private refusalOf({ length }: readonly Operation[], { bytes }: QueryOptions): Refusal | undefined {
    if (this.drained) return 'stopping';
    return this.admission.admit({ operations: length, bytes }) ? undefined : 'too much under way';
  }

  answer(request: number, answer: QueryAnswer): void {
    const asked = this.release(request);
    if (asked) this.tell(asked, answer);
    this.checkDrained();
  }

  /** @returns whether it was under way */
  cancel(request: number): boolean {
    const asked = this.release(request);
    if (asked) this.observer.abandoned?.({ door: asked.options.door, operations: asked.operations.length });
    return asked !== undefined;
  }

  giveUp(request: number): void {
    const asked = this.release(request);
    if (!asked) return;
    const { operations, options, refusal } = asked;
    const results = operations.map((operation) => (refusal ? REFUSALS[refusal] : brokenOff(operation)));
    this.tell(asked, { results, hops: options.hops, ring: undefined });
  }

  private tell({ operations, options, askedAtMs, answer, refusal }: Asked, answered: QueryAnswer): void {
    answer(answered);
    this.observer.answered?.({
      door: options.door,
      operations,
      results: answered.results,
      hops: options.hops,
      requestBytes: options.bytes,
      durationMs: this.now() - askedAtMs,
      refusal,
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
    if (asked && !asked.refusal)
      this.admission.release({ operations: asked.operations.length, bytes: asked.options.bytes });
    return asked;
  }
}

const REFUSALS: Readonly<Record<Refusal, OperationResult>> = {
  stopping: { ok: false, code: 'UNAVAILABLE', text: 'the node is stopping' },
  'too much under way': {
    ok: false,
    code: 'RESOURCE_EXHAUSTED',
    text: 'the node has too many operations under way',
  },
};

function brokenOff(operation: Operation): OperationResult {
  return isWrite(operation)
    ? { ok: false, code: 'OUTCOME_UNKNOWN', text: 'outcome unknown: the node stopped before the write ended' }
    : { ok: false, code: 'UNAVAILABLE', text: 'the node stopped before the read ended' };
}

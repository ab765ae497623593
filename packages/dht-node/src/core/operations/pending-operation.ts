/** An operation on its way through this node, and the batch it came with. */

import type { ErrorCode } from '@ringkeep/shared';
import type { Operation, OperationResult } from '@ringkeep/shared/operations';
import { ERROR_CODES } from '@ringkeep/shared/ring/errors';
import { doneWith, isWrite } from '@ringkeep/shared/operations/operation';
import type { QueryInput } from '../inputs';

/** A batch that is being answered. */
export class PendingQuery {
  /** Those of its operations that could not be answered at once. */
  readonly operations: PendingOperation[] = [];
  /** Most forwards that one of its operations took. */
  hops: number;
  /** An operation came here because its sender's ring is behind. */
  misdirected = false;
  private remaining: number;
  private readonly results: OperationResult[];

  constructor(
    readonly input: QueryInput,
    private readonly onDone: (query: PendingQuery, results: readonly OperationResult[]) => void,
  ) {
    this.hops = input.hops;
    this.remaining = input.operations.length;
    this.results = new Array<OperationResult>(input.operations.length);
  }

  get done(): boolean {
    return this.remaining === 0;
  }

  /** The operation at that index must wait for its result. */
  wait(index: number): PendingOperation {
    const operation = new PendingOperation(this, index, this.input.operations[index] as Operation);
    this.operations.push(operation);
    return operation;
  }

  /** None of its operations has its result yet. */
  get untouched(): boolean {
    return this.remaining === this.input.operations.length;
  }

  /** Nobody waits for it any more. */
  abandon(): void {
    for (const operation of this.operations) operation.done = true;
    this.remaining = 0;
  }

  /** All results at once, as another node gave them. */
  finish(results: readonly OperationResult[]): void {
    this.abandon();
    this.onDone(this, results);
  }

  set(index: number, result: OperationResult): void {
    this.results[index] = result;
    if (--this.remaining === 0) this.onDone(this, this.results);
  }
}

export class PendingOperation {
  done = false;
  /** It may have an effect that this node cannot take back: it has a sequence number, or left the node. */
  started = false;
  /** For a write that has a number: its answer when that commits. */
  answer: OperationResult = doneWith(undefined);
  /** Of a page of a scan: by which ring time its keys end, ms, whenever it is read. */
  dueAtMs: number | undefined = undefined;

  constructor(
    readonly query: PendingQuery,
    private readonly index: number,
    readonly operation: Operation,
  ) {}

  get answerBytes(): number {
    return this.answer.ok && this.answer.value !== undefined ? this.answer.value.length : 0;
  }

  /** It is committed. */
  acknowledge(): void {
    this.finish(this.answer);
  }

  fail(code: ErrorCode, text: string = ERROR_CODES[code].text): void {
    this.finish({ ok: false, code, text });
  }

  /** A second result changes nothing: the first one was the answer. */
  finish(result: OperationResult): void {
    if (this.done) return;
    this.done = true;
    this.query.set(this.index, result);
  }

  /** The caller's time is over. */
  expire(): void {
    if (this.started && isWrite(this.operation)) this.fail('OUTCOME_UNKNOWN');
    else
      this.fail('UNAVAILABLE', 'no node could answer for the key before the deadline; nothing was written');
  }
}

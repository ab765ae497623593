/**
 * How callers hear of the result of a call: a promise for a single one, a shared list for a batch.
 *
 * A single call costs one object and one promise; a call of a batch only the object.
 */

import type { Bytes, RingError } from '@ringkeep/shared';
import type { Extras, OperationType } from '@ringkeep/shared/operations';
import { invariant } from '@ringkeep/shared/ring/errors';
import { stacklessError } from '@ringkeep/shared/channel/stackless-error';
import { awaitAbort, forgetAbort, type Cancellable } from './cancellations';
import { Call, type CallResult } from './core';

/** The result of one operation of a batch. */
export type ItemResult =
  | { readonly ok: true; readonly value: Uint8Array | undefined }
  | { readonly ok: false; readonly error: RingError };

/** What an operation is about, checked. */
export interface Request {
  readonly type: OperationType;
  readonly position: Bytes;
  readonly key: Bytes;
  /** In the order of the operation's row. */
  readonly operands: readonly Bytes[];
  readonly extras: Extras | undefined;
}

/** How long it may take, and what else its caller says of it. */
export interface Terms {
  readonly deadlineAtMs: number;
  readonly retries: boolean;
  readonly signal: AbortSignal | undefined;
}

export class PromiseCall extends Call implements Cancellable {
  private readonly signal: AbortSignal | undefined;

  constructor(
    { type, position, key, operands, extras }: Request,
    { deadlineAtMs, retries, signal }: Terms,
    private readonly resolve: (value: Uint8Array | undefined) => void,
    private readonly reject: (error: RingError) => void,
    private readonly abort: (call: Call) => void,
  ) {
    super(type, position, key, operands, extras, deadlineAtMs, retries);
    this.signal = signal;
    if (signal !== undefined) awaitAbort(signal, this);
  }

  cancelled(): void {
    this.abort(this);
  }

  override deliver(): void {
    if (this.signal !== undefined) forgetAbort(this.signal, this);
    const { result } = this;
    if (result?.ok) this.resolve(result.value);
    else this.reject(errorOf(result, this.signal));
  }
}

/** Hears of the results of a batch's calls. */
export interface BatchListener {
  delivered(index: number, result: ItemResult): void;
}

export class BatchCall extends Call {
  constructor(
    { type, position, key, operands, extras }: Request,
    private readonly terms: Terms,
    private readonly batch: BatchListener,
    readonly index: number,
  ) {
    super(type, position, key, operands, extras, terms.deadlineAtMs, terms.retries);
  }

  override deliver(): void {
    const { result } = this;
    const item = result?.ok ? result : { ok: false as const, error: errorOf(result, this.terms.signal) };
    this.batch.delivered(this.index, item);
  }
}

function errorOf(result: CallResult | undefined, signal: AbortSignal | undefined): RingError {
  invariant(result !== undefined && !result.ok, 'a call is delivered with its result');
  const options = signal?.aborted ? { cause: signal.reason as unknown } : undefined;
  return stacklessError(result.code, result.text, options);
}

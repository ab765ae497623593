/**
 * How callers hear of the result of a call: a promise for a single one, a shared list for a batch.
 *
 * A single call costs one object and one promise; a call of a batch only the object.
 */

import { RingError, type Operation, type OperationResult } from '@ringkeep/shared';
import { bufferOfBytes } from '@ringkeep/shared/runtime';
import type { Cancellations } from './cancellations';
import { Call } from './core';

/** The result of one operation of a batch. */
export type ItemResult =
  | { readonly ok: true; readonly value: Uint8Array | undefined }
  | { readonly ok: false; readonly error: RingError };

export class PromiseCall extends Call {
  constructor(
    operation: Operation,
    deadlineAtMs: number,
    retries: boolean,
    private readonly resolve: (value: Uint8Array | undefined) => void,
    private readonly reject: (error: RingError) => void,
    private readonly signal: AbortSignal | undefined,
    private readonly cancellations: Cancellations,
  ) {
    super(operation, deadlineAtMs, retries);
    if (signal !== undefined) cancellations.add(signal, this);
  }

  override deliver(): void {
    if (this.signal !== undefined) this.cancellations.remove(this.signal, this);
    const item = itemResult(this.result, this.signal);
    if (item.ok) this.resolve(item.value);
    else this.reject(item.error);
  }
}

/** Hears of the results of a batch's calls. */
export interface BatchListener {
  delivered(index: number, result: ItemResult): void;
}

export class BatchCall extends Call {
  constructor(
    operation: Operation,
    deadlineAtMs: number,
    retries: boolean,
    private readonly batch: BatchListener,
    private readonly index: number,
    private readonly signal: AbortSignal | undefined,
  ) {
    super(operation, deadlineAtMs, retries);
  }

  override deliver(): void {
    this.batch.delivered(this.index, itemResult(this.result, this.signal));
  }
}

function itemResult(result: OperationResult | undefined, signal: AbortSignal | undefined): ItemResult {
  if (result === undefined) throw new Error('broken invariant: a call is delivered with its result');
  if (result.ok) {
    return { ok: true, value: result.value === undefined ? undefined : bufferOfBytes(result.value) };
  }
  const options = signal?.aborted ? { cause: signal.reason as unknown } : undefined;
  return { ok: false, error: new RingError(result.code, result.text, options) };
}

/**
 * One operation on its way from the caller's request to its result.
 *
 * A call is in exactly one place: in a queue of the session, or in a frame that was handed to a node's stream. The
 * place decides what happens to a write when something breaks. A write in a queue certainly has not left; a write in a
 * frame may have. `deliver` tells the caller the result, so that a call costs one object and the calls of a batch need
 * no promise each.
 */

import type { Bytes, ErrorCode } from '@ringkeep/shared';
import type { LocatedOperation, OperationOutcome } from '@ringkeep/shared/operations';
import { extrasBytes, type Extras } from '@ringkeep/shared/operations/extras';
import { invariant } from '@ringkeep/shared/ring/errors';
import { rowOf, type OperationType } from '@ringkeep/shared/operations/catalogue';

/** The result of a call; a value is a view of the reply that brought it. */
export type CallResult = OperationOutcome<Uint8Array>;

/** What a call knows of the frame in which it travels. */
export interface CallFrame {
  readonly number: number;
  /** Of the node that it travels to. */
  readonly address: string;
  readonly operations: { readonly length: number };
  readonly bytes: number;
  readonly sentAtMs: number;
  /** Whether the node should refuse keys that it does not own rather than forward them. */
  readonly direct: boolean;
  /** Calls that still wait for its reply. */
  readonly open: number;
  /** Takes a call out; its slot stays empty. */
  release(call: Call): void;
}

export abstract class Call implements LocatedOperation {
  /** The frame in which it travels and its index there; undefined while it waits. */
  frame: CallFrame | undefined = undefined;
  slot = 0;
  /** Set once, at the end. */
  result: CallResult | undefined = undefined;
  /** The last refusal; nothing was started then. */
  refusal: { readonly code: ErrorCode; readonly text: string } | undefined = undefined;
  /** How often it was sent without success; sets the pause before the next attempt. */
  attempts = 0;
  /** How often in a row it was sent to a node that did not own its key. */
  strays = 0;
  retryAtMs = 0;
  /** False when it goes to a node that is expected to forward it. */
  direct = true;
  /** Bytes of all that it brings. */
  readonly bytes: number;
  readonly isWrite: boolean;

  constructor(
    readonly type: OperationType,
    readonly position: Bytes,
    readonly key: Bytes,
    readonly operands: readonly Bytes[],
    readonly extras: Extras | undefined,
    readonly deadlineAtMs: number,
    /** Whether refusals are tried again until the deadline. */
    readonly retries: boolean,
  ) {
    this.isWrite = rowOf(type).writes;
    let bytes = key.length + extrasBytes(extras);
    for (const operand of operands) bytes += operand.length;
    this.bytes = bytes;
  }

  get settled(): boolean {
    return this.result !== undefined;
  }

  settle(result: CallResult): void {
    invariant(this.result === undefined, 'a call has one result');
    this.result = result;
  }

  /** Tells the caller. Called once, when `result` is set, outside the session. */
  abstract deliver(): void;
}

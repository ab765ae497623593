/**
 * Commands tried on a copy of the entries that they are about: what they would write, and what they would be told.
 *
 * An operation means here what it means at a primary, because it is the same function that says so (`evaluate`). What
 * would change something is kept; carried out on the same entries it leaves the same.
 */

import type { Bytes, RingKey } from '@ringkeep/shared';
import {
  doneWith,
  evaluate,
  isWrite,
  OperationType,
  seal,
  type Circumstances,
  type OperationResult,
  type SingleOperation,
} from '@ringkeep/shared/operations';
import type { StoredValue } from '@ringkeep/shared/operations/stored';
import { position } from '@ringkeep/shared/ring/position';
import { ScanPageWriter } from '@ringkeep/shared/scans/scan-page-writer';
import type { Entries, PlannedOperation } from '../commands/plan';

/** Of what is written in a trial: no command tells a version. */
const TRIED_VERSION = 1;
const ANYWHERE = { start: position(0n), end: position(0n) };

/** An entry as it was read. */
export interface ReadEntry {
  readonly value: Bytes;
  readonly version: number;
  readonly expiresAtMs: number | undefined;
}

export class Trial implements Entries {
  /** What would be written, in order. */
  readonly writes: SingleOperation[] = [];
  private readonly entries = new Map<RingKey, StoredValue>();

  constructor(
    read: ReadonlyMap<RingKey, ReadEntry | undefined>,
    private readonly circumstances: Circumstances,
  ) {
    for (const [key, entry] of read)
      if (entry) this.entries.set(key, seal(key, entry.version, entry.value, entry.expiresAtMs));
  }

  apply(operation: SingleOperation): OperationResult {
    const { key } = operation;
    const { effect, answer } = evaluate(operation, this.entries.get(key), TRIED_VERSION, this.circumstances);
    if (effect === undefined || !answer.ok) return answer;
    if (effect.value === undefined) this.entries.delete(key);
    else this.entries.set(key, seal(key, TRIED_VERSION, effect.value, effect.expiresAtMs));
    if (isWrite(operation)) this.writes.push(unconditional(operation));
    return answer;
  }

  /** An operation of a plan, which may also be a page of one entry. */
  applyPlanned(operation: PlannedOperation): OperationResult {
    return operation.type === OperationType.scan ? this.page(operation.key) : this.apply(operation);
  }

  private page(key: RingKey): OperationResult {
    const stored = this.entries.get(key);
    const page = new ScanPageWriter(true);
    if (stored !== undefined && page.write(key, stored)) page.keep();
    return doneWith(page.finish(undefined, ANYWHERE, 0));
  }
}

/** Within a transaction operations have no conditions: that this one held is known. */
function unconditional(operation: SingleOperation): SingleOperation {
  const { extras } = operation;
  if (extras?.condition === undefined) return operation;
  return { ...operation, extras: { ...extras, condition: undefined } };
}

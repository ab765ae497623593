/** An operation of a ring in a history while it is under way, whether it is on one key or on several. */

import { keyOf, type Bytes } from '@ringkeep/shared';
import { OperationType, type KeyOperation, type SingleOperation } from '@ringkeep/shared/operations';
import type { HistoryRecorder } from './recorder';
import { actionOf, observationOf } from './ring-operations';
import { recordsOfTransaction, type KeyRecord } from './ring-transactions';

export class RecordedCall {
  private readonly records: readonly (KeyRecord & { readonly number: number })[];

  /** Before anything is sent. */
  constructor(
    private readonly recorder: HistoryRecorder,
    client: number,
    operation: KeyOperation,
    nowMs: number,
    /** From when on a time to live that begins now may be over: nobody's clock is quite right. */
    mayEndFromMs: (ttlMs: number) => number = () => nowMs,
  ) {
    const name = `${client} at ${nowMs}, ${recorder.history().length}`;
    this.records = recordsOf(operation, name, mayEndFromMs).map((record) => ({
      ...record,
      number: recorder.call(client, record.key, record.action, nowMs),
    }));
  }

  /** `answer`: as it came, `undefined` where it has no value. */
  ok(answer: Bytes | undefined, nowMs: number): void {
    for (const { number, observed } of this.records) this.recorder.ok(number, observed(answer), nowMs);
  }

  /** It is certain that it never took effect. */
  fail(nowMs: number): void {
    for (const { number } of this.records) this.recorder.fail(number, nowMs);
  }

  unknown(nowMs: number): void {
    for (const { number } of this.records) this.recorder.unknown(number, nowMs);
  }
}

function recordsOf(
  operation: KeyOperation,
  name: string,
  mayEndFromMs: (ttlMs: number) => number,
): readonly KeyRecord[] {
  if (operation.type === OperationType.transact) return recordsOfTransaction(operation, name, mayEndFromMs);
  const single: SingleOperation = operation;
  return [
    {
      key: keyOf(single.key),
      action: actionOf(single, mayEndFromMs),
      observed: (answer) => observationOf(single, answer),
    },
  ];
}

/**
 * Records a history while it happens, for simulations and test clients.
 *
 * Call `call` before anything is sent, and one of the others after the answer has come. A clock that stands still would
 * make operations concurrent that were not, so events of the same time are set apart by the order in which they are
 * reported.
 */

import { invariant } from '@ringkeep/shared';
import type { Action, HistoryOperation, RecordedOutcome } from './history';
import type { Value } from './history-values';
import type { Told } from './transaction-part';

/** What the answer said; what it did not say is left out. */
export interface Observation {
  /** What a get read. */
  readonly value?: Value;
  readonly previous?: Value;
  readonly swapped?: boolean;
  readonly held?: boolean;
  /** What an add made. */
  readonly result?: string;
  /** How long an append made the value. */
  readonly length?: number;
  readonly version?: number;
  /** What the parts of a transaction on the key were told. */
  readonly told?: readonly Told[];
}

/** About a microsecond. Doubles still tell two such times apart when they count from 1970. */
const STEP_MS = 2 ** -10;

export class HistoryRecorder {
  private readonly operations: HistoryOperation[] = [];
  private readonly open = new Set<number>();
  private lastMs = -Infinity;

  /** The number of the operation, by which its end is told. */
  call(client: number, key: string, action: Action, nowMs: number): number {
    const operation: HistoryOperation = {
      ...action,
      client,
      key,
      callMs: this.next(nowMs),
      returnMs: null,
      outcome: 'unknown',
    };
    const number = this.operations.push(operation) - 1;
    this.open.add(number);
    return number;
  }

  ok(number: number, observed: Observation, nowMs: number): void {
    this.end(number, 'ok', observed, nowMs);
  }

  /** It is certain that it never took effect. */
  fail(number: number, nowMs: number): void {
    this.end(number, 'fail', {}, nowMs);
  }

  unknown(number: number, nowMs: number): void {
    this.end(number, 'unknown', {}, nowMs);
  }

  /** All operations so far; those without an end are of unknown outcome. */
  history(): readonly HistoryOperation[] {
    return this.operations;
  }

  private end(number: number, outcome: RecordedOutcome, observed: Observation, nowMs: number): void {
    invariant(this.open.delete(number), 'an operation ends once');
    const operation = this.operations[number] as HistoryOperation;
    this.operations[number] = {
      ...operation,
      ...observed,
      returnMs: this.next(nowMs),
      outcome,
    } as HistoryOperation;
  }

  private next(nowMs: number): number {
    this.lastMs = nowMs > this.lastMs ? nowMs : this.lastMs + STEP_MS;
    return this.lastMs;
  }
}

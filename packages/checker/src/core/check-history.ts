/**
 * Decides whether the history of a key-value store is linearizable.
 *
 * Keys are independent objects, and a history of several is linearizable exactly when each one's is (Herlihy and Wing,
 * 1990). So each is judged by itself. A verdict is never a guess: what exceeds the limits is `undecided`.
 */

import { withExpiries } from './expiries';
import type { HistoryOperation } from './history';
import type { Value } from './history-values';
import { kvModel, kvSteps } from './kv-model';
import { ValueTable, type KvStep } from './kv-step';
import { DEFAULT_LIMITS, judge, type UndecidedReason } from './judge';
import type { TimedOperation } from './model';
import { placeOperations } from './places';
import type { SearchLimits } from './search';
import { valuesOfVersions } from './versions';

export interface CheckOptions {
  /** What keys held before the history began; the others were absent. */
  readonly initialValues?: ReadonlyMap<string, Value>;
  /** For each key. */
  readonly limits?: Partial<SearchLimits>;
  /** Keys that fail after which no more are judged; 10 unless told. */
  readonly failuresMax?: number;
}

/** One way to order what came before the culprit. */
export interface KeyOrder {
  readonly order: readonly HistoryOperation[];
  /** The value at its end, at which the culprit is not possible. */
  readonly value: Value;
}

export interface KeyFailure {
  readonly key: string;
  /** The first operation to return whose result no order explains. */
  readonly culprit: HistoryOperation;
  /** The operations on the key that had been called when it returned, in the order of their calls. */
  readonly operations: readonly HistoryOperation[];
  /** The longest orders without the culprit, each ending in another value. */
  readonly orders: readonly KeyOrder[];
  /** False when an earlier operation may be at fault as well: the limits were too low to tell. */
  readonly first: boolean;
}

export interface UndecidedKey {
  readonly key: string;
  readonly operations: number;
  readonly reason: UndecidedReason;
}

export interface HistoryVerdict {
  /** Not linearizable as soon as one key is; undecided when no key fails and one is undecided. */
  readonly verdict: 'linearizable' | 'not-linearizable' | 'undecided';
  readonly operations: number;
  readonly keys: number;
  readonly failures: readonly KeyFailure[];
  readonly undecided: readonly UndecidedKey[];
  /** Steps of the search, a measure of the work. */
  readonly steps: number;
}

const FAILURES_MAX = 10;

export function checkHistory(
  history: readonly HistoryOperation[],
  options: CheckOptions = {},
): HistoryVerdict {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const failuresMax = options.failuresMax ?? FAILURES_MAX;
  const failures: KeyFailure[] = [];
  const undecided: UndecidedKey[] = [];
  const byKey = groupByKey(history);
  let steps = 0;
  for (const [key, operations] of byKey) {
    const initial = options.initialValues?.get(key) ?? null;
    const judgement = judgeKey(operations, initial, limits);
    steps += judgement.steps;
    if (judgement.verdict === 'undecided') {
      undecided.push({ key, operations: operations.length, reason: judgement.reason });
    } else if (judgement.verdict === 'not-linearizable') {
      failures.push({ key, ...judgement.failure });
      if (failures.length >= failuresMax) break;
    }
  }
  return {
    verdict: failures.length > 0 ? 'not-linearizable' : undecided.length > 0 ? 'undecided' : 'linearizable',
    operations: history.length,
    keys: byKey.size,
    failures,
    undecided,
    steps,
  };
}

function groupByKey(history: readonly HistoryOperation[]): Map<string, HistoryOperation[]> {
  const byKey = new Map<string, HistoryOperation[]>();
  for (const operation of history) {
    const operations = byKey.get(operation.key);
    if (operations) operations.push(operation);
    else byKey.set(operation.key, [operation]);
  }
  return byKey;
}

export type KeyJudgement =
  | {
      readonly verdict: 'linearizable';
      readonly order: readonly HistoryOperation[];
      readonly steps: number;
    }
  | {
      readonly verdict: 'not-linearizable';
      readonly failure: Omit<KeyFailure, 'key'>;
      readonly steps: number;
    }
  | { readonly verdict: 'undecided'; readonly reason: UndecidedReason; readonly steps: number };

/** Judges operations that are all on one key. A good verdict comes with an order that proves it. */
export function judgeKey(
  operations: readonly HistoryOperation[],
  initial: Value,
  limits: SearchLimits = DEFAULT_LIMITS,
): KeyJudgement {
  const table = new ValueTable(valuesOfVersions(operations));
  const model = kvModel(table.numberOf(initial));
  const originals = new Map<KvStep, HistoryOperation>();
  const steps: TimedOperation<KvStep>[] = [];
  for (const { operation, callAt, returnAt } of placeOperations(withExpiries(operations))) {
    for (const step of kvSteps(operation, table, operations)) {
      originals.set(step, operation);
      steps.push({ operation: step, callAt, returnAt });
    }
  }
  const originalOf = (timed: TimedOperation<KvStep>): HistoryOperation =>
    originals.get(timed.operation) as HistoryOperation;

  const judgement = judge(model, steps, limits);
  if (judgement.verdict === 'undecided') return judgement;
  if (judgement.verdict === 'linearizable') return { ...judgement, order: judgement.order.map(originalOf) };
  const { culprit, operations: called, partialOrders, first } = judgement.evidence;
  return {
    verdict: 'not-linearizable',
    steps: judgement.steps,
    failure: {
      culprit: originalOf(culprit),
      operations: called.map(originalOf),
      orders: partialOrders.map(({ order, state }) => ({
        order: order.map(originalOf),
        value: table.valueOf(state),
      })),
      first,
    },
  };
}

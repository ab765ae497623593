/** Every key's history has an order: each operation took effect once between its call and its return. */

import { checkHistory, describeOperation, type HistoryOperation } from '@ringkeep/checker/core';
import type { Failure } from './failure';

/** Steps of the search for one key, beyond which it stays undecided: a run is to be short. */
const STEPS_MAX = 2_000_000;

export function checkLinearizability(history: readonly HistoryOperation[]): Failure | undefined {
  const verdict = checkHistory(history, { limits: { stepsMax: STEPS_MAX }, failuresMax: 1 });
  const [failure] = verdict.failures;
  if (!failure) return undefined;
  const { key, culprit, operations } = failure;
  const show = (operation: HistoryOperation): string => {
    const { client, callMs, returnMs } = operation;
    return `${callMs.toFixed(2)}–${returnMs?.toFixed(2) ?? '?'} client ${client}: ${describeOperation(operation)}`;
  };
  return {
    checker: 'linearizability',
    text: `no order of the operations on ${key} explains ${show(culprit)}\n${operations.slice(-12).map(show).join('\n')}`,
  };
}

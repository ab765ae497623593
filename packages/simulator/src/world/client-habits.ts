/** What simulated clients ask for, and how it stands in the history. */

import { OperationType, type Bytes, type Operation, type Random } from '@ringkeep/shared';
import { ringKeyOf } from '@ringkeep/shared/wire';
import type { HistoryRecorder } from '@ringkeep/checker/core';

export interface ClientHabits {
  readonly keys: readonly Bytes[];
  readonly thinkMs: number;
  readonly patienceMs: number;
  /** Nothing is read. */
  readonly onlyWrites: boolean;
}

/** Some operation on some key; `nextValue` makes a value that no other operation has. */
export function drawOperation(
  random: Random,
  { keys, onlyWrites }: ClientHabits,
  nextValue: () => Bytes,
): Operation {
  const key = ringKeyOf(random.pick(keys));
  const dice = random.fraction();
  if (dice < 0.45 && !onlyWrites) return { type: OperationType.Get, key };
  if (dice < 0.55) return { type: OperationType.Delete, key };
  return { type: random.pick([OperationType.Set, OperationType.Put]), key, value: nextValue() };
}

export function actionOf(operation: Operation): Parameters<HistoryRecorder['call']>[2] {
  switch (operation.type) {
    case OperationType.Get:
      return { op: 'get' };
    case OperationType.Delete:
      return { op: 'delete' };
    case OperationType.Set:
    case OperationType.Put:
      return { op: 'set', value: operation.value };
  }
}

/** Transactions are whole, and see what came before them: by the versions of the keys of their position. */

import type { Bytes, PositionRule } from '@ringkeep/shared';
import { positionTagOf } from '@ringkeep/shared';
import { positionFault, type HistoryOperation } from '@ringkeep/checker/core';
import type { Failure } from './failure';

export function checkPositions(
  history: readonly HistoryOperation[],
  rule: PositionRule,
): Failure | undefined {
  const text = positionFault(history, (key) => positionTagOf(key as Bytes, rule));
  return text === undefined ? undefined : { checker: 'positions', text };
}

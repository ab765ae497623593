/** A failure in a few lines of text, for terminals and test output. */

import type { KeyFailure } from './check-history';
import { describeOperation, describeValue, type HistoryOperation } from './history';

/** Operations shown of an order: its end, where the trouble is. */
const ORDER_SHOWN_MAX = 8;

export function describeFailure(failure: KeyFailure): string {
  const { key, culprit, orders, first } = failure;
  const lines = [`key ${describeValue(key)}: no order has room for`, `  ${describeWithTimes(culprit)}`];
  for (const { order, value } of orders) {
    const shown = order.slice(-ORDER_SHOWN_MAX).map((each) => `${each.client}: ${describeOperation(each)}`);
    const omitted = order.length > ORDER_SHOWN_MAX ? '… ' : '';
    lines.push(
      `  in order (${order.length}): ${omitted}${shown.join(' · ')}`,
      `  then the value is ${describeValue(value)}`,
    );
  }
  if (!first) lines.push('  (an earlier operation may be at fault as well)');
  return lines.join('\n');
}

export function describeWithTimes(operation: HistoryOperation): string {
  const { client, callMs, returnMs, outcome } = operation;
  const end =
    returnMs === null
      ? 'never answered'
      : `${outcome === 'unknown' ? 'given up' : 'answered'} at ${shown(returnMs)}`;
  return `client ${client}: ${describeOperation(operation)}, called at ${shown(callMs)}, ${end}`;
}

function shown(timeMs: number): string {
  return `${Math.round(timeMs * 1000) / 1000} ms`;
}
